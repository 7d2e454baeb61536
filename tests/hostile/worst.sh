#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: the host's acts at the worst moment, while a command runs, is cancelled, or waits for its
# state to be stored, or is half in: another launch, the operator and what is left of the command are
# told to wait, and each command is carried out once
# sanitizers: no
# idle: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

# The witness in a file stands for one outside the host; while its folder is gone, what has to be
# stored waits.
mkdir "$TMP/held"
world freshness.kind=witness "freshness.witness=file:$TMP/held/by" cocovm.takeover=no
head -c 32 /dev/urandom > "$TMP/operator.psk"
chmod 600 "$TMP/operator.psk"
TPM_WORDS=,timeout=600,operator-psk-file=$TMP/operator.psk
tpm_start

# ---- while a command runs, and while CANCEL is under way ----

vm_launch chip one "$TMP/coco.img"
vm_launch chip two "$TMP/coco.img"
resumer()
{
    "$(ours resumer)" "$1" "$TMP/coco.sock" "$TMP/driver.policy" "$ID" "emulator:$TMP/one" \
        "emulator:$TMP/two" > "$TMP/said" 2> "$TMP/resumer.log" ||
        fail "$1: $(cat "$TMP/said" "$TMP/resumer.log")"
    cat "$TMP/said"
}
resumer busy
# The command is done, or cancelled (TPM_RC_CANCELED).
told=$(tr '\n' ' ' < "$TMP/said" | sed 's/command \(0\|2313\) /command done /')
[ "$told" = "while-it-runs 7 while-cancelled 7 command done after 7 another 0 asked-meanwhile 0 \
then 0 " ] || fail "HELLO and INFO beside a command: $told"
report "HELLO while a command runs or is cancelled" "-" "status 7, the command is answered"

# HELLO before another launch attaches, ATTACH after that.
vm_launch chip one "$TMP/coco.img"
vm_launch chip two "$TMP/coco.img"
resumer late
[ "$(tr '\n' ' ' < "$TMP/said")" = "late 7 then 0 " ] || fail "ATTACH beside another: $(cat "$TMP/said")"

# ---- while the state is being stored ----

