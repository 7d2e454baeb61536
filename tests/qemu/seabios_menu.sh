#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: SeaBIOS's TPM menu shows our TPM, changes its PCR banks, and clears TPM 2 and TPM 1.2
# slow: yes
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need qemu-system-x86_64 socat tpm2_getcap
swtpm=$(ours swtpm)
setup=$(ours swtpm_setup)
cd "$TMP"

# boot NAME OPTION…: a machine whose firmware has no screen but its serial line, and that TPM.
boot()
{
    local name=$1

    shift
    start "tpm.$name" "$swtpm" socket --tpmstate dir="$TMP/$name" --terminate \
        --ctrl type=unixio,path="$TMP/$name.ctrl" "$@"
    wait_socket "tpm.$name" "$TMP/$name.ctrl"
    start "$name" qemu-system-x86_64 -machine q35,accel=tcg,graphics=off -nodefaults -vga none \
        -display none -m 64 -boot menu=on,splash-time=60000 \
        -chardev "socket,id=line,path=$TMP/$name.line,server=on,wait=off,logfile=$TMP/$name.screen" \
        -serial chardev:line -monitor "unix:$TMP/$name.mon,server,nowait" \
        -chardev socket,id=chrtpm,path="$TMP/$name.ctrl" -tpmdev emulator,id=tpm0,chardev=chrtpm \
        -device tpm-tis,tpmdev=tpm0
}

# shows NAME WORDS: on what was written since the last key.
shown()
{
    tail -c "+$((seen + 1))" "$1.screen" 2> /dev/null | tr -d '\r' | finds -aE -- "$2"
}

shows()
{
    retry shown "$@" || { tail -n 30 "$1.screen" >&2; fail "$1: the firmware does not show '$2'"; }
}

# press NAME KEY: and forget what was there.
press()
{
    seen=$(stat -c %s "$1.screen")
    printf %b "$2" | socat -u - "unix-connect:$TMP/$1.line"
}

# menu NAME: from the start of the firmware to its TPM menu.
menu()
{
    shows "$1" 'Press ESC for boot menu'
    press "$1" '\033'
    shows "$1" '^t\. TPM Configuration'
    press "$1" t
    shows "$1" 'press ESC to'
}

# leave NAME: the machine is switched off, and its TPM ends.
leave()
{
    echo quit | socat -t 30 - "unix-connect:$TMP/$1.mon" > quit.out || true
    wait_end "$1" || fail "QEMU does not end"
    wait_end "tpm.$1" || fail "swtpm does not end with QEMU, or not with success"
}

# persistent: the handles of a TPM 2 that is not in use.
persistent()
{
    start reader "$swtpm" socket --tpm2 --tpmstate dir="$TMP/two" --server type=unixio,path="$TMP/s" \
        --ctrl type=unixio,path="$TMP/s.ctrl" --flags not-need-init,startup-clear
    wait_socket reader "$TMP/s"
    TPM2TOOLS_TCTI="swtpm:path=$TMP/s" tpm2_getcap handles-persistent
    stop reader || true
    rm -f s s.ctrl
}

seen=0
mkdir two one
"$setup" --tpm2 --tpm-state two --tpm "$swtpm socket" --create-spk > setup.out
persistent > before
grep -q 0x81000001 before || fail "no storage key was made: $(cat before)"
boot two --tpm2
menu two
echo "TPM 2: banks"
press two 2
shows two '1: SHA1$'
shows two '2: SHA256 \(enabled\)'
press two 1
shows two '1: SHA1 \(enabled\)'
shows two 'A *: activate'
press two a
menu two
press two 2
shows two '1: SHA1 \(enabled\)'
shows two 'ESC: return'
press two '\033'
echo "TPM 2: clear"
shows two '^1\. Clear TPM'
shows two 'press ESC to'
press two 1
shows two 'press ESC to'
press two '\033'
shows two 'Press ESC for boot menu'
leave two
persistent > after
! grep -q 0x81000001 after || fail "the storage key has survived the clear"

echo "TPM 1.2: owned, cleared"
seen=0
"$setup" --tpm-state one --tpm "$swtpm socket" --take-ownership > setup.out
boot one
menu one
shows one 'Enabled and active'
shows one 'Ownership has been taken'
press one c
shows one 'Owner successfully cleared'
shows one 'Disabled and deactivated'
shows one 'Ownership has not been taken'
shows one 'press ESC to'
press one e
shows one 'Enabled '
leave one
