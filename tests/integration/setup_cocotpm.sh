#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a confidential TPM is provisioned once, its secrets reach the owner alone, its birth is attested
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

verify=$(ours cocotpm-verify)
cd "$TMP"
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out owner.key 2> /dev/null ||
    openssl genrsa -out owner.key 2048 2> /dev/null
openssl pkey -in owner.key -pubout -out owner.pem
openssl genrsa 2048 2> /dev/null | openssl pkey -pubout -out other.pem
fingerprint=$(openssl pkey -pubin -in owner.pem -outform der | sha256sum | cut -d' ' -f1)
coco_world link.psk=secret "seal.recovery-key=$fingerprint"
words="policy=$TMP/instance.policy,id=$id,platform=emulator:$TMP/tpmvm,chain=$TMP/chip/chain.pem"
nonce=$(openssl rand -hex 32)
mkdir state

provision()
{
    "$setup" --tpm2 --tpm "$swtpm socket" --tpmstate "$TMP/state" --cocotpm "$@"
}

# What is missing or wrong is said before anything is made.
expect_fail 'recovery-key is missing' provision "$words"
expect_fail 'deliver is missing' provision "$words,recovery-key=owner.pem"
expect_fail 'not the one that the policy names' \
    provision "$words,recovery-key=other.pem,deliver=secrets.json"
expect_fail 'id is to be a UUID' provision "policy=instance.policy,id=12"
expect_fail 'other key|no other' provision "$words" --pwdfile owner.pem
expect_fail 'belong together' provision "$words" --nonce "$nonce"
[ -z "$(ls state)" ] || fail "something was made: $(ls state)"

provision "$words,recovery-key=owner.pem,deliver=secrets.json" --nonce "$nonce" \
    --birth-statement birth.json --json > made.json 2> said || { cat said; fail "provisioning"; }
[ "$(ls state)" = tpm2-00.sealed ] || fail "other files: $(ls -A state)"
grep -q "\"uuid\" : \"$id\"" made.json || fail "the UUID is not in the JSON"
digest=$(sha256sum < instance.policy | cut -d' ' -f1)
grep -q "$digest" made.json || fail "the policy's digest is not in the JSON"

# Nor does it load what the environment names, or leave its memory in a core dump: seen while it
# waits for a secret.
shim=$BUILD/tests/fault/faults.so
[ -e "$shim" ] || fail "the build has no $shim"
openssl_config "$shim" > openssl.cnf
mkdir other
mkfifo secret
ulimit -c unlimited
start setup env "OPENSSL_CONF=$TMP/openssl.cnf" "FAULT_DIR=$TMP/none" FAULT_HOW=EIO \
    "FAULT_LOG=$TMP/loaded" "$setup" --tpm2 --tpm "$swtpm socket" --tpmstate "$TMP/other" \
    --cocotpm "$words,psk-file=secret,recovery-key=owner.pem,deliver=other.json"
exec {secret}> secret
grep -q '^Max core file size  *0  *0 ' "/proc/$(pid_of setup)/limits" || fail "it can dump core"
head -c 32 /dev/urandom >&"$secret"
exec {secret}>&-
wait_end setup || fail "provisioning: $(cat setup.log)"
[ -s other.json ] || fail "nothing was delivered"
[ ! -e loaded ] || fail "it loaded what the environment names"

# The secrets: the owner's key opens them, under their own names only; they are not on the disk.
open_secret()
{
    sed -n "s/.*\"$1\" : \"\([^\"]*\)\".*/\1/p" secrets.json | base64 -d > sealed
    openssl pkeyutl -decrypt -inkey owner.key -in sealed -pkeyopt rsa_padding_mode:oaep \
        -pkeyopt rsa_oaep_md:sha256 -pkeyopt "rsa_oaep_label:$(printf %s "$2" | hex)" 2> /dev/null
}
for name in psk recovery; do
    open_secret $name $name > "$name"
    [ "$(wc -c < $name)" = 32 ] || fail "the $name secret does not open"
    if hex < state/tpm2-00.sealed | finds "$(hex < $name)"; then
        fail "the $name secret lies in clear in the state"
    fi
done
if open_secret psk recovery > /dev/null; then
    fail "a secret opens under another's name"
fi
[ "$(hex < psk)" != "$(hex < recovery)" ] || fail "the two secrets are one"
! grep -q 'cocovm' state/tpm2-00.sealed || fail "the policy lies in clear in the state"

# The birth statement holds over its nonce, names the pins and the secrets.
judge()
{
    "$verify" bundle birth.json --policy driver.policy --chain "$TMP/chip/chain.pem" "$@"
}
judge --nonce "$nonce" --trust-owner --json > verdict.json || { cat verdict.json; fail "the birth statement is refused"; }
grep -q "$digest" verdict.json || fail "the verdict does not name the policy"
ek=$(sed -n '/"role" : "ek"/,/}/s/.*"name" : "\([0-9a-f]*\)".*/\1/p' made.json | head -n 1)
[ -n "$ek" ] || fail "no EK in the JSON"
grep -q "$ek" verdict.json || fail "the verdict does not name the EK"
grep -q "$(sha256sum < secrets.json | cut -d' ' -f1)" verdict.json || fail "the secrets are not named"
! judge --nonce "$nonce" > /dev/null 2>&1 || fail "recoverable without --trust-owner"
! judge --nonce "$(openssl rand -hex 32)" --trust-owner > /dev/null 2>&1 || fail "another nonce"

# It is made once.
cp state/tpm2-00.sealed before
expect_fail "Found existing TPM state 'sealed'" provision "$words,recovery-key=owner.pem,deliver=again.json"
cmp before state/tpm2-00.sealed || fail "a second provisioning changed the state"

# And works: with the owner's secret the driver is let in.
coco_swtpm
coco_launch vm
coco_driver vm --psk-file psk
tpm vm tpm2_getrandom --hex 8 > /dev/null || fail "the TPM does not answer"
tpm vm tpm2_getcap properties-variable | grep -A1 MAX_AUTH_FAIL | finds -i 'raw: 0x20\|0x20' ||
    fail "the limit of wrong tries is not 32"
echo "provisioned, delivered, attested, used"
