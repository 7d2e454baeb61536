#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: attach, reset, rollback, resumption and takeover as models: the design holds, each variant fails
# slow: yes
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need spin gcc
cd "$TMP"
cp "$SRC"/tests/model/*.pml .

# search MODEL DEFINITION…: all of its states, or the first error; what pan says is in pan.log.
search()
{
    local model=$1

    shift
    spin "${@/#/-D}" -a "$model.pml" > spin.log 2>&1 || { cat spin.log >&2; fail "spin: $model $*"; }
    gcc -O0 -w -DSAFETY -DMEMLIM=512 -o pan pan.c || fail "gcc: $model $*"
    timeout "$PATIENCE" ./pan -m100000 > pan.log 2>&1 || fail "pan: $model $*: $(cat pan.log)"
    ! grep -Eq 'max search depth too small|out of memory|reached -DMEMLIM' pan.log ||
        fail "$model $*: not searched to the end"
}

# holds MODEL DEFINITION…
holds()
{
    search "$@"
    grep -q 'errors: 0$' pan.log || fail "does not hold: $* ($(grep pan:1 pan.log))"
    echo "holds: $* ($(awk '/states, stored/ { print $1 }' pan.log) states)"
}

# breaks WHY MODEL DEFINITION…: the first error is the one that is meant.
breaks()
{
    local why=$1

    shift
    search "$@"
    grep -q "^pan:1: .*$why" pan.log ||
        fail "should break with '$why': $* ($(grep -E 'pan:1|errors:' pan.log))"
    echo "breaks, as it must: $* ($(sed -n 's/^pan:1: //p' pan.log))"
}

holds resume
breaks 'violated restored' resume KEEP_ONLY_NEW_KEY
breaks 'violated (ran' resume NO_NUMBERS
breaks 'invalid end state' resume NO_CACHE
breaks 'violated (ran' resume NO_FENCE
breaks 'violated (ran' resume NO_SEQUENCE
breaks 'violated (ran' resume NO_STALE

holds takeover
breaks 'violated' takeover NO_MEETING
breaks 'violated' takeover NO_END
breaks 'violated' takeover NO_KEY_END

holds attach WITNESS RESET GUESS FORK
holds attach BURNT RESET
holds attach HONEST_DISK RESET GUESS
breaks 'violated (attaches' attach RESET
breaks 'violated (guesses' attach BURNT GUESS
breaks 'violated (attaches' attach BURNT RESET NO_BINDING
breaks 'violated (attaches' attach WITNESS RESET NO_LOG
breaks 'violated (attaches' attach WITNESS RESET LOG_LATE
breaks 'violated (guesses' attach WITNESS GUESS NUMBER_ONLY
breaks 'violated (guesses' attach WITNESS GUESS NO_COMPARE
breaks 'violated (guesses' attach WITNESS GUESS ANSWER_FIRST
breaks 'violated' attach WITNESS FORK NO_EPOCH
