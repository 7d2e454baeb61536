#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a command of an attached session while a crowd stands at the door: 1,000 links that say
# nothing, a byte a second or half a handshake, and a flood of handshakes (a table)
# alone: yes
# sanitizers: no
# Figures, not limits: only what does not work fails.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
need taskset

bench=$(ours link_latency)
loris=$(ours loris)
hello=$SRC/tests/fuzz/corpus/preauth/client-hello
count=${BENCH_COUNT:-1000}
runs=${BENCH_RUNS:-1}

coco_world
coco_provision
mkdir "$TMP/plain"
start plain taskset -c 0 "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/plain" \
    --server "type=unixio,path=$TMP/plain.sock" --flags not-need-init,startup-clear
wait_socket plain "$TMP/plain.sock"
port=$(free_port)
start swtpm "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" --cocotpm \
    "type=tcp,port=$port,id=$id,platform=emulator:$TMP/tpmvm"
wait_socket swtpm "$port"

memory()
{
    awk '/^VmRSS/ { print $2 }' "/proc/$(pid_of swtpm)/status"
}

descriptors()
{
    find "/proc/$(pid_of swtpm)/fd" -mindepth 1 | wc -l
}

# table NAME [LORIS-OPTION…]: attaches, lets the crowd come, and measures.
table()
{
    local name=$1 begin

    shift
    echo "$name:"
    coco_launch "vm$name"
    start "bench_$name" "$bench" "$count" "$runs" "$TMP/plain.sock" "tcp:127.0.0.1:$port" \
        "$TMP/driver.policy" "$TMP/chip/chain.pem" "$id" "emulator:$TMP/vm$name" "$TMP/gate_$name"
    retry grep -q attached "$TMP/bench_$name.log" || fail "not attached"
    begin=$SECONDS
    if [ $# -gt 0 ]; then
        start "crowd_$name" taskset -c 1 "$loris" --to "tcp:127.0.0.1:$port" --hello "$hello" "$@"
        retry grep -q crowded "$TMP/crowd_$name.log" || fail "no crowd: $(cat "$TMP/crowd_$name.log")"
    fi
    touch "$TMP/gate_$name"
    wait_end "bench_$name" || fail "a command was lost: $(cat "$TMP/bench_$name.log")"
    grep -v attached "$TMP/bench_$name.log"
    echo "memory $(memory) KiB, $(descriptors) descriptors"
    if [ $# -gt 0 ]; then
        stop "crowd_$name" || true
        echo "in $((SECONDS - begin)) s: $(tail -n 1 "$TMP/crowd_$name.log")"
    fi
    echo
}

table quiet
table silent --count 1000
table flood --count 16 --flood
echo "after: memory $(memory) KiB, $(descriptors) descriptors"
