#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: QEMU's side of the relay out of turn, with odd descriptors, and each control request while a
# command runs: answered, nothing is left behind, and a session goes on or is resumed, exactly once
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"
. "$SRC/tests/lib_tunnel.sh"

# told SOCKET ORDER…: the answer's digits (tests/tools/orders.h).
told()
{
    echo "${*:2}" | socat -t "$PATIENCE" - "UNIX-CONNECT:$1"
}

# answers SOCKET ANSWER ORDER…
answers()
{
    local said

    said=$(told "$1" "${@:3}")
    [ "$said" = "$2" ] || fail "'${*:3}' is answered with '$said', not '$2'"
}

# count NAME: how many descriptors it has.
count()
{
    find "/proc/$(pid_of "$1")/fd" -mindepth 1 | wc -l
}

OK=00000000 BAD_PARAMETER=00000003 BAD_ORDINAL=0000000a IOERROR=0000001f
INIT=0000000200000000 STOP=0000000e DATAFD=00000010 SIZE=0000001100001000
SELF_TEST=80010000000b0000014301
SUCCESS=80010000000a00000000 FAILURE=80010000000a00000101

# ---- without a session: our relay, and plain swtpm the same way ----

# A client of the control channel anew, as one is served at a time.
client()
{
    [ -z "${pids[control]:-}" ] || stop control || true
    rm -f "$TMP/orders"
    start control "$(ours control)" "$1" "$TMP/orders"
    wait_socket control "$TMP/orders"
}
ask()
{
    answers "$TMP/orders" "$@"
}

# odd NAME CONTROL: more data channels, with what is none, and descriptors that nobody asked for.
odd()
{
    local name=$1 what before

    client "$2"
    ask $OK $STOP
    ask $OK $INIT
    ask $OK $INIT
    ask $OK $DATAFD socket
    ask $OK $INIT
    before=$(count "$name")
    ask $BAD_PARAMETER $DATAFD
    for what in socket closed file null dir stream two many; do
        ask $IOERROR $DATAFD $what
    done
    # A descriptor that comes with a request that takes none.
    ask $OK $STOP file
    ask $OK $STOP many
    ask $BAD_ORDINAL 000000ff two
    [ "$(count "$name")" -le "$before" ] || fail "$name keeps descriptors that it has no use for"
}

# first NAME CONTROL WHAT: as the first data channel of a client; then the next one is served.
first()
{
    local said

    client "$2"
    told "$TMP/orders" $DATAFD "$3" > "$TMP/said"
    told "$TMP/orders" $INIT > "$TMP/said"
    client "$2"
    ask $OK $DATAFD socket
    ask $OK $INIT
    said=$(told "$TMP/orders" data $SELF_TEST)
    [ "$said" = "$SUCCESS" ] || [ "$said" = 80010000000a00000100 ] ||
        fail "$1: no TPM after '$3' as a data channel: $said"
}

world
tpm_start
start relay "$(ours cocotpm-relay)" --ctrl "type=unixio,path=$TMP/relay.ctrl" --to "unixio:$TMP/coco.sock"
wait_socket relay "$TMP/relay.ctrl"
odd relay "$TMP/relay.ctrl"
for what in closed file null dir stream two many; do
    first relay "$TMP/relay.ctrl" $what
done
client "$TMP/relay.ctrl"
ask $OK $DATAFD socket
ask $FAILURE data $SELF_TEST         # INIT has not come
ask $OK $INIT
ask $SUCCESS data $SELF_TEST
ask $OK $STOP
ask $FAILURE data $SELF_TEST
stop control || true
stop relay || fail "the relay ended with $?"

mkdir "$TMP/plain"
start plain "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$TMP/plain" --ctrl "type=unixio,path=$TMP/p.ctrl"
wait_socket plain "$TMP/p.ctrl"
for what in closed file null dir stream two many; do
    first plain "$TMP/p.ctrl" $what
done
client "$TMP/p.ctrl"
ask $OK $DATAFD socket
ask $OK $INIT
ask $SUCCESS data $STARTUP_CLEAR
extended=80020000001300000000000000000000010000
ask $extended data "$(extend_command "$(digest 1)")"
said=$(told "$TMP/orders" data $READ_COMMAND)
[ "${said: -64}" = "$(folded 1)" ] || fail "plain swtpm: $said"
ask $OK $INIT
ask $SUCCESS data $STARTUP_CLEAR
said=$(told "$TMP/orders" data $READ_COMMAND)
[ "${said: -64}" = "$(folded)" ] || fail "plain swtpm: INIT: $said"
stop control || true
stop plain || true
report "data channels that are none" "refused, or the next one serves" "the same"

