#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: swtpm cuse with swtpm_ioctl and swtpm_bios, and the kernel's vTPM proxy, in a guest
# slow: yes
# limit: 1800
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guest.inc"

need ldd
modules=/lib/modules/${kernel#*/vmlinuz-}/kernel
for module in fs/fuse/fuse fs/fuse/cuse drivers/char/tpm/tpm_vtpm_proxy; do
    [ -e "$modules/$module.ko" ] || skip "the kernel's module $module is not installed"
done
"$(ours swtpm)" --help | finds 'cuse' || skip "this build has no CUSE"

root=$TMP/root
mkdir -p "$root"/{bin,dev,proc,sys,tmp,lib,cmd,t}
cp "$(command -v busybox)" "$root/bin/"
for module in fs/fuse/fuse fs/fuse/cuse drivers/char/tpm/tpm_vtpm_proxy; do
    cp "$modules/$module.ko" "$root/lib/"
done
# As in the build tree, where swtpm looks for the others beside itself.
for program in swtpm/swtpm swtpm/swtpm-full swtpm_cuse/swtpm-cuse swtpm_ioctl/swtpm_ioctl \
    swtpm_bios/swtpm_bios; do
    mkdir -p "$root/t/${program%/*}"
    cp "$BUILD/src/$program" "$root/t/$program"
done
ldd "$root"/t/*/* | grep -o '/[^ ]*' | grep -v ':$' | sort -u | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done
printf 'a passphrase' > "$root/t/pw"
# TPM2_GetRandom(4); TPM2_PCR_Read(sha256:16); TPM2_PCR_Extend(16, sha256 of nothing but ones)
unhex <<< "8001 0000000c 0000017b 0004" > "$root/cmd/random"
unhex <<< "8001 00000014 0000017e 00000001 000b 03 000001" > "$root/cmd/pcr16"
unhex <<< "8002 00000041 00000182 00000010 00000009 40000009 0000 00 0000
    00000001 000b $(printf '11%.0s' {1..32})" > "$root/cmd/extend"

cat > "$root/init" << 'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/t/swtpm:/t/swtpm_ioctl:/t/swtpm_bios
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ip link set lo up
for module in fuse cuse tpm_vtpm_proxy; do insmod /lib/$module.ko; done
say() { echo "@@ $*"; }
# await COMMAND…: until it succeeds, for a minute or more
await() { n=0; until "$@"; do n=$((n + 1)); [ $n -lt 300 ] || return 1; sleep 0.2; done; }
gone() { ! test -e "$1"; }
# end: the swtpm of /tmp/pid, wholly: with its lock on the state, and its pid file
end()
{
    pid=$(cat /tmp/pid)
    kill $pid && await gone /proc/$pid && await gone /tmp/pid
}
# ask DEVICE COMMAND: the answer, which begins with tag, size and result
ask()
{
    exec 3<> "$1" || return
    cat "/cmd/$2" >&3
    dd bs=4096 count=1 <&3 2> /dev/null | od -An -v -tx1 | tr -d ' \n'
    exec 3>&-
}
d=/dev/vtpm9
run() { out=$(swtpm_ioctl --tpm-device $d "$@" 2>&1); say "$1: $? $out"; }
mkdir /tmp/s /tmp/p

swtpm cuse --tpm2 --tpmstate dir=/tmp/s; say "unnamed: $?"
swtpm cuse -n vtpm9 --tpm2 --tpmstate dir=/tmp/s --key pwdfile=/none; say "keyless: $?"
swtpm cuse -n vtpm9 -M 1 -m 3 --tpm2 --tpmstate dir=/tmp/s; say "number taken: $?"
swtpm cuse -n vtpm9 -M 260 -m 7 --tpm2 --tpmstate dir=/tmp/s --key pwdfile=/t/pw \
    --pid file=/tmp/pid
say "started: $?"
say "numbers: $(stat -c '%t %T' $d)"
say "filters: $(grep -c 'Seccomp:.*2' /proc/$(cat /tmp/pid)/status) $(grep -c 'Seccomp:.*2' /proc/$(pidof swtpm-cuse)/status)"
say "off: $(ask $d random)"
run -c; run -e; run -i; run -e; run -g; run -b 0; run -l 3; run -l 0; run -h words; run -v
swtpm_bios --tpm-device $d --tpm2 -o; say "bios: $?"
ask $d extend > /tmp/extend; say "extend: $(cat /tmp/extend)"
say "before: $(ask $d pcr16)"
run --info 1
run --save permanent /tmp/permanent; run --save volatile /tmp/volatile; run --save savestate /tmp/none
say "sizes: $(stat -c %s /tmp/permanent) $(stat -c %s /tmp/volatile) $(stat -c %s /tmp/none)"
run --load permanent /tmp/permanent
run --stop; run --load permanent /tmp/permanent; run --load volatile /tmp/volatile
head -c 4000 /tmp/volatile > /tmp/cut; run --load volatile /tmp/cut
run --load volatile /tmp/volatile; run -i
say "after: $(ask $d pcr16)"
pid=$(cat /tmp/pid)
run -s
await gone $d && await gone /proc/$pid && await gone /tmp/pid && say "shut"
swtpm cuse --name=vtpm9 --tpmstate dir=/tmp/s --pid file=/tmp/pid --flags startup-clear
say "again: $?"
run -c
end && await gone $d && say "killed"

swtpm chardev --vtpm-proxy --tpm2 --tpmstate dir=/tmp/p --ctrl type=unixio,path=/tmp/c -d \
    --pid file=/tmp/pid
say "proxy: $?"
await test -c /dev/tpmrm0
say "kernel: $(ask /dev/tpmrm0 random)"
ask /dev/tpm0 extend > /tmp/extend; say "kernel-extend: $(cat /tmp/extend)"
say "pcr: $(cat /sys/class/tpm/tpm0/pcr-sha256/16)"
d=/tmp/c; out=$(swtpm_ioctl --unix /tmp/c -g); say "proxy-ctrl: $? $out"
end && await gone /dev/tpm0 && say "proxy-gone"
swtpm chardev --vtpm-proxy --tpmstate dir=/tmp/p -d --pid file=/tmp/pid; say "proxy12: $?"
await test -c /dev/tpm0 && say "version: $(cat /sys/class/tpm/tpm0/tpm_version_major)"
kill $(cat /tmp/pid)
say "end"
sync
poweroff -f
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) > "$TMP/initrd"

# The guest's clock goes with what it executes: on a loaded machine the time-outs of its kernel's TPM
# driver would else come first.
start guest qemu-system-x86_64 -machine q35,accel=tcg -cpu max -smp 1 -m 384 -nodefaults \
    -icount shift=1,sleep=off \
    -no-reboot -display none -serial "file:$TMP/console" -kernel "$kernel" -initrd "$TMP/initrd" \
    -object rng-random,id=r,filename=/dev/urandom -device virtio-rng-pci,rng=r \
    -append "console=ttyS0 panic=-1 no_timer_check quiet"
# Whatever is amiss shows in what it says: it has an end.
PATIENCE=1500
wait_end guest || fail "QEMU ended badly"
tr -d '\r' < "$TMP/console" | sed -n 's/^@@ //p' > "$TMP/said"
cat "$TMP/said"
grep -q '^end' "$TMP/said" || { tail -30 "$TMP/console" >&2; fail "the guest did not finish"; }

# says LINE…: these lines, in this order, after those that were there before.
at=0
says()
{
    local line found

    for line in "$@"; do
        found=$(tail -n +$((at + 1)) "$TMP/said" | grep -nxE -m 1 -e "$line" | cut -d: -f1) || true
        [ -n "$found" ] || fail "the guest did not say, after line $at: $line"
        at=$((at + found))
    done
}
pcr=$(sed -n 's/^before: //p' "$TMP/said")
says 'unnamed: 1' 'keyless: 1' 'number taken: 1' 'started: 0' 'numbers: 104 7' 'filters: 1 1' \
    'off: 80010000000a00000101' \
    '-c: 0 ptm capability is 0x16fff' '-e: 1 .*0xa' '-i: 0 ' '-e: 0 tpmEstablished is 0' \
    '-g: 0 ptm configuration flags: 0x1' '-b: 0 TPM buffersize: 4096' '-l: 0 ' '-l: 0 ' '-h: 0 ' \
    '-v: 0 ' 'bios: 0' 'extend: 80020000001300000000.*' 'before: 8001.*' '--info: 0 .*"family":"2.0".*' \
    '--save: 0 ' '--save: 0 ' '--save: 0 ' 'sizes: [0-9]{4} [0-9]{4} 0' '--load: 1 .*0xa' '--stop: 0 ' \
    '--load: 0 ' '--load: 0 ' '--load: 1 .*' '--load: 0 ' '-i: 0 ' "after: $pcr" '-s: 0 ' 'shut' \
    'again: 0' '-c: 0 ptm capability is 0x16fff' 'killed' \
    'proxy: 0' 'kernel: 80010000001000000000.*' 'kernel-extend: 80020000001300000000.*' \
    'pcr: [0-9A-F]*[1-9A-F][0-9A-F]*' 'proxy-ctrl: 0 ptm configuration flags: 0x0' 'proxy-gone' \
    'proxy12: 0' 'version: 1' 'end'
