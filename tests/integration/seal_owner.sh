#!/bin/bash
# test: a state that wants its owner's secret opens with it only
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

does_not_start()
{
    expect_fail "$1" "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
        --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm$2"
}

head -c 32 /dev/urandom > "$TMP/owner"
head -c 32 /dev/urandom > "$TMP/wrong"
head -c 31 /dev/urandom > "$TMP/short"
coco_world seal.owner-secret=required
coco_provision "owner-secret-file=$TMP/owner"

does_not_start "needs its owner's secret" ""
does_not_start 'does not open' ",owner-secret-file=$TMP/wrong"
does_not_start 'owner secret: .*32 to 64 bytes' ",owner-secret-file=$TMP/short"

rm -f "$TMP/link"
start swtpm "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" --cocotpm \
    "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm,owner-secret-fd=7" \
    7< "$TMP/owner"
wait_socket swtpm "$TMP/link"
coco_launch one
coco_driver one
[ "$(tpm one tpm2_getrandom --hex 8 | wc -c)" = 16 ] || fail "the TPM does not answer"
coco_driver_stop one
stop swtpm || fail "swtpm ended with $?"
