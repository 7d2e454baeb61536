#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: URLs of keys in a PKCS#11 token sign, or are refused, as with Debian's swtpm_localca and swtpm_cert
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need softhsm2-util p11tool certtool openssl /usr/bin/swtpm_cert /usr/bin/swtpm_localca
module=
for path in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so /usr/lib64/libsofthsm2.so; do
    [ ! -e "$path" ] || module=$path
done
[ -n "$module" ] || skip "libsofthsm2.so is not installed"
ls /usr/share/p11-kit/modules/softhsm*.module > /dev/null 2>&1 || skip "p11-kit does not know SoftHSM"
cert=$(ours swtpm_cert)
localca=$(ours swtpm_localca)
cd "$TMP"
mkdir tokens ca
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$TMP/tokens" > softhsm.conf
export SOFTHSM2_CONF=$TMP/softhsm.conf
# Other modules that this machine may have say that they have no device.
export TSS2_LOG=all+NONE

softhsm2-util --init-token --free --label localca --pin 1234 --so-pin 5678 > /dev/null
GNUTLS_PIN=1234 p11tool --provider="$module" --login --generate-privkey rsa --bits 2048 \
    --label signkey --id 01 --outfile public.pem 'pkcs11:token=localca' > p11.log 2>&1 ||
    { cat p11.log; fail "no key in the token"; }
certtool --generate-privkey --key-type rsa --bits 2048 --outfile root-key.pem 2> /dev/null
printf 'cn = root\nca\ncert_signing_key\nexpiration_days = 3650\n' > template
certtool --generate-self-signed --load-privkey root-key.pem --template template \
    --outfile root.pem 2> /dev/null
certtool --generate-certificate --load-pubkey public.pem --load-ca-privkey root-key.pem \
    --load-ca-certificate root.pem --template template --outfile ca/issuercert.pem 2> /dev/null
modulus=$(openssl genrsa 2048 2> /dev/null | openssl rsa -noout -modulus 2> /dev/null | cut -d= -f2)
tpm=(--tpm2 --tpm-manufacturer id:00001014 --tpm-model swtpm --tpm-version id:20191023
    --tpm-spec-family 2.0 --tpm-spec-level 0 --tpm-spec-revision 164)
: > options

# outcome COMMAND…: how it ends, and whether what it made verifies.
outcome()
{
    local status=0

    rm -f ek.cert ek.pem
    timeout "$PATIENCE" "$@" > said 2>&1 < /dev/null || status=$?
    echo "$status"
    [ ! -s ek.cert ] || {
        openssl x509 -inform der -in ek.cert -out ek.pem
        openssl verify -CAfile root.pem -untrusted ca/issuercert.pem ek.pem
    }
}

# both SWTPM_CERT SWTPM_LOCALCA
both()
{
    printf 'statedir = %s\nsigningkey = %s\nissuercert = %s\nSWTPM_PKCS11_PIN = 1234\n' \
        "$TMP/ca" "$url" "$TMP/ca/issuercert.pem" > conf
    echo "localca: $(outcome "$2" --type ek --ek "$modulus" --dir . --vmid vm --configfile conf \
        --optsfile options "${tpm[@]}")"
    echo "cert: $(SWTPM_PKCS11_PIN=1234 outcome "$1" --modulus "$modulus" --signkey "$url" \
        --issuercert ca/issuercert.pem --out-cert ek.cert "${tpm[@]}")"
}

# A backslash before a semicolon is for the file of swtpm_localca alone, whose first reader was a
# shell. A TPM 1.2's keys (tpmkey:) are nothing that this GnuTLS knows, with either.
count=0
made=0
while read -r url; do
    both /usr/bin/swtpm_cert /usr/bin/swtpm_localca > theirs
    both "$cert" "$localca" > ours
    diff theirs ours || { cat said; fail "something else with $url"; }
    count=$((count + 1))
    made=$((made + $(grep -c ek.pem ours || true)))
done << 'ROWS'
pkcs11:token=localca;object=signkey;type=private
pkcs11:token=localca;object=signkey
pkcs11:token=localca;object=signkey;type=public
pkcs11:token=localca\;object=signkey\;type=private
pkcs11:token=localca;id=%01
pkcs11:token=localca;object=signkey?pin-value=1234
pkcs11:token=localca
pkcs11:token=none;object=signkey
pkcs11:%%
tpmkey:file=none
tpmkey:uuid=11111111-1111-1111-1111-111111111111;storage=user
ROWS
[ "$count" = 11 ] && [ "$made" = 11 ] || fail "$count rows, $made certificates"
echo "$count URLs are taken or refused alike"
