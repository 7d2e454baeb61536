#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: swtpm-create-tpmca makes a CA whose key lies in a TPM 2, and swtpm_localca signs with it
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need tpm2_ptool p11tool certtool openssl tpm2_flushcontext
ls /usr/share/p11-kit/modules/tpm2_pkcs11.module > /dev/null 2>&1 || skip "tpm2-pkcs11 is not installed"
swtpm=$(ours swtpm)
localca=$(ours swtpm_localca)
script=$(ours swtpm-create-tpmca)
cd "$TMP"

# The TPM that holds the key: one of ours, without a resource manager.
mkdir tpm store bin
start tpm "$swtpm" socket --tpm2 --tpmstate dir="$TMP/tpm" --server type=unixio,path="$TMP/s" \
    --ctrl type=unixio,path="$TMP/s.ctrl" --flags not-need-init,startup-clear
wait_socket tpm "$TMP/s"
export TPM2TOOLS_TCTI=swtpm:path=$TMP/s TPM2_PKCS11_TCTI=swtpm:path=$TMP/s TPM2_PKCS11_STORE=$TMP/store
export TSS2_LOG=all+NONE TPM2_PKCS11_LOG_LEVEL=0
# In place of the resource manager: what one tool left loaded goes before the next.
cat > bin/flushed << 'END'
#!/bin/bash
/usr/bin/tpm2_flushcontext -t
exec "/usr/bin/$(basename "$0")" "$@"
END
chmod +x bin/flushed
for tool in create createprimary load loadexternal sign import evictcontrol unseal; do
    ln -s flushed "bin/tpm2_$tool"
done
export PATH=$TMP/bin:$PATH

# What cannot be is said before anything is made.
export SWTPM_PKCS11_PIN=1234
expect_fail 'TrouSerS' "$script" --dir "$TMP/ca"
expect_fail 'TrouSerS' "$script" --tpm2 --pid 1 --dir "$TMP/ca" --srk-password x
expect_fail 'pid is missing' "$script" --tpm2 --dir "$TMP/ca"
expect_fail 'SO_PIN' "$script" --tpm2 --pid 1 --dir "$TMP/ca"
expect_fail 'unknown option' "$script" --nonsense
[ ! -e ca ] || fail "something was made"
"$script" --help | finds -- --outfile || fail "no help"

tpm2_ptool init > /dev/null
export SWTPM_PKCS11_SO_PIN=5678
"$script" --tpm2 --pid 1 --dir "$TMP/ca" --outfile "$TMP/ca.conf" > said 2>&1 ||
    { cat said; fail "no CA was made"; }
expect_fail 'is there' "$script" --tpm2 --pid 1 --dir "$TMP/ca" --outfile "$TMP/other.conf"
[ "$(ls ca)" = "swtpm-localca-rootca-cert.pem
swtpm-localca-rootca-privkey.pem
swtpm-localca-tpmca-cert.pem" ] || fail "other files: $(ls ca)"

# All that signing needs stands in the configuration.
tpm2_flushcontext -t
modulus=$(openssl genrsa 2048 2> /dev/null | openssl rsa -noout -modulus 2> /dev/null | cut -d= -f2)
: > ca.opts
env -u TPM2_PKCS11_STORE -u TPM2_PKCS11_TCTI -u SWTPM_PKCS11_PIN "$localca" --type ek --ek "$modulus" \
    --tpm2 --dir "$TMP" --configfile ca.conf --optsfile ca.opts --tpm-manufacturer id:00001014 \
    --tpm-model swtpm --tpm-version id:20191023 --tpm-spec-family 2.0 --tpm-spec-level 0 \
    --tpm-spec-revision 164 > said 2>&1 || { cat said; fail "the TPM's key does not sign"; }
openssl x509 -inform der -in ek.cert -out ek.pem
openssl verify -CAfile <(cat ca/*-cert.pem) ek.pem > /dev/null || fail "the certificate does not verify"
stop tpm || true
echo "a CA in a TPM has signed"
