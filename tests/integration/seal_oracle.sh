#!/bin/bash
# test: a TPM killed at any call of a right or a wrong try tells nothing before that costs a try
# sanitizers: no
# slow: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

tool=$(ours tpm_tool)
shim=$BUILD/tests/fault/faults.so
work=$(mktemp -d -p /dev/shm coco.XXXXXX 2> /dev/null) || work=$(mktemp -d "$TMP/work.XXXXXX")
at_exit rm -rf "$work"
cd "$work"
runs=0

# In a shell of its own, which may say of its child that it was killed.
broken()
{
    (
        export FAULT_DIR=$work/now FAULT_HOW=$1 FAULT_AT=$2 FAULT_LOG=$work/trace
        shift 2
        LD_PRELOAD=$shim "$tool" now $witness on "$@" quit > out 2> err
        exit $?
    ) 2> /dev/null
}

# killed HOW AT STEP…: on a copy of the TPM; sets $status, leaves what was answered in out.
killed()
{
    local how=$1 at=$2

    shift 2
    rm -rf now held
    cp -r base now
    [ -z "$witness" ] || cp base.held held
    status=0
    broken "$how" "$at" "$@" || status=$?
    [ "$status" = 0 ] || [ "$status" = 137 ] || fail "$how at $at of $*: $status: $(cat err)"
    runs=$((runs + 1))
}

# field NAME: of what the next start shows.
shown()
{
    "$tool" now $witness on show quit > shown 2> err || fail "the next start fails: $(cat err)"
}

field()
{
    sed -n "s/^ok show.* $1 \([0-9]*\).*/\1/p" shown
}

# What a host sees: which call, on which file, of how many bytes; and when there is an answer.
seen()
{
    sed -E 's/^(write [^ ]* )(.*)/\1/; s/^ack ok (right|wrong)$/ack/' trace |
        paste -d' ' - <(awk '{ print $1 == "write" ? length($3) / 2 : "" }' trace)
}

# sweep TRY: sets $calls, leaves in TRY.tries the wrong tries counted after a kill at each call.
sweep()
{
    local at=0

    : > "$1.tries"
    killed kill-before 1 "$1"
    while :; do
        at=$((at + 1))
        killed kill-after $at "$1"
        [ "$status" = 137 ] || break
        shown
        field tries >> "$1.tries"
    done
    calls=$((at - 1))
}

oracle()
{
    local right wrong both

    killed record 0 right
    seen > right.seen
    shown
    killed record 0 wrong
    seen > wrong.seen
    both=$(($(wc -l < right.seen) - 1))
    [ "$(grep -c '^rename' right.seen)" = 2 ] || fail "a right try stores: $(cat right.seen)"
    [ "$(grep -c '^rename' wrong.seen)" = 3 ] || fail "a wrong try stores: $(cat wrong.seen)"
    cmp <(head -n $both right.seen) <(head -n $both wrong.seen) ||
        fail "a host can tell them apart before the first store is durable"
    tail -n 2 right.seen | head -n 1 | finds '^rename' || fail "$(cat right.seen)"
    sweep right
    right=$calls
    sweep wrong
    wrong=$calls
    [ "$wrong" -gt "$right" ] || fail "$right calls of a right try, $wrong of a wrong one"
    cmp right.tries <(head -n "$right" wrong.tries) ||
        fail "killed at the same call, a right and a wrong try leave different counts"
    [ "$(tail -n 1 right.tries)" = 1 ] || fail "a kill after the try is free: $(cat right.tries)"
    ! tail -n +"$right" wrong.tries | finds '^0$' ||
        fail "what told them apart cost nothing: $(cat wrong.tries)"
    echo "$right calls that both make, then $((wrong - right)) more of a wrong one; wrong tries" \
        "counted at the next start: $(uniq -c wrong.tries | awk '{ printf "%s×%s ", $1, $2 }')"
}

# Never less than what was answered; never more than what was begun.
counters()
{
    local at=0 before clock acked

    rm -rf now held
    cp -r base now
    [ -z "$witness" ] || cp base.held held
    shown
    before=$(field counter)
    clock=$(field clock)
    while :; do
        at=$((at + 1))
        killed kill-after $at count
        [ "$status" = 137 ] || break
        acked=$(sed -n 's/^ok count //p' out)
        shown
        [ "$(field counter)" -ge "${acked:-$before}" ] && [ "$(field counter)" -le $((before + 1)) ] ||
            fail "killed at $at: counter $(field counter), $before before, ${acked:-none} answered"
        [ "$(field clock)" -ge "$((clock > 1000 ? clock - 1000 : 0))" ] ||
            fail "killed at $at: the clock went back from $clock to $(field clock)"
    done
}

# Killed again and again in one life: what was counted is never taken back.
goes_on()
{
    local last=0 counted=0 i at

    rm -rf now held
    cp -r base now
    [ -z "$witness" ] || cp base.held held
    for i in 1 2 3 4 5 6 7 8 9 10; do
        at=$((3 + 5 * i % 31))
        broken kill-after $at wrong count || true
        shown
        [ "$(field tries)" -ge $((last + $(grep -c '^ok wrong' out || true))) ] ||
            fail "$last tries, then $(field tries) after: $(cat out)"
        [ "$(field counter)" -ge "$counted" ] || fail "the counter went back"
        last=$(field tries)
        counted=$(field counter)
    done
}

for witness in "" "witness=$work/held"; do
    if [ -n "$witness" ]; then echo "with a witness"; else echo "without a witness"; fi
    rm -rf base held base.held
    mkdir base
    "$tool" base $witness make > out 2> err || fail "no TPM: $(cat err)"
    [ -z "$witness" ] || cp held base.held
    oracle
    counters
    goes_on
done
echo "$runs runs"
