#!/bin/bash
# test: clients with the right key at the wrong moment: two that attach at once, a RESUME from a
# second place, one and a burst of commands that meet a takeover, and floods of HELLO and EVIDENCE:
# one has the TPM, and reports are made once a second with a burst of eight
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

rivals=$(ours rivals)
world cocovm.takeover=yes

# fresh: a CoCoTPM with its burst of reports, and two launches that were never attached.
fresh()
{
    [ -z "${pids[coco]:-}" ] || stop coco
    rm -f "$TMP/coco.sock"
    tpm_start
    vm_launch chip one "$TMP/coco.img"
    vm_launch chip two "$TMP/coco.img"
}

# play WHAT [VM2]: what the clients were told, in $TMP/said.
play()
{
    "$rivals" "$1" "$TMP/coco.sock" "$TMP/driver.policy" "$ID" "emulator:$TMP/one" \
        ${2:+"emulator:$TMP/$2"} > "$TMP/said" 2> "$TMP/rivals.log" ||
        fail "$1: $(cat "$TMP/rivals.log")"
    cat "$TMP/said"
}

# told NAME: what it was told; word NAME: the figure after it.
told()
{
    sed -n "s/^$1 //p" "$TMP/said"
}
word()
{
    sed -n "s/.*\<$1 \([0-9]*\).*/\1/p" "$TMP/said"
}

TPM_WORDS=,timeout=600

# One launch twice, then two, before either is answered: one is let in.
fresh
play attach
[ "$(told first)/$(told second)" = 0/7 ] || [ "$(told first)/$(told second)" = 7/0 ] ||
    fail "one launch twice at once: $(cat "$TMP/said")"
fresh
play attach two
[ "$(told first)/$(told second)" = 0/7 ] || [ "$(told first)/$(told second)" = 7/0 ] ||
    fail "two launches at once: $(cat "$TMP/said")"

# A RESUME ends the older link, wherever it comes from.
fresh
play beside
[ "$(told resume)" = 0 ] || fail "RESUME from a second place: $(cat "$TMP/said")"
[ "$(told old-link)" = closed ] || fail "the older link is served: $(cat "$TMP/said")"
[ "$(told resumed-link)" = 0 ] || fail "the newer link is not served: $(cat "$TMP/said")"

# A RESUME of the old launch while a new one takes over: never both. The window is a command of
# the old launch that runs; when it was over too soon, again.
met=no
for ((tries = 0; tries < 20; tries++)); do
    fresh
    play takeover two
    served=$(grep -cE '^(old-link|resumed-link|new-launch) 0$' "$TMP/said" || true)
    [ "$served" = 1 ] || fail "$served links have the TPM: $(cat "$TMP/said")"
    [ "$(told takeover)/$(told new-launch)" = 0/0 ] || fail "not the new launch: $(cat "$TMP/said")"
    [ "$(told words)" != "another launch is being attached" ] || { met=yes; break; }
done
[ "$met" = yes ] || fail "RESUME never met a takeover"

# Commands that the old launch has in the pipe end with its life. Without that, whether one gets
# through is a matter of which thread is faster.
met=0
for ((tries = 0; tries < 20 && met < 4; tries++)); do
    fresh
    play burst two
    [ "$(told takeover)/$(told pcr-16)" = 0/clean ] ||
        fail "a burst of the old launch: $(cat "$TMP/said")"
    [ "$(told burst)" != met ] || met=$((met + 1))
done
[ "$met" = 4 ] || fail "the burst never met a takeover"

# Eight links that are half open are borne; the ninth ends the oldest.
fresh
play crowd
[ "$(told eight)/$(told oldest)/$(told others)" = 8/closed/8 ] || fail "$(cat "$TMP/said")"

# Two operators are borne; the third ends the first.
head -c 32 /dev/urandom > "$TMP/operator"
TPM_WORDS=,timeout=600,operator-psk-file=$TMP/operator fresh
"$rivals" operators "$TMP/coco.sock" "$TMP/driver.policy" "$ID" "emulator:$TMP/one" \
    "$TMP/operator" > "$TMP/said" 2> "$TMP/rivals.log" || fail "$(cat "$TMP/rivals.log")"
[ "$(told operators)/$(told oldest)/$(told others)" = 2/closed/2 ] || fail "$(cat "$TMP/said")"

# Who reads no answers loses the link and not the TPM, and nobody else waits for it for ever.
fresh
play deaf
finds '^deaf closed [1-9]' < "$TMP/said" || fail "$(cat "$TMP/said")"
play attach two
finds -x "first 0" < "$TMP/said" || finds -x "second 0" < "$TMP/said" || fail "$(cat "$TMP/said")"

# Two hundred messages in one write: each has its turn, and what comes behind them too.
fresh
play many
[ "$(told answers)/$(told behind-cancels)" = 200/0 ] || fail "many at once: $(cat "$TMP/said")"

# Reports: eight at once, then one a second, whoever asks and over however many links.
fresh
play flood
[ "$(word first)" -ge 8 ] || fail "no burst of eight: $(cat "$TMP/said")"
[ "$(word reports)" -le $((8 + $(word seconds) + 1)) ] || fail "too many: $(cat "$TMP/said")"
[ "$(word refused)" -gt 0 ] || fail "none was refused: $(cat "$TMP/said")"
fresh
play evidence
[ "$(word looked-at)" -ge 1 ] || fail "EVIDENCE is never answered: $(cat "$TMP/said")"
[ "$(word looked-at)" -le $(($(word seconds) + 2)) ] ||
    fail "EVIDENCE over many links: $(cat "$TMP/said")"

# The time-out, for one that says nothing, and one that leaves HELLO's answer lying.
stop coco
rm -f "$TMP/coco.sock"
TPM_WORDS=,timeout=2 tpm_start
for lie in silent late; do
    "$(ours rogue)" "$lie" "$TMP/coco.sock" "$TMP/driver.policy" "$ID" "emulator:$TMP/one" \
        > "$TMP/said" || fail "$lie"
    [ "$(cat "$TMP/said")" = closed ] || fail "$lie: $(cat "$TMP/said")"
done
report "two launches attach at once" "-" "one is let in, status 7"
report "RESUME from a second place" "-" "the older link ends"
report "RESUME against a takeover" "-" "one launch has the TPM"
report "a burst of the old launch against a takeover" "-" "the new launch's PCRs are clean"
report "flood of HELLO, of EVIDENCE" "-" "one report a second, burst of 8"
report "answering late" "-" "link ended"
