#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a RESUME that was recorded, comes with an older key, other numbers, another launch's evidence
# or attach id, is refused and changes nothing: who has the session goes on, exactly once
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

honest_session
attack cut
pcr_extend "$(digest 2)"
pcr_check "honest, resumed"
[ "$(attack connections)" = 2 ] || fail "resuming took more than one link"

# ---- what was recorded ----

# A RESUME of a moment ago, sent again by the host on a link of its own, record by record: the
# CoCoTPM has another key share now, and what it answers nobody can read.
sent=$(attack records c)
[ "$sent" -ge 3 ] || fail "RESUME has $sent records"
raw_open "$TMP/evil.sock"
opened()
{
    [ "$(attack connections)" = 3 ]
}
retry opened || fail "the host has no link"
for ((record = 0; record < sent; record++)); do
    attack replay c 1 "$record"
done
raw_gone()
{
    gone "$raw_pid"
}
retry raw_gone || fail "a recorded RESUME is borne"
raw_close
pcr_extend "$(digest 3)"
pcr_check "a recorded RESUME"
[ "$(attack connections)" = 3 ] || fail "a recorded RESUME cost the session"

# The answers of that time, for the driver when it resumes.
heard()
{
    [ "$(attack pending)" = 0 ]
}
attack s 0 drop
attack cut
tpm pcrextend "16:sha256=$(digest 4)" &
waiting=$!
retry heard || fail "the driver does not resume"
for record in 0 1 2; do
    attack replay s 1 $record
done
wait $waiting || fail "no answer after recorded answers"
pcr_value=$(unhex <<< "$pcr_value$(digest 4)" | sha256sum | cut -d' ' -f1)
pcr_check "recorded answers to RESUME"
stop driver_tpm || fail "the driver ended with $?"

# ---- a client with keys ----

# play WHAT: in a process of the CoCoTPM's of its own, as reports are made once a second.
play()
{
    stop coco || fail "swtpm ended with $?"
    rm -f "$TMP/coco.sock"
    TPM_WORDS=,timeout=600 tpm_start
    vm_launch chip one "$TMP/coco.img"
    vm_launch chip two "$TMP/coco.img"
    "$(ours resumer)" "$1" "$TMP/coco.sock" "$TMP/driver.policy" "$ID" "emulator:$TMP/one" \
        "emulator:$TMP/two" > "$TMP/said" 2> "$TMP/resumer.log" ||
        fail "$1: $(cat "$TMP/said" "$TMP/resumer.log")"
    cat "$TMP/said"
}

# told LINE…: all that it was told, in order.
told()
{
    printf '%s\n' "$@" | cmp -s - "$TMP/said" || fail "expected: $*; was told: $(cat "$TMP/said")"
}

play keys
told "resume-1 0" "resume-2 0" "replaced refused" "replaced-as-2 refused" \
    "replaced-as-3 refused" "number-0 refused" "number-4 refused" "own-as-3 refused" "own taken" \
    "next taken" "honest 0"
play unheard
told "unheard 0" "unheard 0" "unheard 0" "heard 0"
play numbers
told "behind 5" "then 0" "far-behind 5" "then 0" "attach-again 5" "then 0" "ahead 5" "then 0" \
    "far-ahead 5" "then 0" "answers-ahead 1" "two-open 1" "last 5" "then 0" "zero 1"
play launch
told "another-launch 4" "another-attach-id 3" "another-attach-id-lost 3" "no-attach-id 3" \
    "no-attach-id-attached 3" "then 0"
play evidence
told "none 4" "half 4" "other-numbers 4" "then 0"
play two
told "first 0" "second closed" "then 0"

# ---- the same on plain swtpm ----

plain_start
plain_extend 1
raw_open "$TMP/q"
raw_say "$READ_COMMAND"
raw_answer
recorded=$answer
plain_attack replay c 0 0
raw_answer
plain_here "recorded" 1 1
raw_say "$(extend_command "$(digest 2)")"
raw_answer
plain_attack replay s 1 0
raw_answer
[ "$answer" = "$recorded" ] || fail "plain swtpm: a recorded answer: $answer"
raw_close
raw "$TMP/q" "$(extend_command "$(digest 3)")"
plain_is "another client, on another connection" 1 1 2 3
report "a recorded RESUME" "the recorded command runs again" "refused; the session goes on"
report "recorded answers to RESUME" "taken for answers" "refused; exactly once"
report "RESUME with a replaced key" "anybody may go on" "no common key"
report "RESUME with other numbers" "-" "status 1 or 5, state unchanged"
report "RESUME of another launch or attach id" "anybody may go on" "status 3 or 4, session lives"
report "two handshakes with one key" "-" "the first RESUME ends the other"
report "RESUME without evidence" "asks for none" "status 4, session lives on"
