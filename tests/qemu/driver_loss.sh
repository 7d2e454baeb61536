#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a guest whose TPM is lost for good has a kernel device that fails every command, also after the kernel gave one up
# slow: yes
# limit: 2400
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/tunnel.inc"
need modprobe

port=$(free_port)
world
tpm_start_net

modules="virtio_pci virtio_net tpm_vtpm_proxy"
coco_root vm "$(ours tpm_time)" << EOS
ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0
LINK=tcp:10.0.2.2:$port attach --vtpm-proxy
ask() { tpm_time /dev/cocotpm 80010000000c0000017b0008 1 2>&1 | sed -n 1p; }
say "before: \$(ask)"
say "loss"
# While the driver tries to resume, the kernel waits for seconds only.
n=0
until [ "\$answer" = 80010000000a00000101 ] || [ \$n = 600 ]; do
    n=\$((n + 1))
    answer=\$(ask)
    case \$answer in tpm_time:*) say "given up: \$n" ;; esac
    sleep 0.2
done
say "after: \$answer"
say "again: \$(ask)"
say "tool: \$(TPM2TOOLS_TCTI=device:/dev/cocotpmrm tpm2_getrandom --hex 8 2>&1 | tail -n 1)"
[ -d /proc/\$(cat /run/driver.pid) ] && say "driver: there"
EOS
net_guest vm
PATIENCE=1800
wait_serial vm 1 '@@ loss'
stop coco KILL || true
tpm_start_net
wait_end vm || fail "QEMU ended badly"

grep -aq '@@ end: 0' "$TMP/vm.serial" || { tail -n 30 "$TMP/vm.serial" >&2; fail "the guest did not finish"; }
[ -z "$(said vm refused)" ] || fail "the driver: $(said vm refused)"
[[ $(said vm before) =~ ^8001000000140{8}0008[0-9a-f]{16}$ ]] || fail "GetRandom before: $(said vm before)"
[ -n "$(said vm 'given up')" ] || fail "the kernel gave no command up: nothing was tried of a late answer"
for word in after again; do
    [ "$(said vm $word)" = 80010000000a00000101 ] || fail "$word the loss: $(said vm $word)"
done
[[ $(said vm tool) != "" && ! $(said vm tool) =~ ^[0-9a-f]{16}$ ]] || fail "a tool: $(said vm tool)"
[ "$(said vm driver)" = there ] || fail "the driver ended"
