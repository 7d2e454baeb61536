#!/bin/bash
# test: a full disk, a witness that is away, a folder that vanishes: the TPM waits, says why, goes on
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
. "$(dirname "$0")/../lib_room.sh"

coco_world freshness.kind=witness "freshness.witness=file:$TMP/held/by"
mkdir "$TMP/held" "$TMP/disk"
room=
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=1m none "$TMP/disk" 2> /dev/null; then
    room=yes
    at_exit umount -l "$TMP/disk"
fi
mkdir "$TMP/disk/state"
ln -s disk/state "$TMP/state"
room_begin
cp "$TMP/state/tpm2-00.sealed" "$TMP/older"
count=0

if [ -n "$room" ]; then
    echo "the disk is full: it waits; a wrong password tried meanwhile is counted when there is room"
    dd if=/dev/zero of="$TMP/disk/filler" bs=4k 2> /dev/null || true
    begin_wrong
    says_why 'No space left'
    rm "$TMP/disk/filler"
    goes_on
    count=$((count + 1))
    counted $count
else
    echo "(no tmpfs can be mounted here: the full disk is left to the runs with broken calls)"
fi

echo "the witness is away: the same"
mv "$TMP/held" "$TMP/away"
[ "$(nv read -C 0x1500016 -P right -s 8)" = ABCDEFGH ] || fail "what stores nothing waits too"
begin_wrong
says_why 'witness is away'
mv "$TMP/away" "$TMP/held"
goes_on
count=$((count + 1))
counted $count

echo "killed while it waits: the try costs what it costs, and never less than nothing"
mv "$TMP/held" "$TMP/away"
begin_wrong
stop swtpm KILL || true
mv "$TMP/away" "$TMP/held"
give_up
again
[ "$(tries)" -ge $count ] || fail "$(tries) tries counted after a kill, $count before"
count=$(tries)

echo "the folder vanishes: it waits, until it is put back as it was, and not for another one"
cp -a "$TMP/disk/state" "$TMP/elsewhere"
rm -rf "$TMP/disk/state"
begin_wrong
says_why 'No such file|folder of the state is gone'
mkdir "$TMP/disk/state"
retry asked 'is not there' || fail "the status does not say that the folder is empty"
cp "$TMP/older" "$TMP/disk/state/tpm2-00.sealed"
retry asked 'not the state that was stored last' || fail "an older state in its place is not named"
cmp "$TMP/older" "$TMP/disk/state/tpm2-00.sealed" || fail "the older state was changed"
rm -rf "$TMP/disk/state"
[ ! -e "$TMP/answered" ] || fail "answered, and not durable"
cp -a "$TMP/elsewhere" "$TMP/disk/back"
mv "$TMP/disk/back" "$TMP/disk/state"
goes_on
count=$((count + 1))
counted $count

echo "it vanishes again: SIGTERM ends what waits; what was moved away is whole"
rm -rf "$TMP/elsewhere"
cp -a "$TMP/disk/state" "$TMP/elsewhere"
rm -rf "$TMP/disk/state"
begin_wrong
says_why 'No such file|folder of the state is gone'
stop swtpm || true
give_up
expect_fail 'No such file' "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
    --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm"
[ ! -e "$TMP/disk/state" ] || fail "a folder was made in the place of the one that vanished"
cp -a "$TMP/elsewhere" "$TMP/disk/state"
again
[ "$(tries)" -ge $count ] || fail "$(tries) tries counted, $count before"
end
