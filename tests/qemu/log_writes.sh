#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a power cut at each write of ext4 on dm-log-writes in a guest: sealed state, and swtpm's own with fsync
# slow: yes
# limit: 1800
# sanitizers: no
# FULL=yes: after each entry of the log; else after each flush and each mark, and some between
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/tunnel.inc"
need modprobe dmsetup mke2fs e2fsck debugfs

tool=$(ours tpm_tool)
log_writes=$(ours log_writes)
tpm_time=$(ours tpm_time)
COUNTER=0x1500020
# TPM2_NV_Increment and TPM2_NV_Read as the owner, whose password is empty
increment=$(tr -d ' ' <<< "8002 0000001f 00000134 40000001 01500020 00000009 40000009 0000 00 0000")
read=$(tr -d ' ' <<< "8002 00000023 0000014e 40000001 01500020 00000009 40000009 0000 00 0000 0008 0000")
work=$(mktemp -d -p /dev/shm coco.XXXXXX 2> /dev/null) || work=$(mktemp -d "$TMP/work.XXXXXX")
at_exit rm -rf "$work"
cd "$work"

# own_swtpm FOLDER: swtpm on its own format, encrypted, as the guest runs it too; whether it starts.
head -c 32 /dev/urandom > vmpck
own_swtpm()
{
    rm -f s s.ctrl
    start swtpm "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$work/$1" \
        --key "vmpck,file=$work/vmpck" --server "type=unixio,path=$work/s" \
        --ctrl "type=unixio,path=$work/s.ctrl" --flags not-need-init,startup-clear
    retry listening_or_gone "$work/s" "$(pid_of swtpm)"
    listening "$work/s" || { wait_end swtpm || true; return 1; }
}

# ---- a disk with all of them, and a guest that works on each in turn ----

mkdir -p disk/{sealed,witnessed,nofile,nofolder,fsync,nosync} held
for name in sealed nofile nofolder; do
    "$tool" "$work/disk/$name" make > out 2> err || fail "no TPM: $(cat err)"
done
"$tool" "$work/disk/witnessed" "witness=$work/held/by" make > out 2> err || fail "no TPM: $(cat err)"
own_swtpm disk/fsync || fail "swtpm does not start: $(cat "$TMP/swtpm.log")"
TPM2TOOLS_TCTI="swtpm:path=$work/s" tpm2_nvdefine -Q $COUNTER -C o -a 'ownerread|ownerwrite|nt=counter'
"$tpm_time" s "$increment" 1 > out
stop swtpm || true
cp disk/fsync/* disk/nosync/
rm -f disk/*/.lock
mke2fs -q -t ext4 -b 1024 -J size=2 -m 0 -O ^resize_inode -d disk disk.img 12M > mkfs.log 2>&1 ||
    fail "mke2fs: $(cat mkfs.log)"
truncate -s 128M log.img

root=$TMP/root
mkdir -p "$root"/{bin,dev,proc,sys,tmp,run,w/disk,w/held,lib,lib64}
cp "$(command -v busybox)" "$root/bin/busybox"
root_add "$root" "$tool" "$tpm_time" "$BUILD/src/swtpm/swtpm-full" "$(command -v dmsetup)"
cp "$BUILD/tests/fault/faults.so" "$root/lib/"
cp held/by "$root/w/held/by"
cp vmpck "$root/vmpck"
root_modules "$root" virtio_pci virtio_blk dm-mod dm-log-writes
cat > "$root/init" << EOF
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
exec > /dev/ttyS0 2>&1
say() { echo "@@ \$*"; }
die() { say "fault: \$*"; poweroff -f; sleep 1000; }
there() { n=0; until [ \$1 \$2 ] || [ \$n = 1200 ]; do n=\$((n + 1)); sleep 0.1; done; [ \$1 \$2 ]; }
for m in \$(cat /lib/modules.list); do insmod \$m || die "\$m"; done
there -b /dev/vdb || die "no disks"
mark() { dmsetup message marked 0 mark "\$1" || die "mark \$1"; }
dmsetup create marked --table "0 \$(cat /sys/block/vda/size) log-writes /dev/vda /dev/vdb" ||
    die "no dm-log-writes"
