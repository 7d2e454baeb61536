#!/bin/bash
# test: no control command of the classic channel reaches a CoCoTPM, whoever sends it and
# however; on plain swtpm each of them is obeyed
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

honest_session

# What the host may call: its bytes, and a function that shows it working on plain swtpm.
calls=(
    "INIT 0000000200000000 init"
    "STOP 0000000e stop"
    "SHUTDOWN 00000003 shutdown"
    "SET_LOCALITY 0000000504 locality"
    "HASH_START 00000006 hash"
    "HASH_DATA 000000070000000161 hash"
    "HASH_END 00000008 hash"
    "STORE_VOLATILE 0000000a volatile"
    "RESET_TPMESTABLISHED 0000000b03 established"
    "GET_STATEBLOB 0000000c000000010000000100000000 getstate"
    "SET_STATEBLOB 0000000d000000000000000100000000 setstate"
    "CANCEL_TPM_CMD 00000009 cancel"
)

outcome=
for call in "${calls[@]}"; do
    read -r name bytes _ <<< "$call"
    # To the listener of the CoCoTPM, as bytes of its own.
    unhex <<< "$bytes" | socat -t 2 - "UNIX-CONNECT:$TMP/coco.sock" > "$TMP/said" || true
    [ "$(hex < "$TMP/said" | head -c 8)" != 00000000 ] || fail "$name was answered with success"
    # In the middle of the session, in both directions.
    attack send c "$bytes"
    pcr_check "$name inside the session"
    attack send s "$bytes"
    pcr_check "$name to the driver"
    # A client of the driver's: those that tools need are its own, and none of them resets.
    case $name in SHUTDOWN | SET_LOCALITY | CANCEL_TPM_CMD) continue ;; esac
    [ "$(unhex <<< "$bytes" | socat -t 5 - "UNIX-CONNECT:$TMP/tpm.ctrl" | hex | head -c 8)" = 0000000a ] ||
        fail "$name is not refused by the driver"
done
[ "$(unhex <<< 0000000504 | socat -t 5 - "UNIX-CONNECT:$TMP/tpm.ctrl" | hex)" != 00000000 ] ||
    fail "locality 4 was granted"
pcr_check "the driver's control socket"

# Plain TPM commands at the CoCoTPM's listener.
unhex <<< "${STARTUP_CLEAR}8001000000160000017a000000060000010000000001" |
    socat -t 2 - "UNIX-CONNECT:$TMP/coco.sock" > "$TMP/said" || true
[ "$(hex < "$TMP/said" | head -c 4)" != 8001 ] || fail "a plain command was answered"
attack send c "$(extend_command "$(digest 3)")"
pcr_check "plain commands"

# What a host could add to the command line.
for words in "--server type=unixio,path=$TMP/x" "--ctrl type=unixio,path=$TMP/x" "-p 23456" \
    "--flags startup-clear" "--key file=$TMP/coco.img" "--migration incoming" "--locality reject-locality-4" \
    "--pcap $TMP/x"; do
    # shellcheck disable=SC2086
    expect_fail "cocotpm|pcap" timeout 60 "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$TMP/state" \
        --cocotpm "type=unixio,path=$TMP/y.sock,id=$ID,platform=emulator:$TMP/tpmvm" $words
done

# ---- the same on plain swtpm ----

plain_start
ioctl=$(ours swtpm_ioctl)
control()
{
    "$ioctl" --unix "$TMP/p.ctrl" "$@"
}
plain_tpm()
{
    TPM_AT=p tpm "$@"
}
plain_counter()
{
    plain_tpm nvread 0x1500020 -C o | hex
}

obeyed()
{
    [ "$(unhex <<< "$1" | socat -t 5 - "UNIX-CONNECT:$TMP/p.ctrl" | hex | head -c 8)" = 00000000 ] ||
        fail "plain swtpm does not obey $1"
}

plain_init()
{
    plain_extend 1
    plain_is "before INIT" 1
    obeyed "$1"
    raw "$TMP/p" "$STARTUP_CLEAR"
    plain_is "INIT"
    outcome="PCRs cleared"
}

plain_stop()
{
    obeyed "$1"
    raw "$TMP/p" "$READ_COMMAND"
    [ "${answer:12:8}" != 00000000 ] || fail "plain swtpm: STOP does not stop"
    plain_fresh
    outcome="TPM off"
}

plain_locality()
{
    obeyed "$1"
    obeyed 0000000500
    outcome="locality 4 for anybody"
}

pcr17()
{
    plain_tpm pcrread sha256:17 -o "$TMP/pcr17.bin" > "$TMP/pcr17.log"
    hex < "$TMP/pcr17.bin"
}

plain_hash()
{
    local before

    before=$(pcr17)
    printf 'a program %s' "$1" | control -h - > "$TMP/hash.log"
    [ "$(pcr17)" != "$before" ] || fail "plain swtpm: PCR 17 is as it was"
    outcome="PCR 17 forged"
}

plain_volatile()
{
    obeyed "$1"
    [ -s "$TMP/plain/tpm2-00.volatilestate" ] || fail "plain swtpm: no volatile state"
    outcome="PCRs and sessions in a file"
}

plain_established()
{
    obeyed "$1"
    outcome="flag cleared"
}

plain_getstate()
{
    plain_tpm nvdefine 0x1500021 -C o -s 16 -a "ownerread|ownerwrite" > "$TMP/nv.log"
    printf 'sixteen secrets!' | plain_tpm nvwrite 0x1500021 -C o -i -
    control --save permanent "$TMP/blob"
    grep -q 'sixteen secrets!' "$TMP/blob" || fail "plain swtpm: no secret in the state blob"
    outcome="secrets read in clear"
}

plain_setstate()
{
    plain_tpm nvdefine 0x1500020 -C o -a "ownerread|ownerwrite|nt=counter" > "$TMP/nv.log"
    plain_tpm nvincrement 0x1500020 -C o
    [ "$(plain_counter)" = 0000000000000001 ] || fail "plain swtpm: a counter begins otherwise"
    control --save permanent "$TMP/old"
    plain_tpm nvincrement 0x1500020 -C o
    control --stop
    control --load permanent "$TMP/old"
    plain_fresh
    [ "$(plain_counter)" = 0000000000000001 ] || fail "plain swtpm: the counter is not set back"
    outcome="counters set back"
}

plain_cancel()
{
    obeyed "$1"
    outcome="obeyed"
}

plain_shutdown()
{
    obeyed "$1"
    wait_end plain || true
    outcome="TPM ended"
}

# SHUTDOWN last: nothing is there after it.
for call in "${calls[@]}"; do
    read -r name bytes run <<< "$call"
    [ "$run" != shutdown ] || continue
    "plain_$run" "$bytes"
    report "$name" "$outcome" "not understood, session lives"
done
plain_extend 5
report "plain TPM commands to the listener" "answered" "refused, link ended"
plain_shutdown 00000003
report SHUTDOWN "$outcome" "not understood, session lives"

# Options: plain swtpm takes them all.
mkdir "$TMP/words"
start words "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$TMP/words" --flags startup-clear \
    --key "pwdfile=$TMP/coco.img" --locality reject-locality-4 \
    --server "type=unixio,path=$TMP/w" --ctrl "type=unixio,path=$TMP/w.ctrl"
wait_socket words "$TMP/w.ctrl"
report "words added to the command line" "taken" "refused"
