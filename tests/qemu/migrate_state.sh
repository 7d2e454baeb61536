#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a guest moves with copied, encrypted state from Debian's swtpm to ours, on, and back
# slow: yes
# sanitizers: no
# limit: 1800
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guest.inc"

theirs=/usr/bin/swtpm
[ -x "$theirs" ] || skip "Debian's swtpm is not installed"
swtpm=$(ours swtpm)
make_initrd "$TMP/initrd"
printf 'of the files' > "$TMP/file"
printf 'of the migration' > "$TMP/migration"

# tpm NAME PROGRAM OPTION…: with a folder of its own; the state comes and goes through QEMU.
tpm()
{
    local name=$1 program=$2

    shift 2
    mkdir -p "$TMP/$name"
    start "tpm.$name" "$program" socket --tpm2 --tpmstate dir="$TMP/$name" --terminate \
        --ctrl type=unixio,path="$TMP/$name.ctrl" --key pwdfile="$TMP/file",mode=aes-256-cbc \
        --migration-key pwdfile="$TMP/migration",mode=aes-256-cbc "$@"
    wait_socket "tpm.$name" "$TMP/$name.ctrl"
}

migrated()
{
    monitor "$1" "info migrate" | finds 'Migration status: completed'
}

# move FROM TO PROGRAM OPTION…: the guest goes on with the TPM that it had.
move()
{
    local from=$1 to=$2

    shift 2
    tpm "$to" "$@"
    guest "$to" "$TMP/$to.ctrl" tpm-tis -incoming "unix:$TMP/$to.wire"
    retry test -S "$TMP/$to.wire" || fail "$to does not listen"
    monitor "$from" "migrate -d unix:$TMP/$to.wire" > /dev/null
    PATIENCE=300 retry migrated "$from" ||
        fail "$from does not reach $to: $(monitor "$from" 'info migrate')"
    monitor "$from" quit > /dev/null || true
    wait_serial "$to" 3 'ALIVE .*pcr16=.* \.'
    [ "$(field "$to" pcr16)" = "$pcr16" ] || fail "$to: PCR 16 is another"
    [ "$(field "$to" pcr0)" = "$pcr0" ] || fail "$to: PCR 0 is another"
    ! grep -qa BOOT "$TMP/$to.serial" || fail "$to: the guest was started anew"
    [[ $(field "$to" random) =~ ^80010000001400000000 ]] || fail "$to: GetRandom failed"
    [ "$(slice "$TMP/$to/tpm2-00.permall" 4 2)" = 0009 ] || fail "$to: the state is not encrypted"
    wait_end "tpm.$from" || fail "the swtpm of $from does not end with success"
    wait_end "$from" || fail "QEMU $from does not end"
}

tpm a "$theirs"
guest a "$TMP/a.ctrl" tpm-tis
wait_serial a 1 'ALIVE 2 .*pcr16=.* \.'
pcr0=$(field a pcr0)
pcr16=$(field a pcr16)
[[ $pcr16 =~ [1-9A-F] ]] || fail "PCR 16 is empty"
move a b "$swtpm"
move b c "$swtpm" --migration incoming,release-lock-outgoing
move c d "$theirs"
monitor d quit > /dev/null || true
wait_end d || fail "QEMU does not end"
wait_end tpm.d || fail "Debian's swtpm does not end with success"

# And what one program left in its files is the other's at the next boot.
tpm d "$swtpm"
guest e "$TMP/d.ctrl" tpm-crb
wait_serial e 1 'ALIVE 1 .*pcr16=.* \.'
[[ $(field e random) =~ ^80010000001400000000 ]] || fail "GetRandom failed on Debian's state"
[ "$(field e pcr16)" = "$pcr16" ] || fail "PCR 16 is not extended once from zero"
monitor e quit > /dev/null || true
wait_end e || fail "QEMU does not end"
wait_end tpm.d || fail "swtpm does not end with success"