# Without the mending of applications that rename a file which they have not flushed.
mount -t ext4 -o noauto_da_alloc /dev/dm-0 /w/disk || die "mount"
# phase NAME: what was before is on the disk.
phase() { sync; mark "phase_\$1"; }
# sealed FOLDER FORGET WORDS…: acknowledgements are marks of the tool's own.
sealed()
{
    name=\$1 forget=\$2
    shift 2
    phase \$name
    FAULT_DIR=/w FAULT_HOW=mark FAULT_MARKS=marked FAULT_FORGET=\$forget LD_PRELOAD=/lib/faults.so \\
        tpm_tool /w/disk/\$name "\$@" quit > /tmp/out || die "\$name: \$(cat /tmp/out)"
}
# own NAME WORDS: swtpm, from outside.
own()
{
    phase \$1
    rm -f /tmp/s
    swtpm-full socket --tpm2 --tpmstate dir=/w/disk/\$1\$2 --key vmpck,file=/vmpck \\
        --server type=unixio,path=/tmp/s --flags not-need-init,startup-clear --pid file=/tmp/pid \\
        --log file=/tmp/log &
    there -S /tmp/s || die "\$1: \$(cat /tmp/log)"
    for n in 2 3 4 5; do
        tpm_time /tmp/s $increment 1 > /tmp/answer
        grep -q '^............00000000' /tmp/answer || die "\$1: \$(cat /tmp/answer /tmp/log)"
        mark "ok_count_\$n"
    done
    kill -9 \$(cat /tmp/pid)
}
sealed sealed none on count wrong count wrong count
sealed witnessed none witness=/w/held/by on count wrong count wrong count
own fsync ,fsync
sealed nofile file on count count
sealed nofolder folder on count count
own nosync ""
phase end
umount /w/disk
dmsetup remove marked || die "remove"
say "end"
sync
poweroff -f
EOF
chmod 755 "$root/init"
root_pack "$root" "$TMP/guest.initrd"
cp disk.img run.img
net_guest guest -drive "file=$work/run.img,format=raw,if=virtio,cache=unsafe" \
    -drive "file=$work/log.img,format=raw,if=virtio,cache=unsafe"
PATIENCE=1200
wait_end guest || fail "QEMU ended badly"
! grep -aq '@@ fault' "$TMP/guest.serial" || fail "the guest: $(grep -a '@@ fault' "$TMP/guest.serial")"
grep -aq '@@ end' "$TMP/guest.serial" || { tail -n 30 "$TMP/guest.serial" >&2; fail "the guest did not finish"; }
"$log_writes" list log.img > entries

# ---- the disk as it was after each entry ----

declare -A cuts=() lost=() seen=()
phase='' held='' counted=1 tried=0 at=0

# take_mark WORDS: which TPM is at work, what it has answered, what the witness holds.
take_mark()
{
    case $1 in
    phase_*) phase=${1#phase_} counted=1 tried=0 held=$(hex < held/by) ;;
    ok_count_*) counted=${1#ok_count_} ;;
    ok_wrong) tried=$((tried + 1)) ;;
    held_*) held=${1#held_} ;;
    esac
}

# mounted IMAGE: the journal is replayed as a mount does it, and the folder that is at work copied.
mounted()
{
    local status=0

    e2fsck -p "$1" > fsck.log 2>&1 || status=$?
    [ $status -le 1 ] || fail "the file system is broken after entry $at: $(cat fsck.log)"
    rm -rf found
    mkdir found
    debugfs -R "rdump /$phase $work/found" "$1" > debugfs.log 2>&1
    [ -d "found/$phase" ] || fail "no folder $phase after entry $at: $(cat debugfs.log)"
    rm -f "found/$phase/.lock"
}

