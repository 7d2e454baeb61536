#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a VM that the host stops for longer than any time limit, idle, in a command, while resuming
# and while attaching, goes on where it was: exactly once, or nothing is attached
# sanitizers: no
# idle: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

TPM_WORDS=,timeout=2
world
tpm_start
attacker_start
retry driver_try || fail "no attach in time"     # a loaded machine may take longer itself

step=0
# pause VM: for longer than a link may take to attach.
pause()
{
    kill -STOP "$(pid_of "$1")"
    sleep 3
    kill -CONT "$(pid_of "$1")"
}

# begin: an extension in the background; counted WHAT: it counts once.
begin()
{
    step=$((step + 1))
    tpm pcrextend "16:sha256=$(digest $step)" &
    waiting=$!
}
counted()
{
    wait $waiting || fail "$1: no answer"
    pcr_value=$(unhex <<< "$pcr_value$(digest $step)" | sha256sum | cut -d' ' -f1)
    pcr_check "$1"
}
met()
{
    [ "$(attack pending)" = 0 ]
}

begin
counted "honest"
for vm in coco driver_tpm; do
    pause $vm
    begin
    counted "$vm paused while idle"
done
links=$(attack connections)

# The command has come out of the one VM, and waits before the other; and so its answer.
for direction in c s; do
    attack $direction next delay 300
    begin
    retry met || fail "no record came"
    pause "$([ $direction = c ] && echo coco || echo driver_tpm)"
    counted "paused with a command on its way, $direction"
done
[ "$(attack connections)" = "$links" ] || fail "a pause cost the link"

# The new link is there, and the handshake of RESUME goes on after the server's time limit.
for vm in coco driver_tpm; do
    for record in 0 2; do
        attack c $record delay 300
        attack cut
        begin
        retry met || fail "no record $record came"
        pause $vm
        counted "$vm paused while resuming, record $record"
    done
done

# Attaching: the CoCoVM was stopped after HELLO. Nothing is attached then, and the launch is not used.
stop driver_tpm
epochs=$(grep -c "attached: epoch" "$TMP/coco.log")
vm_launch chip second "$TMP/coco.img"
for record in 1 2; do
    attack s $record delay 3500
    driver_refused "." second tpm2
    met || fail "no record $record came"
done
[ "$(grep -c "attached: epoch" "$TMP/coco.log")" = "$epochs" ] || fail "attached beyond the time limit"
retry driver_try second tpm2 || fail "no attach after a pause"
TPM_AT=tpm2
pcr_value=$(printf '0%.0s' {1..64})
begin
counted "after pauses of an attach"

# ---- plain swtpm has no time limits: it waits and goes on too ----

plain_start
kill -STOP "$(pid_of plain)"
sleep 1
kill -CONT "$(pid_of plain)"
plain_extend 1
plain_is "paused" 1
report "a VM stopped idle or in a command" "goes on" "goes on, on the same link"
report "a VM stopped while it resumes" "-" "tried again, exactly once"
report "a VM stopped while it attaches" "-" "not attached, the launch may come again"
