#!/bin/bash
# test: floors of the image and of the policy: what lies below opens by recovery only
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

does_not_start()
{
    expect_fail "$1" "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
        --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm${2:-}"
}

# starts [WORDS]: it opens the state and serves.
starts()
{
    rm -f "$TMP/link"
    start swtpm "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" --cocotpm \
        "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm${1:-}"
    wait_socket swtpm "$TMP/link"
    stop swtpm || fail "swtpm ended with $?"
}

floors()
{
    printf '%s\n' '[floors]' "$@" > "$TMP/floors"
}

inspected()
{
    "$setup" --tpm2 --tpmstate "$TMP/state" --inspect | sed -n "s/^$1  *//p"
}


image tpm "firmware, kernel and initrd of the TPM VM"
openssl ecparam -name secp384r1 -genkey -noout -out "$TMP/id.key"
openssl ecparam -name secp384r1 -genkey -noout -out "$TMP/author.key"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$TMP/owner.key" 2> /dev/null
openssl pkey -in "$TMP/owner.key" -pubout -out "$TMP/owner.pem"
fingerprint=$(openssl pkey -in "$TMP/owner.key" -pubout -outform DER | sha256sum | cut -d' ' -f1)

# Of the same author, in version $1.
launch_signed()
{
    "$snpemu" idblock --measurement-of "$TMP/tpm.img" --id-key "$TMP/id.key" \
        --author-key-file "$TMP/author.key" --image-id "$(printf 'ab%.0s' {1..16})" --svn "$1" \
        --id-block "$TMP/block" --id-auth "$TMP/auth" > /dev/null
    vm_launch chip tpmvm "$TMP/tpm.img" -- --id-block "$TMP/block" --id-auth "$TMP/auth" \
        --author-key
}

chip_start chip --product genoa
image coco "firmware, kernel and initrd of the CoCoVM"
launch_signed 3
policy_instance chip "$TMP/coco.img" seal.bind=signer "seal.recovery-key=$fingerprint" \
    > "$TMP/instance.policy"
id=$(cat /proc/sys/kernel/random/uuid)

echo "what cannot be read is no floor, and stops everything"
printf '[floors]\nsvn = 3\n' > "$TMP/floors"
expect_fail 'floors of the image: .*floors: ' "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
    --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm,floors=$TMP/floors"

echo "made and opened at the floor; the SVN rises with the image, and the state with it"
floors "svn-floor = 3" "tcb-floor-genoa = bootloader:10 snp:23 microcode:84"
coco_provision "recovery-key=$TMP/owner.pem" "deliver=$TMP/delivery" "floors=$TMP/floors"
sed -n 's/.*"recovery" *: *"\([^"]*\)".*/\1/p' "$TMP/delivery" | base64 -d > "$TMP/wrapped"
openssl pkeyutl -decrypt -inkey "$TMP/owner.key" -in "$TMP/wrapped" -out "$TMP/secret" \
    -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 \
    -pkeyopt "rsa_oaep_label:$(printf recovery | hex)"
starts ",floors=$TMP/floors"
[ "$(inspected 'guest SVN')" = 3 ] || fail "sealed for SVN $(inspected 'guest SVN')"
cp -r "$TMP/state" "$TMP/state.3"
image tpm "a newer kernel and initrd of the TPM VM"
launch_signed 4
starts ",floors=$TMP/floors"
[ "$(inspected 'guest SVN')" = 4 ] || fail "not sealed anew for SVN 4"

echo "an image that gave up on SVN 3 does not adopt what SVN 3 sealed, and an older one no newer"
rm -rf "$TMP/state"
cp -r "$TMP/state.3" "$TMP/state"
floors "svn-floor = 4"
does_not_start "below the image's floor: only recovery opens it" ",floors=$TMP/floors"
starts
[ "$(inspected 'guest SVN')" = 4 ] || fail "not sealed anew"
launch_signed 3
does_not_start 'sealed by guest SVN 4, this image has 3'

echo "the same of the firmware; what the policy says counts as well"
rm -rf "$TMP/state"
cp -r "$TMP/state.3" "$TMP/state"
launch_signed 4
chip_do chip firmware --tcb 0:10:0:24:85 --version 1.55.30
chip_do chip commit
floors "tcb-floor-genoa = bootloader:10 snp:24"
does_not_start "below the image's floor: only recovery opens it" ",floors=$TMP/floors"
floors "tcb-floor-genoa = bootloader:11"
does_not_start "below the image's floor" ",floors=$TMP/floors"
floors "tcb-floor-turin = bootloader:9"
starts ",floors=$TMP/floors"
[ "$(inspected TCB)" = 5518000000000000a ] || [ "$(inspected TCB)" = 551800000000000a ] ||
    fail "sealed for TCB $(inspected TCB)"

echo "recovery opens it, under the floor too"
rm -rf "$TMP/state"
cp -r "$TMP/state.3" "$TMP/state"
floors "tcb-floor-genoa = bootloader:10 snp:24" "svn-floor = 4"
recover()
{
    "$setup" --tpm2 --tpm "$swtpm socket" --tpmstate "$TMP/state" --recover --cocotpm \
        "id=$id,platform=emulator:$TMP/tpmvm,floors=$TMP/floors,recovery-secret-file=$TMP/secret"
}
does_not_start "below the image's floor" ",floors=$TMP/floors"
recover || fail "no recovery below the floor"
starts ",floors=$TMP/floors"
floors "svn-floor = 9"
expect_fail "below the image's floor" recover
