#!/bin/bash
# test: swtpm on its sealed state: damage by name, waiting for a full disk, SIGTERM, wrong tries
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

state=$TMP/state/tpm2-00.sealed

fingerprint()
{
    [ ! -e "$state" ] || sha256sum < "$state"
}

# does_not_start WORDS: and leaves the state as it was.
does_not_start()
{
    local before

    before=$(fingerprint)
    expect_fail "$1" "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
        --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm"
    [ "$before" = "$(fingerprint)" ] || fail "the state was changed"
}

nv_write()
{
    printf '%s' "$1" | tpm one tpm2_nvwrite 0x1500016 -C o -i -
}

nv_is()
{
    [ "$(tpm one tpm2_nvread 0x1500016 -C o -s 8)" = "$1" ] || fail "the NV index is not $1"
}

again()
{
    rm -f "$TMP/one"
    coco_launch one
    coco_driver one
}

coco_world
coco_provision
coco_swtpm
coco_launch one
coco_driver one
tpm one tpm2_nvdefine -Q 0x1500016 -C o -s 8 -a 'ownerread|ownerwrite'
nv_write ABCDEFGH
coco_driver_stop one
stop swtpm || fail "swtpm ended with $?"

echo "nothing of the TPM's memory stands in the file"
! grep -aq ABCDEFGH "$state" || fail "the NV data stand in the sealed file"

cp "$state" "$TMP/good"
echo "a flipped byte, a cut, a missing and a foreign file are refused by name"
for at in 20 60 140 200 500; do
    cp "$TMP/good" "$state"
    old=$(dd if="$state" bs=1 skip=$at count=1 2> /dev/null | od -An -tu1)
    printf "\\$(printf %03o $((old ^ 1)))" | dd of="$state" bs=1 seek=$at conv=notrunc 2> /dev/null
    does_not_start tpm2-00.sealed
done
head -c 300 "$TMP/good" > "$state"
does_not_start tpm2-00.sealed
rm "$state"
does_not_start 'there is none'
[ ! -e "$state" ] || fail "a state was made in the place of the deleted one"
cp "$TMP/good" "$state"

echo "an image of the TPM VM with one byte changed does not open it"
image other "firmware, kernel and initrd of the TPM Vm"
vm_launch chip tpmvm "$TMP/other.img"
does_not_start 'sealed by another image'
vm_launch chip tpmvm "$TMP/tpm.img"

echo "a STATE.next that is no successor is removed, and that is said"
cp "$TMP/good" "$state.next"
coco_swtpm
# It listens before it has opened the state.
retry grep -q 'tpm2-00.sealed.next that was never acknowledged was removed' "$TMP/swtpm.log" ||
    fail "nothing is said: $(cat "$TMP/swtpm.log")"
retry test ! -e "$state.next" || fail "it is still there"
stop swtpm || fail "swtpm ended with $?"

echo "a store that cannot be made waits, and nothing is answered until it can"
coco_swtpm
again
mkdir "$state.next"
nv_write 12345678 &
writer=$!
retry grep -q 'cannot be stored' "$TMP/swtpm.log" || fail "the log does not say that it waits"
alive "$writer" || fail "a write was answered that is not durable"
rmdir "$state.next"
wait "$writer" || fail "the write failed when there was room again"
grep -q 'stored again' "$TMP/swtpm.log" || fail "the log does not say that it goes on"
nv_is 12345678

echo "SIGTERM ends a TPM that waits; the state is the one before"
mkdir "$state.next"
: > "$TMP/swtpm.log"
nv_write ZZZZZZZZ > /dev/null 2>&1 &
writer=$!
retry grep -q 'cannot be stored' "$TMP/swtpm.log" || fail "the log does not say that it waits"
stop swtpm || true
rmdir "$state.next"
kill "$writer" 2> /dev/null || true
stop driver-one KILL || true
wait "$writer" 2> /dev/null || true
coco_swtpm
again
nv_is 12345678

echo "killed in the middle of a store, again and again: the TPM is before or after"
for i in 1 2 3; do
    (nv_write "round $i " > /dev/null 2>&1 || true) &
    writer=$!
    stop swtpm KILL || true
    stop driver-one KILL || true
    kill "$writer" 2> /dev/null || true
    wait "$writer" 2> /dev/null || true
    coco_swtpm
    again
    tpm one tpm2_nvread 0x1500016 -C o -s 8 > "$TMP/now"
    grep -Eq '^(12345678|round [123] )$' <(cat "$TMP/now"; echo) || fail "found $(cat "$TMP/now")"
done
coco_driver_stop one
stop swtpm || fail "swtpm ended with $?"
