#!/bin/bash
# test: no control command of the classic channel reaches a CoCoTPM, whoever sends it and
# however; on plain swtpm INIT clears the PCRs unseen
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

world
tpm_start
attacker_start
driver_start
pcr_extend "$(digest 1)"

# INIT, SHUTDOWN, HASH_START, SET_STATEBLOB, STOP, GET_STATEBLOB, STORE_VOLATILE, RESET_TPMESTABLISHED
for command in 0000000200000000 00000003 00000006 0000000d000000000000000100000000 0000000e \
    0000000c000000010000000100000000 0000000a 0000000b03; do
    # To the listener of the CoCoTPM, as bytes of its own.
    unhex <<< "$command" | socat -t 2 - "UNIX-CONNECT:$TMP/coco.sock" > "$TMP/said" || true
    [ "$(hex < "$TMP/said" | head -c 8)" != 00000000 ] || fail "$command was answered with success"
    pcr_check "$command to the CoCoTPM"
    # In the middle of the session.
    attack send c "$command"
    pcr_check "$command inside the session"
done
report "INIT, STOP, HASH_START, state blobs" "obeyed: PCRs cleared" "not understood" ""

# A driver's client cannot send them either.
for command in 0000000200000000 0000000e 00000006; do
    [ "$(unhex <<< "$command" | socat -t 5 - "UNIX-CONNECT:$TMP/tpm.ctrl" | hex)" = 0000000a ] ||
        fail "$command is not refused by the driver"
done
pcr_check "the driver's control socket"

# Plain TPM commands at the CoCoTPM's listener.
unhex <<< 80010000000c0000014500008001000000160000017a000000060000010000000001 |
    socat -t 2 - "UNIX-CONNECT:$TMP/coco.sock" > "$TMP/said" || true
[ "$(hex < "$TMP/said" | head -c 4)" != 8001 ] || fail "a plain command was answered"
pcr_check "plain commands"
report "plain TPM commands to the listener" "answered" "session refused"

# What a host could add to the command line.
for words in "--server type=unixio,path=$TMP/x" "--ctrl type=unixio,path=$TMP/x" "-p 23456" \
    "--flags startup-clear" "--key file=$TMP/coco.img" "--migration incoming" "--locality reject-locality-4" \
    "--pcap $TMP/x"; do
    # shellcheck disable=SC2086
    expect_fail "cocotpm|pcap" timeout 60 "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$TMP/state" \
        --cocotpm "type=unixio,path=$TMP/y.sock,id=$ID,platform=emulator:$TMP/tpmvm" $words
done
report "options added by the host" "obeyed" "refused"

# Contrast: plain swtpm obeys INIT from anybody who reaches its control socket.
mkdir "$TMP/plain"
start plain "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$TMP/plain" --flags startup-clear \
    --server "type=unixio,path=$TMP/p" --ctrl "type=unixio,path=$TMP/p.ctrl"
wait_socket plain "$TMP/p.ctrl"
TPM_AT=p tpm pcrextend "16:sha256=$(digest 1)"
TPM_AT=p pcr_check "plain swtpm, honest"
unhex <<< 0000000200000000 | socat -t 5 - "UNIX-CONNECT:$TMP/p.ctrl" > /dev/null
TPM_AT=p tpm startup -c > /dev/null
[ "$(TPM_AT=p pcr_read)" != "$pcr_value" ] || fail "INIT does not clear plain swtpm's PCRs"
