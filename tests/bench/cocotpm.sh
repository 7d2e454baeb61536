#!/bin/bash
# test: what an attached session adds to a command, in microseconds (a table; nothing is judged)
# alone: yes
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
need taskset

bench=$(ours link_latency)
count=${BENCH_COUNT:-1000}
runs=${BENCH_RUNS:-3}

coco_world
coco_provision
mkdir "$TMP/plain"
start plain taskset -c 0 "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/plain" \
    --server "type=unixio,path=$TMP/plain.sock" --flags not-need-init,startup-clear
wait_socket plain "$TMP/plain.sock"
rm -f "$TMP/link"
start swtpm taskset -c 0 "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
    --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm"
wait_socket swtpm "$TMP/link"

# figures WHAT LINK: pinned to one core, as the servers.
figures()
{
    echo "$1:"
    coco_launch bench
    taskset -c 0 "$bench" "$count" "$runs" "$TMP/plain.sock" "$2" "$TMP/driver.policy" \
        "$TMP/chip/chain.pem" "$id" "emulator:$TMP/bench" | grep -v "^attached$"
}

figures "all on one core, Unix socket" "$TMP/link"
port=$(free_port)
start relay taskset -c 0 "$(ours cocotpm-relay)" --listen "tcp:127.0.0.1:$port" --to "unixio:$TMP/link"
wait_socket relay "$port"
figures "all on one core, TCP and cocotpm-relay between" "tcp:127.0.0.1:$port"
