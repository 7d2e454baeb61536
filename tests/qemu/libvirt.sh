#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: libvirt defines, starts, resets, saves, restores and undefines domains with our TPM 2 and TPM 1.2
# slow: yes
# sanitizers: no
# limit: 1800
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

. "$(dirname "$0")/libvirt.inc"

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
