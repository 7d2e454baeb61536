#!/bin/bash
# test: an owner moves a TPM to a new image and a new chip by its recovery secret, which claims say from then on; --inspect
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
need jq

state=$TMP/state/tpm2-00.sealed
verify=$(ours cocotpm-verify)
bundle=$(ours cocotpm-bundle)

inspect()
{
    "$setup" --tpm2 --tpm "$swtpm socket" --tpmstate "$TMP/state" --inspect "$@"
}

recover()
{
    "$setup" --tpm2 --tpm "$swtpm socket" --tpmstate "$TMP/state" --recover \
        --cocotpm "id=$id,platform=emulator:$TMP/tpmvm,recovery-secret-file=$1"
}

# up CHIP: served, attached.
up()
{
    coco_swtpm
    vm_launch "$1" one "$TMP/coco.img"
    coco_driver one --evidence "$TMP/one.evidence"
}

down()
{
    coco_driver_stop one
    stop swtpm || fail "swtpm ended with $?"
}

ask()
{
    "$bundle" --driver "$TMP/one.evidence" --nonce "$nonce" --ak 0x81010009 \
        --quote "$TMP/msg" --signature "$TMP/sig" --output "$TMP/bundle.json" \
        > "$TMP/bundle.txt" 2>&1 || ! grep -q 'too many' "$TMP/bundle.txt"
}

# claims CHIP true|false: whether a verifier is told that the TPM was recovered.
claims()
{
    nonce=$(head -c 32 /dev/urandom | hex)
    tpm one tpm2_quote -Q -c 0x81010009 -l sha256:0,7,17 -q "$nonce" -m "$TMP/msg" -s "$TMP/sig"
    rm -f "$TMP/bundle.json"
    retry ask || fail "no answer: $(cat "$TMP/bundle.txt")"
    "$verify" bundle "$TMP/bundle.json" --policy "$TMP/driver.policy" --nonce "$nonce" \
        --chain "$TMP/$1/chain.pem" --trust-owner --json > "$TMP/verdict" ||
        fail "the bundle is refused: $(cat "$TMP/verdict")"
    grep -q '"recoverable" : true' "$TMP/verdict" || fail "not recoverable: $(cat "$TMP/verdict")"
    grep -q "\"recovered\" : $2" "$TMP/verdict" || fail "recovered is not $2: $(cat "$TMP/verdict")"
}

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$TMP/owner.key" 2> /dev/null
openssl pkey -in "$TMP/owner.key" -pubout -out "$TMP/owner.pem"
fingerprint=$(openssl pkey -in "$TMP/owner.key" -pubout -outform DER | sha256sum | cut -d' ' -f1)
coco_world "seal.recovery-key=$fingerprint"
coco_provision "recovery-key=$TMP/owner.pem" "deliver=$TMP/delivery"
sed -n 's/.*"recovery" *: *"\([^"]*\)".*/\1/p' "$TMP/delivery" | base64 -d > "$TMP/wrapped"
openssl pkeyutl -decrypt -inkey "$TMP/owner.key" -in "$TMP/wrapped" -out "$TMP/secret" \
    -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 \
    -pkeyopt "rsa_oaep_label:$(printf recovery | hex)"
[ "$(wc -c < "$TMP/secret")" = 32 ] || fail "no recovery secret was delivered"
! grep -qaFf <(hex < "$TMP/secret") <(hex < "$state") || fail "the secret stands in the file"

echo "inspect: authentic only where it was opened"
inspect > "$TMP/plain"
grep -q 'not opened: nothing of this was authenticated' "$TMP/plain" || fail "$(cat "$TMP/plain")"
grep -q "$id" "$TMP/plain" || fail "no UUID: $(cat "$TMP/plain")"
grep -q '^slot *recovery' "$TMP/plain" || fail "no recovery slot: $(cat "$TMP/plain")"
grep -q "$(sha256sum < "$TMP/instance.policy" | cut -d' ' -f1)" "$TMP/plain" || fail "no digest"
inspect --json | finds '"authenticated" : false' || fail "JSON claims what it cannot know"
inspect --cocotpm "id=$id,platform=emulator:$TMP/tpmvm" > "$TMP/opened"
grep -q 'opened with this platform.s key: authentic' "$TMP/opened" || fail "$(cat "$TMP/opened")"
for word in UUID 'policy digest' epoch generation 'chain hash' 'key source' bind VMPL 'guest SVN' TCB slot; do
    grep -q "^$word  *[^ ]" "$TMP/opened" || fail "it says nothing of its $word"