# opens_sealed, opens_own: sets \$counter and \$tries; fails when the TPM does not start.
opens_sealed()
{
    local witness=()

    if [ "$phase" = witnessed ]; then
        unhex <<< "$held" > now
        witness=("witness=$work/now")
    fi
    "$tool" "$work/found/$phase" "${witness[@]}" on show quit > shown 2> err || return 1
    counter=$(sed -n 's/.* counter \([0-9]*\) .*/\1/p' shown)
    tries=$(sed -n 's/.* tries \([0-9]*\) .*/\1/p' shown)
}

opens_own()
{
    : > "$TMP/swtpm.log"
    own_swtpm "found/$phase" || { cp "$TMP/swtpm.log" err; return 1; }
    "$tpm_time" s "$read" 1 > shown
    stop swtpm || true
    head -n 1 shown > err
    [ "$(cut -c 13-20 err)" = 00000000 ] || return 1
    counter=$((16#$(cut -c 33-48 err)))
    tries=0
}

# Whether it is the TPM that answered last, or one step further: a try that was begun, and one that
# the TPM counts since it did not end in order (TPM 2.0 Part 1, 19.8).
holds()
{
    case $phase in
    fsync | nosync) opens_own ;;
    *) opens_sealed ;;
    esac || return 1
    echo "counter $counter of $counted, tries $tries of $tried" > err
    [ "$counter" -ge "$counted" ] && [ "$counter" -le $((counted + 1)) ] &&
        [ "$tries" -ge "$tried" ] && [ "$tries" -le $((tried + 2)) ]
}

# power_cut IMAGE WHAT
power_cut()
{
    local print

    mounted "$1"
    print=$(cd "found/$phase" && { cat -- * 2> /dev/null || true; } | sha256sum)
    print+=" $phase $counted $tried $held $(ls "found/$phase")"
    [ -z "${seen[$print]:-}" ] || return 0
    seen[$print]=yes
    cuts[$phase]=$((${cuts[$phase]:-0} + 1))
    holds && return 0
    case $phase in
    no*) lost[$phase]=$((${lost[$phase]:-0} + 1)) ;;
    *) fail "$phase, power cut $2: $(cat err)" ;;
    esac
}

# wanted KIND: each flush, each mark, and some of the writes between.
wanted()
{
    [ -n "$phase" ] && [ "$phase" != end ] || return 1
    [ -z "${FULL:-}" ] && [ "$1" = write ] || return 0
    [ $((at % 11)) = 0 ]
}

looks=0 done_until=0
while read -r at kind _ words; do
    [ "$kind" != mark ] || take_mark "$words"
    wanted "$kind" || continue
    "$log_writes" apply log.img disk.img $done_until $((at + 1))
    done_until=$((at + 1))
    cp disk.img cut.img
    power_cut cut.img "after entry $at"
    looks=$((looks + 1))
    if [ "$kind" = flush ] && { [ -n "${FULL:-}" ] || [ $((looks % 2)) = 0 ]; }; then
        # Of the ten after a flush only every second: a disk may write in any order until the next.
        cp disk.img cut.img
        "$log_writes" apply log.img cut.img $((at + 1)) $((at + 11)) odd
        power_cut cut.img "after entry $at, some later ones before it"
        looks=$((looks + 1))
    fi
done < entries

for name in sealed witnessed fsync; do
    [ "${cuts[$name]:-0}" -ge 8 ] || fail "$name: only ${cuts[$name]:-0} states: nothing would be shown"
done
for name in nofile nofolder nosync; do
    [ "${lost[$name]:-0}" -gt 0 ] || fail "$name: nothing is lost without a flush: nothing would be shown"
done
echo "$(wc -l < entries) entries, $looks power cuts; different states: sealed ${cuts[sealed]}," \
    "with a witness ${cuts[witnessed]}, swtpm's own with fsync ${cuts[fsync]}: always before or after"
echo "lost where flushes are left out: of files ${lost[nofile]} of ${cuts[nofile]}, of the folder" \
    "${lost[nofolder]} of ${cuts[nofolder]}, swtpm's own without fsync ${lost[nosync]} of ${cuts[nosync]}"
