#!/bin/bash
# test: with a witness an older file and a second TPM VM are refused, and a fenced one ends
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

# The witness in a file stands for one outside the host: nobody here touches it but the programs.
coco_world freshness.kind=witness "freshness.witness=file:$TMP/held"
coco_provision
state=$TMP/state/tpm2-00.sealed
cp "$state" "$TMP/at-birth"

echo "the honest case"
coco_swtpm
coco_launch one
coco_driver one
tpm one tpm2_nvdefine -Q 0x1500016 -C o -s 8 -p right -a 'authread|authwrite|ownerwrite'
printf ABCDEFGH | tpm one tpm2_nvwrite 0x1500016 -C 0x1500016 -P right -i -

echo "a wrong try is counted, and cannot be taken back by restoring the file"
cp "$state" "$TMP/before-the-try"
! tpm one tpm2_nvread 0x1500016 -C 0x1500016 -P wrong -s 8 > /dev/null 2>&1 ||
    fail "a wrong password was taken"
count=$(tpm one tpm2_getcap properties-variable | sed -n 's/.*TPM2_PT_LOCKOUT_COUNTER: //p')
[ "$((count))" = 1 ] || fail "the wrong try was not counted: $count"
coco_driver_stop one
stop swtpm || fail "swtpm ended with $?"
cp "$state" "$TMP/newest"
for old in at-birth before-the-try; do
    cp "$TMP/$old" "$state"
    expect_fail 'older state or a fork' "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
        --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm"
done
cp "$TMP/newest" "$state"

echo "two TPM VMs from copies: the second takes over, the first ends at its next store"
coco_swtpm
coco_launch one
coco_driver one
mkdir "$TMP/copy"
cp "$state" "$TMP/copy"
start second "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/copy" \
    --cocotpm "type=unixio,path=$TMP/link2,id=$id,platform=emulator:$TMP/tpmvm"
wait_socket second "$TMP/link2"
coco_launch two
start driver-two "$driver" --link "unixio:$TMP/link2" --policy "$TMP/driver.policy" --id "$id" \
    --platform "emulator:$TMP/two" --server "type=unixio,path=$TMP/two.tpm"
wait_socket driver-two "$TMP/two.tpm.ctrl"
(printf 12345678 | tpm one tpm2_nvwrite 0x1500016 -C 0x1500016 -P right -i - \
    > "$TMP/write.log" 2>&1 && echo answered > "$TMP/answered") &
writer=$!
status=0
wait_end swtpm || status=$?
[ "$status" = 1 ] || fail "the fenced TPM VM ended with $status"
grep -q 'the witness holds another state' "$TMP/swtpm.log" || fail "$(tail -3 "$TMP/swtpm.log")"
kill "$writer" 2> /dev/null || true
stop driver-one KILL || true
wait "$writer" 2> /dev/null || true
[ ! -e "$TMP/answered" ] || fail "a fenced TPM VM has answered a store"
[ "$(tpm two tpm2_nvread 0x1500016 -C 0x1500016 -P right -s 8)" = ABCDEFGH ] ||
    fail "the second has not the state that was witnessed"
coco_driver_stop two
stop second || fail "the second ended with $?"

echo "on plain swtpm restoring the file takes the try back, and two copies live side by side"
plain()
{
    start "$1" "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/$1" --flags not-need-init,startup-clear \
        --server "type=unixio,path=$TMP/$1.tpm" --ctrl "type=unixio,path=$TMP/$1.tpm.ctrl"
    wait_socket "$1" "$TMP/$1.tpm.ctrl"
}
tries()
{
    tpm "$1" tpm2_getcap properties-variable | sed -n 's/.*TPM2_PT_LOCKOUT_COUNTER: //p'
}
mkdir "$TMP/old"
plain old
tpm old tpm2_nvdefine -Q 0x1500016 -C o -s 8 -p right -a 'authread|authwrite|ownerwrite'
printf ABCDEFGH | tpm old tpm2_nvwrite 0x1500016 -C 0x1500016 -P right -i -
tpm old tpm2_shutdown -c
stop old || true
cp -r "$TMP/old" "$TMP/restored"
plain old
! tpm old tpm2_nvread 0x1500016 -C 0x1500016 -P wrong -s 8 > /dev/null 2>&1 ||
    fail "a wrong password was taken"
[ "$(($(tries old)))" = 1 ] || fail "plain swtpm: the wrong try was not counted"
plain restored
[ "$(($(tries restored)))" = 0 ] || fail "plain swtpm: the try was not taken back"
[ "$(tpm restored tpm2_nvread 0x1500016 -C 0x1500016 -P right -s 8)" = ABCDEFGH ] ||
    fail "plain swtpm: the copy has another state"
echo "report: tries taken back by restoring the file | unlimited tries | refused by the witness"
echo "report: state rolled back, with a witness | older state runs | refused by the witness"
echo "report: two TPM VMs from copies, with a witness | both run | the first is fenced"
