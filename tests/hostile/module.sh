#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: the session that processes hand on to each other by the TCTI module: cut in SET_LOCALITY,
# used by a forked child, copied, left by a kill before each of its calls on the link
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"
module=$(ours libtss2-tcti-cocotpm.so)
user=$(ours module_user)
once=$(ours tpm_time)
SUCCESS=80020000001300000000000000000000010000    # of a command with one authorisation
shim=$BUILD/tests/fault/faults.so
keep_in_memory

# words FILE: of the configuration, for a session that is kept there; through $LINK.
words()
{
    echo "link=${LINK:-unixio:$TMP/evil.sock},policy=$TMP/driver.policy,resume=$kept/$1,platform=emulator:$TMP/cocovm,id=$ID,timeout=60"
}

# ask COMMAND: by a process of its own, with the session in $FILE; the answer's digits.
ask()
{
    "$once" "module:$module:$(words "${FILE:-session}")" "$1" 1 | head -n 1
}

done_so_far=()
extend()
{
    local n=$((${#done_so_far[@]} + 1))

    [ "$(ask "$(extend_command "$(digest $n)")")" = "$SUCCESS" ] || fail "extension $n"
    done_so_far+=("$n")
}

# pcr_now: PCR 16 in $pcr. holds WHAT: it has the extensions so far.
pcr_now()
{
    pcr=$(ask "$READ_COMMAND") || fail "PCR_Read"
    pcr=${pcr: -64}
}
holds()
{
    pcr_now
    [ "$pcr" = "$(folded "${done_so_far[@]}")" ] || fail "$1: PCR 16 is $pcr"
}

world
tpm_start
attacker_start
extend
extend
holds "honest"

# ---- a program that forks ----

# What a child sealed would go out under nonces of its parent's.
before=$(attack connections)
"$user" "$module:$(words session)" fork > "$TMP/fork.out" 2> "$TMP/fork.log" || fail "$(cat "$TMP/fork.log")"
[ "$(grep -c '^answer of 13 bytes$' "$TMP/fork.out")" = 2 ] || fail "$(cat "$TMP/fork.out")"
[ "$(grep -c '^child: [a-z]* a0003$' "$TMP/fork.out")" = 4 ] || fail "a child: $(cat "$TMP/fork.out")"
[ "$(attack connections)" = $((before + 1)) ] || fail "a child cost its parent the link"
# Hello, Finished, RESUME, two commands, goodbye.
[ "$(attack records c)" = 6 ] || fail "a child sealed records: $(attack records c)"

# ---- SET_LOCALITY, cut on both ways ----

answers()
{
    [ "$(grep -c '^answer of 13 bytes$' "$TMP/user.log" || true)" = "$1" ]
}
mkfifo "$TMP/lines"
"$user" "$module:$(words session)" locality < "$TMP/lines" > "$TMP/user.log" 2>&1 &
pids[user]=$!
exec {lines}> "$TMP/lines"
count=1
for direction in c s; do
    for how in cut cut-after drop; do
        retry answers $count || fail "SET_LOCALITY, $direction $how: $(cat "$TMP/user.log")"
        attack $direction next $how
        echo >&"$lines"
        met()
        {
            [ "$(attack pending)" = 0 ]
        }
        retry met || fail "$direction $how met no record"
        [ $how != drop ] || attack cut
        count=$((count + 1))
    done
done
retry answers $count || fail "the last: $(cat "$TMP/user.log")"
exec {lines}>&-
wait_end user || fail "the program failed: $(cat "$TMP/user.log")"
[ "$(grep -c '^locality 0$' "$TMP/user.log")" = 6 ] || fail "$(cat "$TMP/user.log")"
holds "cut in SET_LOCALITY"

# ---- killed before each call on the link, between which the file is written ----

port=$(free_port)
start net "$attacker" --listen "tcp:127.0.0.1:$port" --to "unixio:$TMP/coco.sock" \
    --control "$TMP/net.ctl"
wait_socket net "$TMP/net.ctl"
LINK=tcp:127.0.0.1:$port
# killed AT: before this call, in the middle of an extension of its own; it was carried out, or not.
n=100 ran=0 lost=0 whole=0
killed()
{
    local status=0

    n=$((n + 1))
    (FAULT_DIR=$kept FAULT_NET=yes FAULT_HOW=kill-before FAULT_AT=$1 LD_PRELOAD=$shim \
        ask "$(extend_command "$(digest $n)")") > "$TMP/killed.log" 2>&1 || status=$?
    pcr_now
    if [ "$pcr" = "$(folded "${done_so_far[@]}" $n)" ]; then
        done_so_far+=("$n")
        ran=$((ran + (status != 0)))
    else
        [ "$pcr" = "$(folded "${done_so_far[@]}")" ] || fail "killed before call $1: PCR 16 is $pcr"
        [ $status != 0 ] || fail "answered and not carried out: $(cat "$TMP/killed.log")"
        lost=$((lost + 1))
    fi
    whole=$((whole + (status == 0)))
}

# How many calls it takes differs: it looks for an answer before it waits for it. So from the first
# one again until enough of each kind was seen.
for ((round = 1; round <= 6 && (ran < 4 || lost < 4); round++)); do
    whole=0
    for ((at = 1; whole == 0; at++)); do
        killed $at
    done
done
[ $ran -ge 4 ] && [ $lost -ge 4 ] || fail "of the killed, $ran ran and $lost did not"
unset LINK

# ---- a copy of the file ----

# Of the two one goes on, and the other is told; no command of either counts twice. (An older copy has
# a key that was replaced: hostile/resumes.)
cp -p "$kept/session" "$kept/copy"
[ "$(FILE=copy ask "$(extend_command "$(digest 9)")")" = "$SUCCESS" ] || fail "a copy that is first"
done_so_far+=(9)
! ask "$(extend_command "$(digest 10)")" > "$TMP/copy.log" 2>&1 || fail "both copies are of use"
grep -q "do not fit\|knows no key" "$TMP/copy.log" || fail "the other copy: $(cat "$TMP/copy.log")"
FILE=copy
holds "the copy first"
extend
holds "the copy"
[ "$(grep -c "attached: epoch" "$TMP/coco.log")" = 1 ] || fail "attached anew"
report "a program forks with the TCTI module's session" "-" "the child has no TPM"
report "cut in the TCTI module's SET_LOCALITY" "-" "asked again, answered once"
report "the TCTI module killed at any moment" "-" "exactly once"
report "a copy of the TCTI module's session" "-" "one goes on, the other is refused"
