#!/bin/bash
# test: the link cut before or after every record: each extension and each increment of a
# counter happens exactly once, and is answered once
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

world
tpm_start
attacker_start
driver_start

step=1
counter=0

increment()
{
    tpm nvincrement 0x1500020 -C o || fail "NV_Increment failed"
    counter=$((counter + 1))
}

counter_check()
{
    local now

    now=$((16#$(tpm nvread 0x1500020 -C o | hex)))
    [ "$now" = "$counter" ] || fail "$1: the counter is $now, not $counter"
}

tpm nvdefine 0x1500020 -C o -a "ownerread|ownerwrite|nt=counter" > /dev/null
increment
pcr_extend "$(digest $step)"
step=$((step + 1))
counter_check "honest"
pcr_check "honest"

for order in "c next cut" "c next cut-after" "s next cut" "s next cut-after" "c next trunc 3" \
    "s next trunc 3" "s next trunc 30"; do
    attack $order
    pcr_extend "$(digest $step)"
    step=$((step + 1))
    pcr_check "$order, PCR_Extend"
    attack $order
    increment
    counter_check "$order, NV_Increment"
    [ "$(attack pending)" = 0 ] || fail "$order met no record"
done

# The first cut, and then one at each record of the RESUME that follows, both sides.
for direction in c s; do
    for record in 0 1 2; do
        attack $direction $record cut
        attack c next cut-after
        pcr_extend "$(digest $step)"
        step=$((step + 1))
        pcr_check "cut at record $record from $direction while resuming"
    done
done

# Again and again, while a tool works.
for _ in $(seq 1 8); do
    attack cut
    pcr_extend "$(digest $step)"
    step=$((step + 1))
done
pcr_check "cut between all commands"
counter_check "the end"
connections=$(attack connections)
[ "$connections" -gt 20 ] || fail "only $connections connections: the cuts did not happen"
stop driver_tpm

# On plain swtpm a command is lost, or done twice by who asks again.
plain_start
plain_extend 1
plain_is "honest" 1
plain_attack c next cut
plain_extend 2
[ -z "$answer" ] || fail "plain swtpm: cut: $answer"
plain_is "cut" 1
plain_attack s next cut
plain_extend 2
[ -z "$answer" ] || fail "plain swtpm: cut: $answer"
plain_extend 2
plain_is "asked again" 1 2 2
report "cut at every record" "lost, or done twice" "exactly once"
