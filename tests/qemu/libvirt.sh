#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: libvirt defines, starts, resets, saves, restores and undefines domains with our TPM 2 and TPM 1.2
# slow: yes
# sanitizers: no
# limit: 1800
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need libvirtd virsh unshare ip
if [ -z "${IN_NAMESPACES:-}" ]; then
    # Nothing of the host's libvirt is seen or touched, and whatever libvirtd starts ends with us.
    unshare -m -n -p --fork --mount-proc true 2> /dev/null || skip "namespaces of one's own need root"
    [ -z "${own_tmp:-}" ] || rmdir "$TMP"
    IN_NAMESPACES=yes exec unshare -m -n -p --fork --kill-child --mount-proc "$0" "$@"
fi
. "$(dirname "$0")/guest.inc"

mount --make-rprivate /
ip link set lo up
for folder in /etc/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt /var/log/swtpm \
    /var/lib/swtpm-localca /run /mnt; do
    mkdir -p "$folder"
    mount -t tmpfs none "$folder"
done
chmod 711 /var/lib/libvirt
mkdir -p /run/libvirt /mnt/bin

# Our programs first in PATH, where the user that libvirt gives to swtpm can read them; and with
# our own swtpm_localca behind swtpm_setup.
user=root
! id tss > /dev/null 2>&1 || user=tss
chown "$user" /var/lib/swtpm-localca
for program in swtpm swtpm-full swtpm_setup swtpm_ioctl swtpm_cert swtpm_localca; do
    cp "$(ours $program)" /mnt/bin/
done
chmod 755 /mnt /mnt/bin
export PATH=/mnt/bin:$PATH HOME=/mnt/home TMPDIR=/mnt/tmp
mkdir -m 755 "$HOME" "$HOME/.config"
mkdir -m 1777 "$TMPDIR"
unset XDG_CONFIG_HOME XDG_RUNTIME_DIR XDG_CACHE_HOME XDG_DATA_HOME
cat > "$HOME/.config/swtpm_setup.conf" << END
create_certs_tool = swtpm_localca
create_certs_tool_config = $HOME/.config/swtpm-localca.conf
create_certs_tool_options = $HOME/.config/swtpm-localca.options
active_pcr_banks = sha256
END
cat > "$HOME/.config/swtpm-localca.conf" << END
statedir = /var/lib/swtpm-localca
signingkey = /var/lib/swtpm-localca/signkey.pem
issuercert = /var/lib/swtpm-localca/issuercert.pem
certserial = /var/lib/swtpm-localca/certserial
END
printf -- '--platform-manufacturer Test\n--platform-version 2.1\n--platform-model Test\n' \
    > "$HOME/.config/swtpm-localca.options"

cat > /etc/libvirt/qemu.conf << END
user = "root"
group = "root"
dynamic_ownership = 0
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
stdio_handler = "file"
swtpm_user = "$user"
swtpm_group = "$(id -gn "$user")"
END
printf 'auth_unix_rw = "none"\nauth_unix_ro = "none"\n' > /etc/libvirt/libvirtd.conf
start libvirtd libvirtd --config /etc/libvirt/libvirtd.conf
wait_socket libvirtd /run/libvirt/libvirt-sock
make_initrd "$TMP/initrd"