done
inspect --json --cocotpm "id=$id,platform=emulator:$TMP/tpmvm" > "$TMP/opened"
for word in uuid policy-digest epoch generation chain-hash key-source bind vmpl guest-svn tcb slots; do
    grep -q "\"$word\"" "$TMP/opened" || fail "JSON says nothing of its $word"
done
! grep -qaFf <(hex < "$TMP/secret") "$TMP/opened" || fail "a secret is told"
grep -q '"authenticated" : true' "$TMP/opened" || fail "not opened: $(cat "$TMP/opened")"

up chip
tpm one tpm2_createprimary -Q -C o -G ecc -c "$TMP/primary"
tpm one tpm2_evictcontrol -Q -C o -c "$TMP/primary" 0x81000001
tpm one tpm2_readpublic -Q -c 0x81000001 -n "$TMP/name-before"
ek=$(tpm one tpm2_getcap handles-persistent | sed -n 's/^- \(0x8101[0-9A-Fa-f]*\)$/\1/p' | head -n 1)
tpm one tpm2_flushcontext -t
tpm one tpm2_createak -Q -C "$ek" -c "$TMP/ak.ctx" -G ecc -g sha256 -s ecdsa -u "$TMP/ak.pub"
tpm one tpm2_flushcontext -t
tpm one tpm2_evictcontrol -Q -C o -c "$TMP/ak.ctx" 0x81010009
tpm one tpm2_flushcontext -t
claims chip false
down

echo "a new image cannot open it, nor recover it by a wrong secret"
image tpm "a newer firmware, kernel and initrd of the TPM VM"
vm_launch chip tpmvm "$TMP/tpm.img"
expect_fail 'sealed by another image' "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
    --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm"
inspect --json --cocotpm "id=$id,platform=emulator:$TMP/tpmvm" |
    finds '"authenticated" : false' ||
    fail "a state that does not open passes for authentic"
head -c 32 /dev/urandom > "$TMP/wrong"
expect_fail 'recovery slot does not open' recover "$TMP/wrong"

echo "the owner's secret moves it: same keys, epoch + 2^32"
id=00000000-0000-4000-8000-000000000001 expect_fail 'is the state of another instance' \
    recover "$TMP/secret"
recover "$TMP/secret" || fail "the recovery failed"
inspect > "$TMP/moved"
grep -Eq '^epoch *42949672[0-9]{2}$' "$TMP/moved" || fail "$(cat "$TMP/moved")"
policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" > "$TMP/driver.policy"
same()
{
    tpm one tpm2_readpublic -Q -c 0x81000001 -n "$TMP/name-after"
    cmp "$TMP/name-before" "$TMP/name-after" || fail "the key is another one after the recovery"
    claims "$1" true
}
up chip
same chip
down

echo "to another chip: which cannot open it either, before"
stop chip || true
rm -f "$TMP/tpmvm" "$TMP/one"
chip_start chip2
vm_launch chip2 tpmvm "$TMP/tpm.img"
expect_fail 'sealed by another image' "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
    --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm"
recover "$TMP/secret" || fail "the recovery failed"
inspect > "$TMP/moved"
grep -Eq '^epoch *85899345[0-9]{2}$' "$TMP/moved" || fail "$(cat "$TMP/moved")"
up chip2
same chip2
down

echo "statements that are made anew say it too"
"$setup" --tpm2 --tpm "$swtpm socket" --tpmstate "$TMP/state" --renew-evidence \
    --nonce "$nonce" --birth-statement "$TMP/birth.json" \
    --cocotpm "id=$id,platform=emulator:$TMP/tpmvm,policy=$TMP/instance.policy" > "$TMP/renewed" ||
    fail "not renewed: $(cat "$TMP/renewed")"
# Emulated, recoverable, recovered.
jq -r .statement "$TMP/birth.json" | base64 -d | hex | finds '000b0000000400000023000c' ||
    fail "a birth statement of a recovered TPM has other flags"
