#!/bin/bash
# test: real mounts that turn read-only, reach their quota, are unmounted: the TPM waits and goes on
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

own_mounts "$@"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
. "$(dirname "$0")/../lib_room.sh"

# waits_and_goes_on WORDS COMMAND…: a wrong try meets what there is now, COMMAND makes room.
waits_and_goes_on()
{
    local words=$1

    shift
    [ "$(nv read -C 0x1500016 -P right -s 8)" = ABCDEFGH ] || fail "what stores nothing waits too"
    begin_wrong
    says_why "$words"
    "$@"
    goes_on
    count=$((count + 1))
    counted $count
}

coco_world
mkdir "$TMP/disk" "$TMP/on"
mount -t tmpfs none "$TMP/disk" || skip "no tmpfs can be mounted"
mkdir "$TMP/disk/state"
: > "$TMP/disk/state/.lock"
mount --bind "$TMP/disk/state" "$TMP/on"
# A mount on which a file is open for writing does not turn read-only by an order, only by an error
# of the file system: the lock, which the TPM holds, lies on another mount, and is the same file.
mount --bind "$TMP/disk/state/.lock" "$TMP/on/.lock"
ln -s on "$TMP/state"
room_begin
count=0

echo "read-only, and writable again"
mount -o remount,bind,ro "$TMP/on"
waits_and_goes_on 'Read-only file system' mount -o remount,bind,rw "$TMP/on"

echo "unmounted under it: what is stored is where it was stored before"
sha256sum < "$TMP/disk/state/tpm2-00.sealed" > "$TMP/before"
umount -l "$TMP/on/.lock"
umount -l "$TMP/on"
for data in 12345678 ABCDEFGH; do
    printf $data | nv write -C 0x1500016 -P right -i - || fail "nothing can be stored any more"
done
! sha256sum < "$TMP/disk/state/tpm2-00.sealed" | cmp -s - "$TMP/before" || fail "it was stored elsewhere"
end
expect_fail 'No such file|there is none' "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
    --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm"
ln -sfn disk/state "$TMP/state"
again
counted $count
end

echo "read-only from the start: refused, and the state as it was"
sha256sum < "$TMP/state/tpm2-00.sealed" > "$TMP/before"
mount -o remount,ro "$TMP/disk"
expect_fail 'Read-only file system' "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
    --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm"
sha256sum < "$TMP/state/tpm2-00.sealed" | cmp - "$TMP/before" || fail "the state was changed"

mkdir "$TMP/quota"
truncate -s 256M "$TMP/quota.img"
if ! command -v mkfs.btrfs > /dev/null || ! mkfs.btrfs -q "$TMP/quota.img" > "$TMP/mkfs.log" 2>&1 ||
    ! mount -o loop "$TMP/quota.img" "$TMP/quota" 2> "$TMP/mount.log"; then
    echo "(no btrfs can be mounted here: the quota is left to the runs with broken calls)"
    exit 0
fi
echo "over its quota, which is raised"
btrfs -q quota enable "$TMP/quota"
btrfs -q subvolume create "$TMP/quota/own"
cp -a "$TMP/disk/state" "$TMP/quota/own/state"
group=0/$(btrfs inspect-internal rootid "$TMP/quota/own")
ln -sfn quota/own/state "$TMP/state"
again
counted $count                       # the first right password of a life is stored, as a try is
sync -f "$TMP/quota"
btrfs -q qgroup limit 4096 "$group" "$TMP/quota"
waits_and_goes_on 'quota exceeded' btrfs -q qgroup limit none "$group" "$TMP/quota"
end
