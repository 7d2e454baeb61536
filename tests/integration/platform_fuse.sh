#!/bin/bash
# test: the sev-guest platform on a file that is /dev/sev-guest in a mount namespace of its own
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"

[ -w /dev/fuse ] || skip "/dev/fuse is not there"
need fusermount3 unshare
unshare -m true 2> /dev/null || skip "a mount namespace is not allowed here"
platform=$(ours platform)

image vm "firmware, kernel and initrd"
chip_start chip
vm_launch chip vm "$TMP/vm.img"
mkdir "$TMP/mnt"
start front "$snpemu" fuse --guest "$TMP/vm" --mount "$TMP/mnt"
at_exit fusermount3 -q -u -z "$TMP/mnt"
retry mountpoint -q "$TMP/mnt" || skip "FUSE cannot be mounted here"

# in_vm COMMAND…: sees the file as /dev/sev-guest, and nothing else of the host's /dev.
in_vm()
{
    unshare -m bash -c '
        mount --make-rprivate /
        mount -t tmpfs none /dev
        touch /dev/sev-guest /dev/null /dev/urandom
        mount --bind "$1" /dev/sev-guest
        shift
        "$@"' bash "$TMP/mnt/sev-guest" "$@"
}

tcb=0x541700000000000a
in_vm "$platform" sev-guest evidence 9 "$TMP/report" || fail "no report through the device"
[ -s "$TMP/report.vek" ] || fail "no VEK certificate"
"$(ours cocotpm-verify)" report --report "$TMP/report" --vek "$TMP/report.vek" \
    --chain "$TMP/chip/chain.pem" --root "$TMP/chip/ark.pem" > /dev/null ||
    fail "the report is refused"
in_vm "$platform" auto evidence 9 "$TMP/report" || fail "the device is not found by itself"

# The same key through the device and over the emulator's own socket.
key=$(in_vm "$platform" sev-guest key 0x2b $tcb)
[ "$key" = "$("$platform" "emulator:$TMP/vm" key 0x2b $tcb)" ] || fail "two keys for one question"
[ "$key" != "$("$platform" "emulator:$TMP/vm" key 0x2a $tcb)" ] || fail "the selection is nothing"
expect_fail 'status 0x16' in_vm "$platform" sev-guest key 0x2b 0xff1700000000000a
expect_fail 'status 0x16' in_vm "$platform" sev-guest key 0x1000 $tcb

# Burnt: nothing comes from this launch any more, by whatever way; a new one has evidence again.
in_vm "$platform" sev-guest burn || fail "burning"
expect_fail 'VMPCK is gone' in_vm "$platform" sev-guest evidence 9 "$TMP/report"
expect_fail 'VMPCK is gone' "$platform" "emulator:$TMP/vm" evidence 9 "$TMP/report"
expect_fail 'VMPCK is gone' "$platform" "emulator:$TMP/vm" key 0x2b $tcb
vm_launch chip vm "$TMP/vm.img"
"$platform" "emulator:$TMP/vm" evidence 9 "$TMP/report" || fail "a new launch has no evidence"
[ "$("$platform" "emulator:$TMP/vm" key 0x2b $tcb)" = "$key" ] || fail "a new launch, another key"