# ---- with a session in the tunnel ----

tunnel_up --orders "$TMP/qemu"
driver_start cocovm tpm carrier
extend "honest"

# TPM2_CreatePrimary (Part 3, 24.1) of an RSA key under the null hierarchy, another one each time: it
# runs for a while. Its answer in $TMP/made.
create()
{
    local command

    command=80020000004700000131400000070000000940000009000000000000040000
    command+=0000001e0001000b0003007200000006008000430010080000000000
    command+=0004$(printf %08x $((RANDOM * 32768 + RANDOM)))00000000000000
    rm -f "$TMP/made"
    (
        raw "$TMP/tpm" "$command"
        echo "$answer" > "$TMP/made"
    ) &
    making=$!
}
made()
{
    wait $making || fail "$1: no answer"
    [ "$(slice "$TMP/made" 12 8 | unhex)" = 00000000 ] || fail "$1: $(cat "$TMP/made")"
    raw "$TMP/tpm" "80010000000e00000165$(slice "$TMP/made" 20 8 | unhex)"
    [ "${answer:12:8}" = 00000000 ] || fail "TPM2_FlushContext: $answer"
}

requests=(
    "00000000000034af|00000001|GET_CAPABILITY"
    "0000000000000000|00000004|GET_TPMESTABLISHED"
    "$OK|0000000500000000|SET_LOCALITY"
    "$OK|0000000504000000|SET_LOCALITY 4"
    "$OK|0000000b03000000|RESET_TPMESTABLISHED"
    "$OK|00000009|CANCEL_TPM_CMD"
    "$BAD_PARAMETER|$DATAFD|SET_DATAFD without one"
    "$IOERROR|$DATAFD socket|a second SET_DATAFD"
    "$IOERROR|$DATAFD file|SET_DATAFD with a file"
    "$IOERROR|$DATAFD many|SET_DATAFD with nine"
    "$BAD_ORDINAL|$SIZE|SET_BUFFERSIZE"
    "$BAD_PARAMETER|00000002|INIT without flags"
    "$BAD_ORDINAL|00000006|HASH_START"
    "$BAD_ORDINAL|000000070000000161|HASH_DATA"
    "$BAD_ORDINAL|00000008|HASH_END"
    "$BAD_ORDINAL|0000000a|STORE_VOLATILE"
    "$BAD_ORDINAL|0000000c000000010000000100000000|GET_STATEBLOB"
    "$BAD_ORDINAL|0000000d000000000000000100000000|SET_STATEBLOB"
    "$BAD_ORDINAL|ffffffff|nothing known"
)
before=$(lost)
descriptors=$(count relay)
create
for row in "${requests[@]}"; do
    IFS='|' read -r expected request what <<< "$row"
    # shellcheck disable=SC2086
    answers "$TMP/qemu" "$expected" $request
    [ ! -e "$TMP/made" ] || { made "$what while a command runs"; create; }
done
made "requests while a command runs"
extend "requests while a command runs"
for row in "${requests[@]}"; do
    IFS='|' read -r expected request what <<< "$row"
    # shellcheck disable=SC2086
    answers "$TMP/qemu" "$expected" $request
    extend "$what between commands"
done
[ "$(lost)" = "$before" ] || fail "a control request ended the session"
[ "$(count relay)" -le "$descriptors" ] || fail "the relay keeps descriptors"
report "control requests to the relay in a session" "in hostile/control: obeyed" "the session lives on"

# A reset of the VM, as the host sees it, in the middle of a command: the stream is gone, and the session
# is resumed through the next one.
before=$(lost)
create
answers "$TMP/qemu" $OK $STOP
answers "$TMP/qemu" 00000000"00001000""00000af8""00001000" $SIZE
answers "$TMP/qemu" $OK $INIT
made "INIT while a command runs"
extend "INIT while a command runs"
[ "$(lost)" -gt "$before" ] || fail "INIT left the stream"

# STOP alone: it waits for the carrier to be on again.
attack c over:10 delay 50
step=$((step + 1))
pcr_extend "$(digest $step)" &
waiting=$!
met()
{
    [ "$(attack pending)" = 0 ]
}
answers "$TMP/qemu" $OK $STOP
retry met || fail "STOP: no command was under way"
answers "$TMP/qemu" $OK $INIT
wait $waiting || fail "STOP in the middle of a command: no answer"
pcr_value=$(unhex <<< "$pcr_value$(digest $step)" | sha256sum | cut -d' ' -f1)
pcr_check "STOP in the middle of a command"
extend "the end"
report "INIT or STOP in the middle of a command" "PCRs cleared" "resumed, exactly once"
stop driver_tpm || fail "the driver ended with $?"
tunnel_down
