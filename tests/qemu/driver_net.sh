#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a guest reaches its CoCoTPM over TCP and vsock, has it as a kernel device, replays IMA's list, leaves its initrd, and panics when the TPM is lost
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

modules="virtio_pci virtio_net tpm_vtpm_proxy vsock_loopback"
coco_root vm "$(ours cocotpm-relay)" << EOS
mount -t securityfs none /sys/kernel/security
ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0
mkdir -p /etc; touch /etc/initrd-release
# The way to the CoCoTPM: from relay to relay over the kernel's vsock, from each kind of socket to
# vsock and from vsock to each.
ip link set lo up
relay() { cocotpm-relay --listen \$1 --to \$2 --pid file=/run/\$3.pid -d || say "fault: no relay \$1"; }
relay vsock:1:7005 tcp:10.0.2.2:$port tcp
relay tcp:127.0.0.1:7004 vsock:1:7005 from-tcp
relay vsock:1:7003 tcp:127.0.0.1:7004 to-tcp
relay vsock:1:7002 vsock:1:7003 vsock
relay unixio:/run/hop vsock:1:7002 from-unix
relay vsock:1:7000 unixio:/run/hop relay
LINK=vsock:1:7000 attach --vtpm-proxy --ima --on-loss panic
say "devices: \$(ls -l /dev/tpm0 /dev/tpmrm0 | cut -c1 | tr -d '\n')"
say "links: \$(readlink /dev/cocotpm) \$(readlink /dev/cocotpmrm)"
TPM2TOOLS_TCTI=device:/dev/cocotpmrm
say "random: \$(tpm2_getrandom --hex 8)"
say "argv: \$(tr '\0' ' ' < /proc/\$(cat /run/driver.pid)/cmdline | cut -c1-10)"
# PCR 10 and the list, with nothing measured in between but what is looked at again.
cat > /bin/settle << 'EOF2'
n=0
until [ \$n = 30 ]; do
    n=\$((n + 1))
    before=\$(cat /sys/kernel/security/ima/runtime_measurements_count)
    value=\$(tpm2_pcrread sha256:10 | sed -n 's/.*: 0x//p')
    cat /sys/kernel/security/ima/ascii_runtime_measurements > /tmp/list
    [ "\$before" = "\$(wc -l < /tmp/list)" ] && [ "\$value" = "\$last" ] && break
    last=\$value
    sleep 2
done
EOF2
. /bin/settle
say "ima: \$value"
say "entries: \$(wc -l < /tmp/list)"

# Out of the initrd: the driver stays, and finds what it needs in the new root.
mkdir /newroot; mount -t ramfs none /newroot
cp -a /bin /lib /lib64 /usr /newroot/ 2> /dev/null
mkdir -p /newroot/dev /newroot/proc /newroot/sys /newroot/run /newroot/tmp
cat > /newroot/init2 << 'EOF2'
#!/bin/busybox sh
export PATH=/bin TPM2TOOLS_TCTI=device:/dev/cocotpmrm
say() { echo "@@ \$*"; }
n=0
until grep -q "moved to the new root" /run/driver.log || [ \$n = 600 ]; do n=\$((n + 1)); sleep 0.1; done
say "root: \$(readlink /proc/\$(cat /run/driver.pid)/root)"
say "after: \$(tpm2_getrandom --hex 8)"
# What is measured from here on is in PCR 10, too.
echo "new in the new root" > /fresh; cat /fresh > /dev/null
. /bin/settle
say "ima-after: \$value"
say "fresh: \$(grep -c ' /fresh' /tmp/list)"
cat /sys/kernel/security/ima/binary_runtime_measurements | od -An -v -tx1 | tr -d ' \n' > /tmp/binary
say "binary: \$(cat /tmp/binary)"
kill -9 \$(cat /run/relay.pid)
cocotpm-relay --listen vsock:1:7000 --to vsock:1:7005 -d
say "resumed: \$(tpm2_getrandom --hex 8)"
say "end"
# From here on the CoCoTPM knows this session no more.
say "loss"
n=0
until [ \$n = 600 ]; do n=\$((n + 1)); tpm2_getrandom --hex 8 > /dev/null 2>&1; sleep 1; done
say "survived"
sync
poweroff -f
EOF2
chmod 755 /newroot/init2
for m in dev proc sys run tmp; do mount --move /\$m /newroot/\$m; done
exec switch_root /newroot /init2
EOS
append="rootfstype=ramfs ima_policy=tcb ima_hash=sha256" net_guest vm
PATIENCE=1800
wait_serial vm 1 '@@ loss'
stop coco KILL || true
tpm_start_net
wait_end vm || fail "QEMU ended badly"

grep -aq '@@ end' "$TMP/vm.serial" || { tail -n 30 "$TMP/vm.serial" >&2; fail "the guest did not finish"; }
! grep -aq '@@ fault' "$TMP/vm.serial" || fail "the guest: $(grep -a '@@ fault' "$TMP/vm.serial")"
! grep -aq '@@ survived' "$TMP/vm.serial" || fail "the guest lives on without its TPM"
grep -aqi 'sysrq.*crash' "$TMP/vm.serial" || fail "the kernel did not panic"
[ -z "$(said vm refused)" ] || fail "the driver: $(said vm refused)"
[ "$(said vm devices)" = cc ] || fail "no kernel device: $(said vm devices)"
[ "$(said vm links)" = "/dev/tpm0 /dev/tpmrm0" ] || fail "links: $(said vm links)"
for word in random after resumed; do
    [[ $(said vm "$word") =~ ^[0-9a-f]{16}$ ]] || fail "GetRandom ($word): $(said vm "$word")"
done
[[ $(said vm argv) = @* ]] || fail "systemd would end the driver with the initrd: $(said vm argv)"
[ "$(said vm root)" = / ] || fail "the driver's root is $(said vm root)"
grep -q resumed "$TMP/coco.log" || fail "the link was not lost and resumed"

# What the kernel measured, replayed here.
said vm binary | unhex > "$TMP/list"
[ "$(said vm entries)" -gt 5 ] || fail "the kernel measured next to nothing"
replay()
{
    local at=0 size name_len data_len value

    size=$(stat -c %s "$TMP/list")
    value=$(printf '0%.0s' {1..64})
    while [ "$at" -lt "$size" ]; do
        name_len=$(od -An -tu4 -j $((at + 24)) -N 4 "$TMP/list" | tr -d ' ')
        data_len=$(od -An -tu4 -j $((at + 28 + name_len)) -N 4 "$TMP/list" | tr -d ' ')
        digest=$(slice "$TMP/list" $((at + 32 + name_len)) "$data_len" | unhex | sha256sum | cut -d' ' -f1)
        [ "$(slice "$TMP/list" $((at + 4)) 20)" != "$(printf '0%.0s' {1..40})" ] || digest=$(printf 'f%.0s' {1..64})
        value=$(unhex <<< "$value$digest" | sha256sum | cut -d' ' -f1)
        echo "$value"
        at=$((at + 32 + name_len + data_len))
    done
}
replay > "$TMP/values"
[ "$(said vm fresh)" = 1 ] || fail "nothing was measured in the new root"
[ "$(said vm ima)" != "$(said vm ima-after)" ] || fail "the list is not followed in the new root"
for word in ima ima-after; do
    grep -qix "$(said vm $word)" "$TMP/values" ||
        fail "PCR 10 ($word) is $(said vm $word), which the list does not lead to"
done
