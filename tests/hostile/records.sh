#!/bin/bash
# test: a relay that replays, reorders, drops, repeats, changes, shortens or adds records never
# gets a wrong answer out of the TPM, and no command is lost or run twice
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

world
tpm_start
attacker_start
driver_start

# The same attacker doing nothing.
step=1
for _ in 1 2 3; do
    pcr_extend "$(digest $step)"
    step=$((step + 1))
done
pcr_check "an attacker that does nothing"
[ "$(attack connections)" = 1 ] || fail "the honest case took more than one connection"
report "nothing" "works" "works"

# try NAME ORDER…: the order meets the next record; the extension must count exactly once, and
# the link must have been made anew (the session died, and the driver resumed).
try()
{
    local name=$1 before

    shift
    before=$(attack connections)
    attack "$@"
    pcr_extend "$(digest $step)"
    step=$((step + 1))
    pcr_check "$name"
    [ "$(attack pending)" = 0 ] || fail "$name: the attack met no record"
    [ "$(attack connections)" -gt "$before" ] || fail "$name: the session lived on"
}

# stall NAME DIRECTION ACTION…: as try, but what arrives is no whole record, so that its receiver
# waits for the rest; when the link is cut, it counts once.
stall()
{
    local name=$1 direction=$2

    shift 2
    attack "$direction" next "$@"
    pcr_extend "$(digest $step)" &
    retry met || fail "$name: the attack met no record"
    attack cut
    wait $! || fail "$name: no answer"
    pcr_value=$(unhex <<< "$pcr_value$(digest $step)" | sha256sum | cut -d' ' -f1)
    step=$((step + 1))
    pcr_check "$name"
}

met()
{
    [ "$(attack pending)" = 0 ]
}

# Type, version, the body's first and later bytes; then the length, which grows.
for offset in 0 1 5 25; do
    try "flip byte $offset of a command" c next flip "$offset"
    try "flip byte $offset of an answer" s next flip "$offset"
done
stall "flip the length of a command" c flip 3
stall "flip the length of an answer" s flip 3
report "flip a byte of a record" "changes the command" "session ends, exactly once" ""
try "duplicate a command" c next dup
try "duplicate an answer" s next dup
report "duplicate a record" "runs twice" "session ends, exactly once"
try "truncate a command" c next trunc 20
try "truncate an answer" s next trunc 20
report "truncate a record" "command lost" "session ends, exactly once"
try "reflect a command" c next reflect
try "reflect an answer" s next reflect
report "reflect a record" "taken as it is" "session ends, exactly once"
try "inject before a command" c next inject 17030300110000000000000000000000000000000000
try "inject before an answer" s next inject 1503030002022a
report "inject a record" "runs" "session ends, exactly once"

# Replay: the first command record of the first connection, after it was answered.
replay()
{
    local before

    before=$(attack connections)
    attack replay "$1" "$2" "$3"
    pcr_extend "$(digest $step)"
    step=$((step + 1))
    pcr_check "replay of record $3 of connection $2"
    [ "$(attack connections)" -gt "$before" ] || fail "a replayed record was borne"
}
replay c 0 5
replay s 0 5
replay c "$(($(attack connections) - 1))" "$(($(attack records c) - 1))"
report "replay a record" "runs again" "session ends, exactly once"

stall "drop a command" c drop
stall "drop an answer" s drop
report "drop a record" "command lost" "waits; exactly once"

# Delay changes nothing at all.
connections=$(attack connections)
attack c next delay 300
attack s next delay 300
pcr_extend "$(digest $step)"
step=$((step + 1))
pcr_check "delay"
[ "$(attack connections)" = "$connections" ] || fail "a delay ended the session"
report "delay a record" "works" "works"

# Contrast: plain swtpm behind the same attacker.
mkdir "$TMP/plain"
start plain "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$TMP/plain" --flags startup-clear \
    --server "type=unixio,path=$TMP/p" --ctrl "type=unixio,path=$TMP/p.ctrl"
wait_socket plain "$TMP/p.ctrl"
start attacker2 "$attacker" --plain --listen "unixio:$TMP/q" --to "unixio:$TMP/p" \
    --control "$TMP/evil2.ctl"
ln -s "$TMP/p.ctrl" "$TMP/q.ctrl"
wait_socket attacker2 "$TMP/evil2.ctl"
attack2()
{
    echo "$*" | socat -t "$PATIENCE" - "UNIX-CONNECT:$TMP/evil2.ctl" > /dev/null
}
plain_pcr()
{
    TPM_AT=p tpm pcrread sha256:16 -o "$TMP/pcr.bin" > /dev/null
    hex < "$TMP/pcr.bin"
}
zero=$(printf '0%.0s' {1..64})
once=$(unhex <<< "$zero$(digest 7)" | sha256sum | cut -d' ' -f1)
TPM_AT=q tpm pcrextend "16:sha256=$(digest 7)"
[ "$(plain_pcr)" = "$once" ] || fail "plain swtpm, honest: PCR 16 is wrong"
# PCR_Extend is the last command that the tool sends on its connection.
attack2 c next flip 64
TPM_AT=q tpm pcrextend "16:sha256=$(digest 7)" > /dev/null 2>&1 || true
twice=$(unhex <<< "$once$(digest 7)" | sha256sum | cut -d' ' -f1)
[ "$(plain_pcr)" != "$twice" ] || fail "the attack on plain swtpm does not work: it shows nothing"
