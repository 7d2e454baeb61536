#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: swtpm_ioctl and the control channel say what Debian's say, command by command
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

theirs=/usr/bin/swtpm
[ -x "$theirs" ] && [ -x /usr/bin/swtpm_ioctl ] || skip "Debian's swtpm is not installed"
swtpm=$(ours swtpm)
ioctl=$(ours swtpm_ioctl)
cd "$TMP"
printf 'abcdefgh' > input

# one SWTPM IOCTL NAME: every command in a fixed order, with output and status.
one()
{
    local server=$1 client=$2 name=$3

    mkdir "$TMP/$name"
    start "$name" "$server" socket --tpm2 --tpmstate dir="$TMP/$name" \
        --ctrl type=unixio,path="$TMP/$name.ctrl" --server type=unixio,path="$TMP/$name.data"
    wait_socket "$name" "$TMP/$name.ctrl"
    call()
    {
        local status=0

        echo "== $*"
        "$client" --unix "$TMP/$name.ctrl" "$@" < input 2>&1 || status=$?
        echo "status $status"
    }
    for state in off on; do
        call -c; call -e; call -g; call -b 0; call -l 0; call -l 1; call -l 5; call -r 3; call -r 9
        call -v; call -C; call -h words; call -h -; call --info 7; call --info 1; call --info xx
        call --save permanent "$TMP/$name.permanent"; call --save savestate "$TMP/$name.saved"
        call --save nonsense "$TMP/$name.x"
        if [ "$state" = off ]; then
            call -b 3000
            call -i
        fi
    done
    call -b 4096
    call --load permanent "$TMP/$name.permanent"
    call --stop; call --stop
    call --load permanent "$TMP/$name.permanent"
    call -i
    call -c -i
    call -s
    wait_end "$name" || fail "$name does not end with success"
}

# What may differ: the bit of LOCK_STORAGE that 0.8 added, and a line end that Debian's forgets.
normal()
{
    sed -e 's/0x1ffff/0xffff/' -e "s,$TMP/[a-z]*,PATH,g" \
        -e 's/\(.\)status \([0-9]*\)$/\1\nstatus \2/' "$1"
}

one "$theirs" /usr/bin/swtpm_ioctl dd > dd.out
one "$theirs" "$ioctl" do > do.out
one "$swtpm" /usr/bin/swtpm_ioctl od > od.out
one "$swtpm" "$ioctl" oo > oo.out
for pair in do od oo; do
    diff <(normal dd.out) <(normal $pair.out) > $pair.diff ||
        { cat $pair.diff; fail "$pair differs from Debian's with Debian's"; }
done
cmp -s <(stat -c %a "$TMP/dd.permanent") <(stat -c %a "$TMP/oo.permanent") || fail "mode of blobs"

# Without a swtpm: words and status.
for args in "-c" "--unix $TMP/none -c" "--tcp 127.0.0.1:1 -c" "--tcp :99999 -c" "/dev/null -c" \
    "$TMP/none -c" "--unix $TMP/none" "--bad"; do
    for client in /usr/bin/swtpm_ioctl "$ioctl"; do
        status=0
        # shellcheck disable=SC2086
        "$client" $args > unreached.out 2>&1 || status=$?
        [ "$status" = 1 ] || fail "$client $args ends with $status"
    done
done