virsh()
{
    command virsh -q -c qemu:///system "$@" || {
        tail -n 5 /var/log/swtpm/libvirt/qemu/*.log /var/log/libvirt/qemu/*.log >&2 || true
        fail "virsh $*"
    }
}

# define NAME N VERSION MODEL [XML of the backend]: a domain whose UUID ends with N.
define()
{
    uuid=5bd3c5c4-0d9a-4d31-9f10-00000000000$2
    cat > "$TMP/$1.xml" << END
<domain type='qemu'>
  <name>$1</name><uuid>$uuid</uuid>
  <memory unit='MiB'>192</memory><vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>$kernel</kernel><initrd>$TMP/initrd</initrd>
    <cmdline>console=ttyS0 quiet panic=-1 no_timer_check</cmdline>
  </os>
  <features><acpi/></features>
  <cpu mode='maximum'/>
  <on_poweroff>destroy</on_poweroff>
  <devices>
    <serial type='file'><source path='$TMP/$1.serial' append='on'/></serial>
    <memballoon model='none'/>
    <tpm model='$4'><backend type='emulator' version='$3'>${5:-}</backend></tpm>
  </devices>
</domain>
END
    virsh define "$TMP/$1.xml"
}

# running NAME COUNT: it has booted so many times in all, and its TPM works.
running()
{
    wait_serial "$1" "$2" "BOOT extend=(800200000013|00c40000001e)00000000.* \\."
    : > "$TMP/seen"
    last=$(grep -ac ALIVE "$TMP/$1.serial") || true
    wait_serial "$1" $((last + 2)) 'ALIVE .*pcr16=.* \.'
    [[ $(field "$1" random) =~ ^(800100000014|00c400000016)00000000 ]] || fail "$1: GetRandom failed"
    [[ $(field "$1" pcr16) =~ [1-9A-F] ]] || fail "$1: PCR 16 is empty"
}

# The swtpm of a domain is ours.
is_ours()
{
    local process

    for process in /proc/[0-9]*; do
        if tr '\0' ' ' < "$process/cmdline" 2> /dev/null | finds "^[^ ]*swtpm socket .*$uuid"; then
            [[ $(readlink "$process/exe") = /mnt/bin/swtpm* ]] || fail "another swtpm: $process"
            return
        fi
    done
    fail "no swtpm runs"
}

# life NAME STATEFILE: start, save, restore, stop, start again, undefine.
life()
{
    local name=$1 file=/var/lib/libvirt/swtpm/$uuid/$2 pcr16 boots=1

    virsh start "$name"
    running "$name" 1
    is_ours
    [ -s "$file" ] || fail "$name: no $file"
    pcr16=$(field "$name" pcr16)
    if [ -n "${3:-}" ]; then
        virsh reset "$name"
        boots=2
        running "$name" 2
        [ "$(field "$name" pcr16)" = "$pcr16" ] || fail "$name: PCR 16 survived a reset"
    fi
    virsh save "$name" "$TMP/$name.saved"
    ! is_listed "$name" || fail "$name runs on"
    virsh restore "$TMP/$name.saved"
    running "$name" $boots
    serial_has "$name" $((boots + 1)) BOOT && fail "$name was started anew, not restored"
    [ "$(field "$name" pcr16)" = "$pcr16" ] || fail "$name: PCR 16 is another after save and restore"
    is_ours
    virsh destroy "$name"
}

is_listed()
{
    command virsh -q -c qemu:///system list --name | finds -x "$1"
}

# end NAME: the state goes with the domain.
end()
{
    [ -d "/var/lib/libvirt/swtpm/$uuid" ] || fail "$1: the state has gone too early"
    virsh undefine "$1"
    [ ! -e "/var/lib/libvirt/swtpm/$uuid" ] || fail "$1: the state stays after undefine"
}

define plain 1 2.0 tpm-crb
life plain tpm2/tpm2-00.permall reset
grep -aq 'banks=.*pcr-sha256' "$TMP/plain.serial" || fail "plain: no bank of SHA-256"
end plain

define old 2 1.2 tpm-tis
life old tpm1.2/tpm-00.permall
end old

secret=5bd3c5c4-0d9a-4d31-9f10-0000000000aa
cat > "$TMP/secret.xml" << END
<secret ephemeral='no' private='yes'>
  <uuid>$secret</uuid><usage type='vtpm'><name>VTPM_secret</name></usage>
</secret>
END
printf 'a passphrase of libvirt' > "$TMP/passphrase"
virsh secret-define "$TMP/secret.xml"
virsh secret-set-value "$secret" --file "$TMP/passphrase"
define secret 3 2.0 tpm-tis \
    "<encryption secret='$secret'/><active_pcr_banks><sha256/><sha384/></active_pcr_banks>"
life secret tpm2/tpm2-00.permall
grep -aq 'banks=pcr-sha256 pcr-sha384 \.' "$TMP/secret.serial" ||
    fail "secret: other banks than its definition says: $(grep -a BOOT "$TMP/secret.serial")"
[ "$(slice "/var/lib/libvirt/swtpm/$uuid/tpm2/tpm2-00.permall" 4 2)" = 0009 ] ||
    fail "secret: the state is not encrypted under a key of 256 bits"
# Started once more, on the encrypted state that is there.
virsh start secret
running secret 2
virsh destroy secret
end secret
stop libvirtd || fail "libvirtd ends badly"
