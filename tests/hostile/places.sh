#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: symbolic and hard links, FIFOs, folders, sockets and devices in the places of the state file,
# its successor and its lock, before the start and while the TPM runs: refused, replaced or waited for
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"
need mkfifo socat
folder=$TMP/state
sealed=$folder/tpm2-00.sealed
kinds=(link nowhere fifo folder socket empty)
[ "$(id -u)" != 0 ] || ! mknod "$TMP/zero" c 1 5 2> /dev/null || kinds+=(device)

# put KIND PLACE [TARGET]: something of this kind there, where there was a file or nothing; a link to
# TARGET.
put()
{
    rm -rf "$2"
    case $1 in
    link) ln -s "$3" "$2" ;;
    nowhere) ln -s "$TMP/nowhere" "$2" ;;
    hard) ln "$3" "$2" ;;
    fifo) mkfifo "$2" ;;
    folder) mkdir "$2" ;;
    socket)
        socat -u "UNIX-LISTEN:$2" - &
        retry test -S "$2" || fail "no socket"
        # It would take its socket with it.
        kill -KILL $!
        wait $! 2> /dev/null || true
        ;;
    device) mknod "$2" c 1 5 ;;
    empty) : > "$2" ;;
    esac
}

command_line()
{
    printf '%s\n' "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$folder" --cocotpm \
        "type=unixio,path=$TMP/coco.sock,id=$ID,platform=emulator:$TMP/tpmvm"
}

# refused WHAT WORDS
refused()
{
    local line

    mapfile -t line < <(command_line)
    expect_fail "$2" timeout "$PATIENCE" "${line[@]}"
    [ ! -e "$TMP/nowhere" ] || fail "$1: something was made where the link leads"
}

fresh()
{
    rm -rf "$folder"
    cp -a "$TMP/good" "$folder"
}

# serves WHAT: it starts, and has the counter.
serves()
{
    rm -f "$TMP/coco.sock" "$TMP/evil.sock" "$TMP/evil.ctl"
    tpm_start
    attacker_start
    vm_launch chip cocovm "$TMP/coco.img"
    driver_start
    counted "$1"
}
ends()
{
    stop driver_tpm || fail "the driver ended with $?"
    stop attacker || true
    stop coco || fail "swtpm ended with $?"
}

count=0
counted()
{
    local now

    now=$((16#$(tpm nvread 0x1500020 -C o | hex)))
    [ "$now" = "$count" ] || fail "$1: the counter is $now, not $count"
}
increment()
{
    tpm nvincrement 0x1500020 -C o || fail "no increment"
    count=$((count + 1))
}

world
tpm_start
attacker_start
driver_start
tpm nvdefine 0x1500020 -C o -a "ownerread|ownerwrite|nt=counter" > "$TMP/nv.log"
increment
counted "honest"
ends
cp -a "$folder" "$TMP/good"
echo "what nobody may touch" > "$TMP/other"

echo "in the place of the state file, before the start"
for kind in "${kinds[@]}"; do
    fresh
    put "$kind" "$sealed" "$TMP/good/tpm2-00.sealed"
    refused "$kind" "tpm2-00.sealed"
done

echo "in the place of what follows it, or of the lock"
for kind in "${kinds[@]}"; do
    fresh
    put "$kind" "$sealed.next" "$TMP/other"
    if [ "$kind" = folder ]; then
        refused "$kind" "tpm2-00.sealed.next"
    else
        serves "a $kind in the place of the next state"
        [ ! -L "$sealed.next" ] || fail "the $kind is still there"
        ends
    fi
    fresh
    put "$kind" "$folder/.lock" "$TMP/other"
    [ "$kind" = empty ] || refused "$kind as a lock" "lock"
    [ "$(cat "$TMP/other")" = "what nobody may touch" ] || fail "$kind: written through a link"
done

echo "while it runs"
fresh
cp "$TMP/good/tpm2-00.sealed" "$TMP/hard"
before=$(sha256sum < "$TMP/hard")
put hard "$sealed" "$TMP/hard"
serves "a hard link"
increment
[ "$(sha256sum < "$TMP/hard")" = "$before" ] || fail "written through a hard link"
for place in "$sealed" "$sealed.next"; do
    for kind in "${kinds[@]}" hard; do
        put "$kind" "$place" "$TMP/other"
        : > "$TMP/coco.log"
        if [ "$kind" = folder ]; then
            (tpm nvincrement 0x1500020 -C o && echo answered > "$TMP/answered") &
            waiting=$!
            retry grep -q "cannot be stored" "$TMP/coco.log" || fail "it does not wait for ${place##*/}"
            [ ! -e "$TMP/answered" ] || fail "answered before it was stored"
            rmdir "$place"
            wait "$waiting" || fail "no answer"
            rm "$TMP/answered"
            count=$((count + 1))
        else
            increment
        fi
        counted "a $kind in the place of ${place##*/}"
        [ -f "$sealed" ] && [ ! -L "$sealed" ] || fail "$kind: what was stored is no file"
        [ "$(cat "$TMP/other")" = "what nobody may touch" ] || fail "$kind: written through a link"
    done
done
ends
serves "in the end"
ends

# ---- plain swtpm, whose host is its friend, follows no link either ----

plain_swtpm
plain_is "honest"
stop plain || true
mkdir "$TMP/linked"
ln -s "$TMP/plain/tpm2-00.permall" "$TMP/linked/tpm2-00.permall"
expect_fail "tpm2-00.permall" timeout "$PATIENCE" "$(ours swtpm)" socket --tpm2 --flags not-need-init \
    --tpmstate "dir=$TMP/linked" --server "type=unixio,path=$TMP/pl"
report "other kinds of files in the places of ours" "a link is refused" "refused, replaced or waited for"
