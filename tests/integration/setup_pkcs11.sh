#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a CA whose key lies in a PKCS#11 token signs, by URL and PIN, and signs nothing with a wrong PIN
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need softhsm2-util p11tool certtool openssl
module=
for path in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so /usr/lib64/libsofthsm2.so; do
    [ ! -e "$path" ] || module=$path
done
[ -n "$module" ] || skip "libsofthsm2.so is not installed"
ls /usr/share/p11-kit/modules/softhsm*.module > /dev/null 2>&1 || skip "p11-kit does not know SoftHSM"
localca=$(ours swtpm_localca)
cert=$(ours swtpm_cert)
setup=$(ours swtpm_setup)
swtpm=$(ours swtpm)
cd "$TMP"
mkdir tokens
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$TMP/tokens" > softhsm.conf
export SOFTHSM2_CONF=$TMP/softhsm.conf
# Other modules that this machine may have say that they have no device.
export TSS2_LOG=all+NONE

pin=ca-pin-1234
softhsm2-util --init-token --free --label localca --pin "$pin" --so-pin 5678 > /dev/null
GNUTLS_PIN=$pin p11tool --provider="$module" --login --generate-privkey rsa --bits 3072 \
    --label signkey --id 01 --outfile public.pem 'pkcs11:token=localca' > p11.log 2>&1 ||
    { cat p11.log; fail "no key in the token"; }
url='pkcs11:token=localca;object=signkey;id=%01;type=private'

# The token's key is certified by a root of files, as an administrator does it.
mkdir ca
certtool --generate-privkey --key-type rsa --bits 3072 --outfile ca/root-key.pem 2> /dev/null
printf 'cn = root\nca\ncert_signing_key\nexpiration_days = 3650\n' > root.tmpl
certtool --generate-self-signed --load-privkey ca/root-key.pem --template root.tmpl \
    --outfile ca/root.pem 2> /dev/null
printf 'cn = localca in a token\nca\ncert_signing_key\nexpiration_days = 3650\n' > issuer.tmpl
certtool --generate-certificate --load-pubkey public.pem --load-ca-privkey ca/root-key.pem \
    --load-ca-certificate ca/root.pem --template issuer.tmpl --outfile ca/issuercert.pem 2> /dev/null

# conf NAME PIN: the configuration says where the token is, and its PIN.
conf()
{
    printf 'statedir = %s\nsigningkey = %s\nissuercert = %s\nSWTPM_PKCS11_PIN = %s\nenv:SOFTHSM2_CONF = %s\n' \
        "$TMP/ca" "$url" "$TMP/ca/issuercert.pem" "$2" "$TMP/softhsm.conf" > "$1"
}

verified()
{
    openssl x509 -inform der -in "$1" -out cert.pem
    openssl verify -CAfile <(cat ca/root.pem ca/issuercert.pem) cert.pem > /dev/null ||
        fail "$1 does not verify"
}

modulus=$(openssl genrsa 2048 2> /dev/null | openssl rsa -noout -modulus 2> /dev/null | cut -d= -f2)
tpm=(--tpm-manufacturer id:00001014 --tpm-model swtpm --tpm-version id:20191023)
spec=(--tpm-spec-family 2.0 --tpm-spec-level 0 --tpm-spec-revision 164)
: > ca.opts
certify()
{
    env -u SOFTHSM2_CONF "$localca" --type ek --ek "$modulus" --tpm2 --dir "$TMP" \
        --configfile "$1" --optsfile ca.opts "${tpm[@]}" "${spec[@]}"
}

conf good.conf "$pin"
certify good.conf > said 2>&1 || { cat said; fail "swtpm_localca does not sign with the token's key"; }
verified ek.cert
rm ek.cert
conf bad.conf wrong-pin
expect_fail 'sign|PIN|key' certify bad.conf
[ ! -e ek.cert ] || fail "a certificate was made with a wrong PIN"
certify good.conf > /dev/null || fail "after a wrong PIN nothing is signed"

# swtpm_cert: the PIN from the environment, or as the key's password.
words=(--modulus "$modulus" --signkey "$url" --issuercert ca/issuercert.pem "${tpm[@]}" "${spec[@]}"
    --tpm2 --out-cert out.cert)
SWTPM_PKCS11_PIN=$pin "$cert" "${words[@]}"
verified out.cert
echo "$pin" > pin
rm out.cert
"$cert" "${words[@]}" --signkey-pwd file:pin
verified out.cert
expect_fail 'sign|PIN|key' env SWTPM_PKCS11_PIN=wrong "$cert" "${words[@]}"
expect_fail 'sign|key' env SWTPM_PKCS11_PIN="$pin" "$cert" "${words[@]/object=signkey;id=%01/object=other}"

# A whole TPM, certified by the token.
printf 'create_certs_tool = %s\ncreate_certs_tool_config = %s\ncreate_certs_tool_options = %s\n' \
    "$localca" "$TMP/good.conf" "$TMP/ca.opts" > setup.conf
mkdir state certs
"$setup" --tpm2 --tpm-state "$TMP/state" --tpm "$swtpm socket" --config setup.conf --create-ek-cert \
    --write-ek-cert-files "$TMP/certs" --vmid vm > said 2>&1 || { cat said; fail "swtpm_setup"; }
for file in certs/ek-rsa2048.crt certs/ek-secp384r1.crt; do
    verified "$file"
done
# Its issuer's certificate gone, nothing can be made in its place.
mv ca/issuercert.pem kept
expect_fail 'issuer certificate' certify good.conf
echo "signed by a token's key; refused with a wrong PIN"
