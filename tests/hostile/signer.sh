#!/bin/bash
# test: with psk-pin = signer an image of the same author is let in whatever it measures; another
# author, image, lower version, or none at all is refused, on either side
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"
need openssl

FAMILY=$(printf '1f%.0s' {1..16})
TPM_ID=$(printf 'a1%.0s' {1..16})
COCO_ID=$(printf 'c0%.0s' {1..16})

for key in id author stranger; do
    openssl ecparam -name secp384r1 -genkey -noout -out "$TMP/$key.key"
done

# signed VM IMAGE AUTHOR IMAGE-ID SVN [OPTION…]: a launch of an image that this author signed.
signed()
{
    local vm=$1 image=$TMP/$2.img author=$TMP/$3.key id=$4 svn=$5

    shift 5
    "$snpemu" idblock --measurement-of "$image" --id-key "$TMP/id.key" --author-key-file "$author" \
        --family-id "$FAMILY" --image-id "$id" --svn "$svn" --id-block "$TMP/$vm.block" \
        --id-auth "$TMP/$vm.auth" > "$TMP/$vm.digests"
    vm_launch chip "$vm" "$image" -- --id-block "$TMP/$vm.block" --id-auth "$TMP/$vm.auth" "$@"
}

image tpm "the TPM VM"
image coco "the CoCoVM"
image newer "the CoCoVM, updated"
chip_start chip
signed tpmvm tpm author "$TPM_ID" 3 --author-key
signed cocovm coco author "$COCO_ID" 3 --author-key
author=$(sed -n 2p "$TMP/cocovm.digests")

policy_instance chip "$TMP/coco.img" cocovm.measurement= "cocovm.author-key-digest=$author" \
    "cocovm.family-id=$FAMILY" "cocovm.image-id=$COCO_ID" cocovm.min-svn=2 link.psk-pin=signer \
    > "$TMP/instance.policy"
# driver_policy [GROUP.KEY=VALUE…]
driver_policy()
{
    policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" cocotpm.measurement= \
        "cocotpm.author-key-digest=$author" "cocotpm.family-id=$FAMILY" \
        "cocotpm.image-id=$TPM_ID" cocotpm.min-svn=2 link.psk-pin=signer "$@" \
        > "$TMP/driver.policy"
}
driver_policy
provision state "$ID" "$TMP/instance.policy"
tpm_start
attacker_start

driver_start
pcr_extend "$(digest 1)"
pcr_check "honest"
stop driver_tpm || fail "the driver ended with $?"
signed newer newer author "$COCO_ID" 4 --author-key
driver_start newer
stop driver_tpm || fail "the driver ended with $?"

plain_start
plain_extend 1
plain_is "a client of no author" 1

# refused ATTACK WORDS VM
refused()
{
    driver_refused "$2" "$3"
    report "$1" "asks for no author" "refused"
}

signed vm coco stranger "$COCO_ID" 3 --author-key
refused "a CoCoVM of another author" "no key is shared" vm
signed vm coco author "$TPM_ID" 3 --author-key
refused "another image of the same author" "no key is shared" vm
signed vm coco author "$COCO_ID" 1 --author-key
refused "an older version of the image" "evidence invalid" vm
signed vm coco author "$COCO_ID" 3
refused "an ID key without its author" "author|no key is shared" vm
vm_launch chip vm "$TMP/coco.img"
refused "a CoCoVM that nobody signed" "author|no key is shared" vm

signed vm coco author "$COCO_ID" 3 --author-key
signed nobody tpm stranger "$TPM_ID" 3 --author-key
driver_policy "cocotpm.author-key-digest=$(sed -n 2p "$TMP/nobody.digests")"
refused "a CoCoTPM of another author" "no key is shared" vm
driver_policy "cocotpm.image-id=$COCO_ID"
refused "a CoCoTPM that is another image of the author" "no key is shared" vm
driver_policy cocotpm.min-svn=4
refused "a CoCoTPM of an older version" "evidence is refused" vm
driver_policy link.psk-pin=measurement "cocotpm.measurement=$(vm_measurement "$TMP/tpm.img")"
refused "one side that pins the measurement" "no key is shared" vm

driver_policy
driver_start vm
stop driver_tpm || fail "the driver ended with $?"
