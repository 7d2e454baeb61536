#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: logs of both sides that take nothing, whose reader is gone, or that nobody reads, and no
# standard descriptors: each command is answered once, at the latest when somebody reads again, and no
# line goes elsewhere
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"
need mkfifo
world

# session: both sides with descriptor 9 as their log.
session()
{
    rm -f "$TMP/coco.sock" "$TMP/evil.sock" "$TMP/evil.ctl" "$TMP/driver_tpm.pid"
    vm_launch chip cocovm "$TMP/coco.img"
    pcr_value=$(printf '0%.0s' {1..64})
    step=0
    start coco "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$TMP/state" --cocotpm \
        "type=unixio,path=$TMP/coco.sock,id=$ID,platform=emulator:$TMP/tpmvm" --log fd=9,level=20
    wait_socket coco "$TMP/coco.sock"
    attacker_start
    DRIVER_WORDS=(--log fd=9,level=4 --pid "file=$TMP/driver_tpm.pid")
    mapfile -t line < <(driver_line)
    start driver_tpm "${line[@]}"
    retry ready_or_gone driver_tpm || fail "$1: no attach"
    [ -s "$TMP/driver_tpm.pid" ] || fail "$1: the driver has ended"
    for _ in 1 2 3; do
        extend
        attack cut
    done
    pcr_check "$1"
}
extend()
{
    step=$((step + 1))
    pcr_extend "$(digest $step)"
}
ends()
{
    stop driver_tpm || fail "$1: the driver ended with $?"
    stop attacker || true
    stop coco || fail "$1: swtpm ended with $?"
}

exec 9> "$TMP/log"
session "honest"
ends "honest"
grep -q "the link to the CoCoTPM is back" "$TMP/log" || fail "nothing is logged"

exec 9> /dev/full
session "no room for a log"
ends "no room for a log"

mkfifo "$TMP/pipe"
exec 8<> "$TMP/pipe" 9> "$TMP/pipe" 8>&-
session "nobody reads any more"
ends "nobody reads any more"

# A pipe that is full: whoever has something to say waits, until it is read.
exec 8<> "$TMP/pipe" 9> "$TMP/pipe"
session "a pipe"
dd if=/dev/zero bs=4096 oflag=nonblock of=/dev/fd/9 2> /dev/null || true
attack cut
(tpm pcrextend "16:sha256=$(digest 4)" && echo answered > "$TMP/answered") &
waiting=$!
cat <&8 > "$TMP/read" &
reader=$!
wait "$waiting" || fail "a full pipe: no answer"
pcr_value=$(unhex <<< "$pcr_value$(digest 4)" | sha256sum | cut -d' ' -f1)
pcr_check "a full pipe"
ends "a full pipe"
kill "$reader"
# No standard descriptors at all: no file of the TPM's, and no link, comes in the place of one.
cat > "$TMP/closed" << 'END'
#!/bin/bash
exec 0<&- 1>&- 2>&- "$@"
END
chmod +x "$TMP/closed"
rm -f "$TMP/coco.sock" "$TMP/evil.sock" "$TMP/evil.ctl" "$TMP/driver_tpm.pid"
vm_launch chip cocovm "$TMP/coco.img"
start coco "$TMP/closed" "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$TMP/state" --cocotpm \
    "type=unixio,path=$TMP/coco.sock,id=$ID,platform=emulator:$TMP/tpmvm"
wait_socket coco "$TMP/coco.sock"
attacker_start
start driver_tpm "$TMP/closed" "$(ours cocotpm-driver)" --link "unixio:$TMP/evil.sock" \
    --policy "$TMP/driver.policy" --id "$ID" --platform "emulator:$TMP/cocovm" \
    --server "type=unixio,path=$TMP/tpm" --pid "file=$TMP/driver_tpm.pid"
retry ready_or_gone driver_tpm || fail "no descriptors: no attach"
[ -s "$TMP/driver_tpm.pid" ] || fail "no descriptors: the driver has ended"
pcr_value=$(printf '0%.0s' {1..64})
extend
pcr_check "no descriptors"
for name in coco driver_tpm; do
    for fd in 0 1 2; do
        # Processes that hold keys show themselves to root only.
        [ "$(id -u)" = 0 ] || break
        at=$(readlink "/proc/$(pid_of $name)/fd/$fd")
        [ "$at" = /dev/null ] || fail "no descriptors: $fd of $name is $at"
    done
done
[ ! -s "$TMP/state/.lock" ] || fail "no descriptors: in the lock there is $(cat "$TMP/state/.lock")"
ends "no descriptors"
report "logs that take nothing, or that nobody reads" "-" "each command is answered once"
