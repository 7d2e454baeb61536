#!/bin/bash
# test: an owner puts a TPM under another policy by signing it, and rotates the owner secret
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

state=$TMP/state/tpm2-00.sealed

# change POLICY [SUBOPTION…]
change()
{
    local words="id=$id,platform=emulator:$TMP/tpmvm,chain=$TMP/chip/chain.pem,policy=$1" word

    shift
    for word in "$@"; do
        words+=",$word"
    done
    "$setup" --tpm2 --tpm "$swtpm socket" --tpmstate "$TMP/state" --change-policy --cocotpm "$words"
}

digest()
{
    sha256sum < "$1" | cut -d' ' -f1
}

sign()
{
    openssl dgst -sha256 -sign "$1" -out "$TMP/signature" "$TMP/request"
}

says()
{
    "$setup" --tpm2 --tpmstate "$TMP/state" --inspect | sed -n "s/^$1  *//p"
}

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$TMP/owner.key" 2> /dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$TMP/other.key" 2> /dev/null
openssl pkey -in "$TMP/owner.key" -pubout -out "$TMP/owner.pem"
openssl pkey -in "$TMP/other.key" -pubout -out "$TMP/other.pem"
fingerprint=$(openssl pkey -in "$TMP/owner.key" -pubout -outform DER | sha256sum | cut -d' ' -f1)
owner=recovery-key=$TMP/owner.pem
coco_world "seal.recovery-key=$fingerprint"
coco_provision "$owner" "deliver=$TMP/delivery"
cp "$TMP/instance.policy" "$TMP/first.policy"
image coco2 "a newer kernel and initrd of the CoCoVM"
policy_instance chip "$TMP/coco2.img" "seal.recovery-key=$fingerprint" > "$TMP/second.policy"
coco_swtpm
coco_launch one
coco_driver one
tpm one tpm2_createprimary -Q -C o -G ecc -c "$TMP/primary"
tpm one tpm2_evictcontrol -Q -C o -c "$TMP/primary" 0x81000001
tpm one tpm2_readpublic -Q -c 0x81000001 -n "$TMP/name-before"
coco_driver_stop one
expect_fail 'another process' change "$TMP/second.policy"
stop swtpm

echo "what has to be signed; nothing is changed by asking"
cp "$state" "$TMP/before"
change "$TMP/second.policy" > "$TMP/request"
cat "$TMP/request"
cmp "$state" "$TMP/before" || fail "asking changed the state"
[ "$(cat "$TMP/request")" = "CoCoTPM policy change v1
uuid $id
epoch 1
from $(digest "$TMP/first.policy")
to $(digest "$TMP/second.policy")
owner-secret kept" ] || fail "not what an owner can read"

echo "refused: a stranger's signature, key, another policy; then the owner's is good"
sign "$TMP/other.key"
expect_fail 'signature is not good' change "$TMP/second.policy" "$owner" "signature=$TMP/signature"
expect_fail 'not the owner' change "$TMP/second.policy" "recovery-key=$TMP/other.pem" \
    "signature=$TMP/signature"
sign "$TMP/owner.key"
expect_fail 'recovery-key= is missing' change "$TMP/second.policy" "signature=$TMP/signature"
expect_fail 'signature is not good' change "$TMP/first.policy" "$owner" "signature=$TMP/signature"
sed '/recovery-key/d' "$TMP/second.policy" > "$TMP/bare.policy"
expect_fail 'contradict each other' change "$TMP/bare.policy"
sed "s/kind = receipt/kind = witness\nwitness = https:\/\/127.0.0.1:1\nwitness-key = sha256:$fingerprint/" \
    "$TMP/second.policy" > "$TMP/witness.policy"
expect_fail 'the policy given' change "$TMP/witness.policy"
cmp "$state" "$TMP/before" || fail "a refused change changed the state"
change "$TMP/second.policy" "$owner" "signature=$TMP/signature" || fail "not changed"
[ "$(says epoch)" = 2 ] || fail "epoch $(says epoch), not 2"
[ "$(says 'policy digest')" = "$(digest "$TMP/second.policy")" ] || fail "not the new digest"

echo "the TPM goes on under the new one alone; a driver may pin both"
cp "$TMP/second.policy" "$TMP/instance.policy"
coco_swtpm
vm_launch chip two "$TMP/coco2.img"
coco_refused two 'policy'
policy_driver chip "$TMP/tpm.img" "$TMP/first.policy" \
    "cocotpm.policy-digest=$(digest "$TMP/second.policy"); $(digest "$TMP/first.policy")" \
    > "$TMP/driver.policy"
coco_driver two
tpm two tpm2_readpublic -Q -c 0x81000001 -n "$TMP/name-after"
cmp "$TMP/name-before" "$TMP/name-after" || fail "the key is another one"
coco_driver_stop two
coco_launch three
coco_refused three .
stop swtpm

echo "back and forth: an old signature is good for nothing"
change "$TMP/first.policy" > "$TMP/request"
cp "$TMP/signature" "$TMP/used"
sign "$TMP/owner.key"
change "$TMP/first.policy" "$owner" "signature=$TMP/signature"
expect_fail 'signature is not good' change "$TMP/second.policy" "$owner" "signature=$TMP/used"

echo "an owner secret is asked for from now on, then rotated"
head -c 32 /dev/urandom > "$TMP/secret1"
head -c 32 /dev/urandom > "$TMP/secret2"
policy_instance chip "$TMP/coco2.img" "seal.recovery-key=$fingerprint" \
    seal.owner-secret=required > "$TMP/third.policy"
expect_fail 'wants an owner secret' change "$TMP/third.policy"
change "$TMP/third.policy" "new-owner-secret-file=$TMP/secret1" > "$TMP/request"
grep -q '^owner-secret new$' "$TMP/request" || fail "the owner does not see the new secret"
sign "$TMP/owner.key"
change "$TMP/third.policy" "new-owner-secret-file=$TMP/secret1" "$owner" "signature=$TMP/signature"
says slot | finds '^chip and owner secret$' || fail "slots: $(says slot)"
expect_fail "needs its owner's secret" change "$TMP/third.policy"
rotate=("owner-secret-file=$TMP/secret1" "new-owner-secret-file=$TMP/secret2")
change "$TMP/third.policy" "${rotate[@]}" > "$TMP/request"
sign "$TMP/owner.key"
change "$TMP/third.policy" "${rotate[@]}" "$owner" "signature=$TMP/signature"
cannot_open()
{
    expect_fail "$1" "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
        --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm$2"
}
cannot_open 'does not open' ",owner-secret-file=$TMP/secret1"
cannot_open "needs its owner's secret" ""
change "$TMP/third.policy" "owner-secret-file=$TMP/secret2" > /dev/null ||
    fail "the new owner secret does not open it"

echo "by another UUID than its own nobody works on a state"
id=00000000-0000-4000-8000-000000000001 expect_fail 'is the state of another instance' \
    change "$TMP/third.policy" "owner-secret-file=$TMP/secret2"