attacker_start
driver_start
tpm nvdefine 0x1500020 -C o -a "ownerread|ownerwrite|nt=counter" > "$TMP/nv.log"
tpm nvincrement 0x1500020 -C o
count=1
counted()
{
    local now

    now=$((16#$(TPM_AT=${2:-tpm} tpm nvread 0x1500020 -C o | hex)))
    [ "$now" = "$count" ] || fail "$1: the counter is $now, not $count"
}
counted "honest"

# An increment that cannot be stored yet.
begin()
{
    : > "$TMP/coco.log"
    mv "$TMP/held" "$TMP/away"
    (tpm nvincrement 0x1500020 -C o && echo answered > "$TMP/answered") &
    waiting=$!
    retry grep -q "cannot be stored" "$TMP/coco.log" || fail "the state does not wait to be stored"
}
still_waits()
{
    [ ! -e "$TMP/answered" ] || fail "$1: answered before it was stored"
    mv "$TMP/away" "$TMP/held"
    wait "$waiting" || fail "$1: no answer"
    rm "$TMP/answered"
    count=$((count + 1))
    counted "$1"
}

begin
resumer greet
[ "$(cat "$TMP/said")" = "hello 7" ] || fail "HELLO while the state is stored: $(cat "$TMP/said")"
still_waits "HELLO while the state is being stored"
report "HELLO while the state is being stored" "-" "status 7, stored and answered once"

# The link cut, again and again: each RESUME waits for the command, in the place of the one before,
# whose link the CoCoTPM does not read. Of refusals the driver bears no more than 15.
begin
connections=$(attack connections)
again()
{
    [ "$(attack connections)" -gt "$connections" ]
}
for _ in 1 2 3; do
    attack cut
    retry again || fail "the driver does not come again"
    connections=$(attack connections)
done
still_waits "the link cut while the state is being stored"
! grep -qE "RESUME: the CoCoTPM (refused|is busy)" "$TMP/driver_tpm.log" ||
    fail "a RESUME met an older one: $(grep RESUME "$TMP/driver_tpm.log")"
report "the link cut while the state is being stored" "-" "exactly once"

# What the host sends on a link of its own, and in the session: it is not looked at before the
# command is done, and ends the session then.
begin
attack send c 1703030013000000000000000000000000000000000000000000
raw "$TMP/coco.sock" "$STARTUP_CLEAR"
[ -z "$answer" ] || fail "a plain command was answered: $answer"
still_waits "records of the host's while the state is being stored"
report "records added while the state is stored" "-" "exactly once"
stop driver_tpm || fail "the driver ended with $?"
stop attacker || true
stop coco || fail "swtpm ended with $?"

# A takeover, where the policy allows it: the command of the first launch is whole before.
rm -rf "$TMP/state" "$TMP/coco.sock" "$TMP/evil.sock" "$TMP/evil.ctl" "$TMP/held"
mkdir "$TMP/held"
policy_instance chip "$TMP/coco.img" freshness.kind=witness "freshness.witness=file:$TMP/held/by" \
    cocovm.takeover=yes > "$TMP/instance.policy"
policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" > "$TMP/driver.policy"
provision state "$ID" "$TMP/instance.policy"
tpm_start
attacker_start
vm_launch chip one "$TMP/coco.img"
driver_start one
tpm nvdefine 0x1500020 -C o -a "ownerread|ownerwrite|nt=counter" > "$TMP/nv.log"
tpm nvincrement 0x1500020 -C o
count=1
# Half a command in the hands of the first launch's driver, for later.
command=$(extend_command "$(digest 1)")
raw_open "$TMP/tpm"
raw_say "${command:0:40}"
begin
vm_launch chip two "$TMP/coco.img"
mapfile -t line < <(driver_line two tpm2)
before=$(attack connections)
start driver_tpm2 "${line[@]}" --pid "file=$TMP/driver_tpm2.pid"
came()
{
    [ "$(attack connections)" -gt "$before" ] && [ "$(attack records c)" -gt "$1" ]
}
# ClientHello, Finished, HELLO, ATTACH.
retry came 3 || fail "the second launch does not come"
[ ! -e "$TMP/answered" ] || fail "a takeover: answered before it was stored"
[ ! -s "$TMP/driver_tpm2.pid" ] || fail "a takeover: attached before the state was stored"
# A third one is told so before it burns its evidence for an ATTACH that would be refused.
resumer greet
[ "$(cat "$TMP/said")" = "hello 7" ] || fail "HELLO while another attaches: $(cat "$TMP/said")"
mv "$TMP/away" "$TMP/held"
retry ready_or_gone driver_tpm2 || fail "the second launch is not attached"
[ -s "$TMP/driver_tpm2.pid" ] || fail "the second launch: $(cat "$TMP/driver_tpm2.log")"
wait "$waiting" || true
count=2
counted "a takeover while the state is being stored" tpm2
report "a takeover while the state is being stored" "-" "stored once, then taken over"

# The operator says that the VM is gone, twice, while a command waits: the one waits too, the other is
# told so, and so is another launch. Then the command is whole, and the session over.
operator()
{
    "$(ours cocotpm-operator)" --to "unixio:$TMP/coco.sock" --id "$ID" \
        --operator-psk-file "$TMP/operator.psk" reset
}
TPM_AT=tpm2
pcr_extend "$(digest 1)"
begin
for each in 1 2; do
    (operator 2> "$TMP/operator.$each" || echo refused > "$TMP/refused.$each") &
    askers[each]=$!
done
one_refused()
{
    [ -e "$TMP/refused.1" ] || [ -e "$TMP/refused.2" ]
}
retry one_refused || fail "two resets at once"
vm_launch chip two "$TMP/coco.img"
resumer greet
[ "$(cat "$TMP/said")" = "hello 7" ] || fail "HELLO while a reset waits: $(cat "$TMP/said")"
[ ! -e "$TMP/answered" ] || fail "a reset: answered before it was stored"
mv "$TMP/away" "$TMP/held"
wait "${askers[1]}" "${askers[2]}"
[ "$(cat "$TMP"/refused.* | wc -l)" = 1 ] || fail "the resets: $(cat "$TMP"/operator.*)"
grep -q "busy" "$TMP"/operator.* || fail "the resets: $(cat "$TMP"/operator.*)"
wait "$waiting" || true
stop driver_tpm2 KILL || true
vm_launch chip three "$TMP/coco.img"
driver_start three tpm3
count=3
counted "a reset while the state is being stored" tpm3
TPM_AT=tpm3
pcr_value=$(printf '0%.0s' {1..64})
pcr_check "a reset while the state is being stored"
report "the operator's reset while the state is being stored" "-" "stored once, then the session is over"

# The rest of the half command: the session of its driver is over, and it is nobody else's.
raw_say "${command:40}"
raw_answer
[ "$answer" = 80010000000a00000101 ] || fail "half a command in a takeover: $answer"
raw_close
pcr_check "half a command in a takeover"
report "a takeover while half a command is in" "-" "TPM_RC_FAILURE, and nothing of it elsewhere"
stop driver_tpm3 || fail "the driver ended with $?"
stop driver_tpm KILL || true
stop attacker || true

# The operator's "this VM is gone" in the same moment: it waits for the command, and meets nobody who
# is on the way in.
# reset WHAT LINE…: all that the operator and two launches were told.
reset()
{
    local what=$1

    shift
    stop coco || fail "swtpm ended with $?"
    rm -f "$TMP/coco.sock"
    TPM_WORDS=,timeout=600,operator-psk-file=$TMP/operator.psk tpm_start
    vm_launch chip one "$TMP/coco.img"
    vm_launch chip two "$TMP/coco.img"
    "$(ours resetter)" "$what" "$TMP/coco.sock" "$TMP/driver.policy" "$ID" "emulator:$TMP/one" \
        "emulator:$TMP/two" "$TMP/operator.psk" "$TMP/held" > "$TMP/said" 2> "$TMP/resetter.log" ||
        fail "$what: $(cat "$TMP/said" "$TMP/resetter.log")"
    printf '%s\n' "$@" | cmp -s - "$TMP/said" ||
        fail "$what: expected: $*; was told: $(cat "$TMP/said")"
}
reset waits "info 0" "second-reset 7" "attach 7" "resume 7" "command 0" "reset 0" "old-link closed" \
    "info 0" "attached 0" "next-launch 0"
reset attaching "reset 7" "attach 0" "old-link closed" "new-launch 0"
reset resuming "older closed" "reset 7" "newer 0" "served 0"
