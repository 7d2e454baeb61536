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

step=1
extend()
{
    pcr_extend "$(digest $step)"
    step=$((step + 1))
}

# The same attacker doing nothing.
for _ in 1 2 3; do
    extend
done
pcr_check "an attacker that does nothing"
[ "$(attack connections)" = 1 ] || fail "the honest case took more than one connection"

# met: no order waits for its record any more.
met()
{
    [ "$(attack pending)" = 0 ]
}

# try NAME ORDER…: the order meets the next record; the extension must count exactly once, and
# the link must have been made anew (the session died, and the driver resumed).
try()
{
    attacked 1 "$@"
    [ "$(attack connections)" -gt "$before" ] || fail "$1: the session lived on"
}

# attacked N NAME ORDER…: and N extensions; $before: how many connections there were.
attacked()
{
    local name=$2 n

    before=$(attack connections)
    attack "${@:3}"
    for ((n = 0; n < $1; n++)); do
        extend
    done
    pcr_check "$name"
    met || fail "$name: the attack met no record"
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

# bear NAME ORDER…: nothing is changed, so that the session lives on.
bear()
{
    attacked 1 "$@"
    [ "$(attack connections)" = "$before" ] || fail "$1: the session died"
}

# leave NAME ORDER…: one side is told that nothing more comes, the other not.
leave()
{
    attacked 2 "$@"
    [ "$(attack connections)" -gt "$before" ] || fail "$1: the session lived on"
}

# Type, version, the body's first and later bytes; then the length, which grows.
for offset in 0 1 5 25; do
    try "flip byte $offset of a command" c next flip "$offset"
    try "flip byte $offset of an answer" s next flip "$offset"
done
stall "flip the length of a command" c flip 3
stall "flip the length of an answer" s flip 3
try "duplicate a command" c next dup
try "duplicate an answer" s next dup
try "truncate a command" c next trunc 20
try "truncate an answer" s next trunc 20
try "reflect a command" c next reflect
try "reflect an answer" s next reflect
bear "a command byte by byte" c next bytes
bear "an answer byte by byte" s next bytes
leave "half-closed after a command" c next half
leave "half-closed after an answer" s next half
try "inject before a command" c next inject 17030300110000000000000000000000000000000000
try "inject before an answer" s next inject 1503030002022a

# Records of the host's by their length, and alerts and handshake messages in the clear (RFC 8446,
# sections 5.1, 6 and 4.6): none has a place behind the handshake.
zeroes()
{
    printf "%0$((2 * $1))d" 0
}
for direction in c s; do
    try "inject a record of no bytes, $direction" $direction next inject 1703030000
    try "inject a record of 16 bytes, $direction" $direction next inject 1703030010$(zeroes 16)
    try "inject a record of 16,640 bytes, $direction" $direction next inject 1703034100$(zeroes 16640)
    try "inject a record of 16,641 bytes, $direction" $direction next inject 1703034101$(zeroes 16641)
    try "inject close_notify, $direction" $direction next inject 15030300020100
    try "inject a warning, $direction" $direction next inject 1503030002015a
    try "inject a fatal alert, $direction" $direction next inject 15030300020228
    try "inject ChangeCipherSpec, $direction" $direction next inject 140303000101
    try "inject KeyUpdate, $direction" $direction next inject 16030300051800000101
    try "inject NewSessionTicket, $direction" $direction next inject \
        160303001504000011000000010000000001aa0004bbbbbbbb0000
    try "inject CertificateRequest, $direction" $direction next inject 16030300070d000003000000
done

# Replay: the first command record of the first connection, after it was answered.
replay()
{
    local before

    before=$(attack connections)
    attack replay "$1" "$2" "$3"
    extend
    pcr_check "replay of record $3 of connection $2"
    [ "$(attack connections)" -gt "$before" ] || fail "a replayed record was borne"
}
replay c 0 5
replay s 0 5
replay c "$(($(attack connections) - 1))" "$(($(attack records c) - 1))"

# Two records in the wrong order: a receipt goes out in one write with the answer it belongs to.
reorder()
{
    local before

    before=$(attack connections)
    increment=80020000001f000001344000000101500020000000094000000900000000 # NV_Increment, 31.8
    raw "$TMP/tpm" "${increment}00"
    [ "${answer:12:8}" = 00000000 ] || fail "NV_Increment: $answer"
    attack s next swap
    raw "$TMP/tpm" "${increment}00"
    [ "${answer:12:8}" = 00000000 ] || fail "reordered: $answer"
    [ "$(attack pending)" = 0 ] || fail "reorder met no record"
    [ "$(attack connections)" -gt "$before" ] || fail "reordered records were borne"
    [ "$(tpm nvread 0x1500020 -C o | hex)" = 0000000000000002 ] ||
        fail "the counter is $(tpm nvread 0x1500020 -C o | hex), not 2"
}
tpm nvdefine 0x1500020 -C o -a "ownerread|ownerwrite|nt=counter" > "$TMP/nv.log"
reorder
stall "drop a command" c drop
stall "drop an answer" s drop

# Delay changes nothing at all.
connections=$(attack connections)
attack c next delay 300
attack s next delay 300
pcr_extend "$(digest $step)"
step=$((step + 1))
pcr_check "delay"
[ "$(attack connections)" = "$connections" ] || fail "a delay ended the session"


# ---- the same on plain swtpm, where each of them works ----

plain_start
plain_is "honest: nothing yet"
plain_extend 1
[ "${answer:12:8}" = 00000000 ] || fail "plain swtpm: an honest extension: $answer"
plain_is "an attacker that does nothing" 1
report "nothing" "works" "works"

# plain_try WHAT ORDER…: PCR 16 from zeroes; extends it with 2.
plain_try()
{
    plain_fresh
    shift
    plain_attack "$@"
    plain_extend 2
    [ "$(plain_attack pending)" = 0 ] || fail "plain swtpm: $*: met no record"
}

# The last byte of the digest: 2 becomes 3, and the answer is success.
plain_try "flip" c next flip 64
[ "${answer:12:8}" = 00000000 ] || fail "plain swtpm: flip: $answer"
plain_is "flip" 3
report "flip a byte of a record" "another value is extended" "session ends, exactly once"
plain_try "duplicate" c next dup
plain_is "duplicate" 2 2
report "duplicate a record" "extended twice" "session ends, exactly once"
plain_try "truncate" c next trunc 20
[ -z "$answer" ] || fail "plain swtpm: truncate: $answer"
plain_is "truncate"
report "truncate a record" "command lost" "session ends, exactly once"
plain_try "reflect" c next reflect
[ "$answer" = "$(extend_command "$(digest 2)")" ] || fail "plain swtpm: reflect: $answer"
plain_is "reflect"
report "reflect a record" "taken for an answer, command lost" "session ends, exactly once"
plain_try "inject" c next inject "$(extend_command "$(digest 9)")"
plain_is "inject" 9 2
report "inject a record" "the host's command runs" "session ends, exactly once"
report "records of odd lengths, alerts in the clear" "-" "session ends, exactly once"
report "KeyUpdate, tickets, requests in the clear" "-" "session ends, exactly once"

plain_fresh
raw_open "$TMP/q"
raw_say "$(extend_command "$(digest 4)")"
raw_answer
plain_here "before the replay" 4
connection=$(($(plain_attack connections) - 1))
plain_attack replay c "$connection" 0
raw_answer
plain_here "replay" 4 4
report "replay a record" "extended again" "session ends, exactly once"
plain_attack c next swap
raw_say "$(extend_command "$(digest 5)")"
raw_say "$(extend_command "$(digest 6)")"
raw_answer
raw_answer
plain_here "reorder" 4 4 6 5
report "reorder records" "extended in the wrong order" "session ends, exactly once"

# The host takes the command away, and says that it succeeded.
plain_attack c next drop
raw_say "$(extend_command "$(digest 7)")"
plain_met()
{
    [ "$(plain_attack pending)" = 0 ]
}
retry plain_met || fail "plain swtpm: drop: met no record"
plain_attack send s 80020000001300000000000000000000010000
raw_answer
[ "${answer:12:8}" = 00000000 ] || fail "plain swtpm: a forged answer: $answer"
plain_here "drop" 4 4 6 5
raw_close
report "drop a record" "lost, and success is said" "waits; exactly once"
plain_try "delay" c next delay 50
plain_is "delay" 2
report "delay a record" "works" "works"
