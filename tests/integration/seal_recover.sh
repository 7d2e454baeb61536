#!/bin/bash
# test: an owner moves a TPM to a new image by its recovery secret; --inspect says what is there
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

state=$TMP/state/tpm2-00.sealed

inspect()
{
    "$setup" --tpm2 --tpm "$swtpm socket" --tpmstate "$TMP/state" --inspect "$@"
}

recover()
{
    "$setup" --tpm2 --tpm "$swtpm socket" --tpmstate "$TMP/state" --recover \
        --cocotpm "id=$id,platform=emulator:$TMP/tpmvm,recovery-secret-file=$1"
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

coco_swtpm
coco_launch one
coco_driver one
tpm one tpm2_createprimary -Q -C o -G ecc -c "$TMP/primary"
tpm one tpm2_evictcontrol -Q -C o -c "$TMP/primary" 0x81000001
tpm one tpm2_readpublic -Q -c 0x81000001 -n "$TMP/name-before"
coco_driver_stop one
stop swtpm || fail "swtpm ended with $?"

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
recover "$TMP/secret" || fail "the recovery failed"
inspect > "$TMP/moved"
grep -Eq '^epoch *42949672[0-9]{2}$' "$TMP/moved" || fail "$(cat "$TMP/moved")"
policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" > "$TMP/driver.policy"
coco_swtpm
coco_launch one
coco_driver one
tpm one tpm2_readpublic -Q -c 0x81000001 -n "$TMP/name-after"
cmp "$TMP/name-before" "$TMP/name-after" || fail "the key is another one after the recovery"
coco_driver_stop one
stop swtpm || fail "swtpm ended with $?"
