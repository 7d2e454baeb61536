#!/bin/bash
# test: the sev-guest platform on a CUSE device /dev/sev-guest in a guest with Debian's kernel
# slow: yes
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"

need qemu-system-x86_64 busybox cpio ldd
kernel=$(find /boot -maxdepth 1 -name 'vmlinuz-*-cloud-amd64' -readable 2> /dev/null | sort -V | tail -1)
[ -n "$kernel" ] || skip "Debian's cloud kernel is not installed"
modules=/lib/modules/${kernel#*/vmlinuz-}/kernel/fs/fuse
[ -e "$modules/cuse.ko" ] || skip "the kernel's module cuse is not installed"
platform=$(ours platform)
verify=$(ours cocotpm-verify)

# The chip is made out here: RSA keys take minutes on an emulated processor.
image vm "firmware, kernel and initrd"
chip_start chip
chip_do chip quit
wait_end chip || fail "the emulator ended badly"

root=$TMP/root
mkdir -p "$root"/{bin,dev,proc,sys,tmp,lib,lib64,chip,pki}
cp "$(command -v busybox)" "$root/bin/busybox"
cp "$snpemu" "$platform" "$root/bin/"
cp "$modules/fuse.ko" "$modules/cuse.ko" "$root/lib/"
cp "$TMP"/chip/{chip.conf,seed,vcek-*.key} "$root/chip/"
cp "$SNP_PKI"/{csp-secret,ark-genoa.*,ask-genoa.*} "$root/pki/"
cp "$TMP/vm.img" "$root/"
# The programs' libraries, at the places where the loader looks for them.
ldd "$snpemu" "$platform" | grep -o '/[^ ]*' | grep -v ':$' | sort -u | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done

cat > "$root/init" << 'EOF'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ip link set lo up
say() { echo "@@ $*"; }
insmod /lib/fuse.ko
insmod /lib/cuse.ko
cocotpm-snpemu --socket /tmp/ctl --state /chip --pki /pki -d || say "fault: emulator"
cocotpm-snpemu launch --socket /tmp/ctl --measurement-of /vm.img --guest /tmp/vm > /dev/null
cocotpm-snpemu cuse --guest /tmp/vm &
n=0
until [ -c /dev/sev-guest ] || [ $n = 300 ]; do n=$((n + 1)); sleep 0.1; done
[ -c /dev/sev-guest ] && say "device: character"
platform auto evidence 9 /tmp/report && say "report: $(od -An -v -tx1 /tmp/report | tr -d ' \n')"
[ -s /tmp/report.vek ] && say "vek: $(od -An -v -tx1 /tmp/report.vek | tr -d ' \n')"
say "key: $(platform sev-guest key 0x2b 0x541700000000000a)"
say "same: $(platform emulator:/tmp/vm key 0x2b 0x541700000000000a)"
say "status: $(platform sev-guest key 0x2b 0xff1700000000000a 2>&1)"
platform sev-guest burn && say "burn: done"
say "after: $(platform sev-guest evidence 9 /tmp/report 2>&1)"
say "end"
sync
poweroff -f
EOF
chmod +x "$root/init"
(cd "$root" && find . -mindepth 1 -printf '%P\0' | cpio --quiet -0 -o -H newc) > "$TMP/initrd"

start guest nice qemu-system-x86_64 -machine q35,accel=tcg -cpu max -smp 1 -m 384 -nodefaults \
    -no-reboot -display none -serial "file:$TMP/console" -kernel "$kernel" -initrd "$TMP/initrd" \
    -append "console=ttyS0 panic=-1 no_timer_check quiet"
PATIENCE=600
wait_end guest || fail "QEMU ended badly"

# said WORD: what the guest said of it.
said()
{
    sed -n "s/^@@ $1: //p" "$TMP/console" | tr -d '\r'
}

grep -q '^@@ end' "$TMP/console" || { tail -30 "$TMP/console" >&2; fail "the guest did not finish"; }
[ "$(said device)" = character ] || fail "no character device"
said report | unhex > "$TMP/report"
said vek | unhex > "$TMP/vek"
"$verify" report --report "$TMP/report" --vek "$TMP/vek" --chain "$TMP/chip/chain.pem" \
    --root "$TMP/chip/ark.pem" --report-data "$(printf '09%.0s' {1..64})" > /dev/null ||
    fail "the report from the guest is refused"
[[ $(said key) =~ ^[0-9a-f]{64}$ ]] || fail "no key: $(said key)"
[ "$(said key)" = "$(said same)" ] || fail "the device gives another key than the launch"
[[ $(said status) =~ 'status 0x16' ]] || fail "a TCB too high: $(said status)"
[ "$(said burn)" = done ] || fail "burning"
[[ $(said after) =~ 'VMPCK is gone' ]] || fail "evidence after burning: $(said after)"
