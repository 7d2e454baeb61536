#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a command through the in-band tunnel, beside the same on /dev/tpm0 with plain swtpm (a table; nothing is judged)
# alone: yes
# slow: yes
# limit: 2400
# sanitizers: no
# BENCH_COUNT=N commands a run (500), BENCH_RUNS=N runs of each, alternating (5; 2 when quick),
# BENCH_DEVICES="tpm-tis tpm-crb", BENCH_WAYS="driver module": through the driver's socket, and with
# the TCTI module in the program's own process. BENCH_PINS="pinned unpinned": both guests and all
# that serves them on one core, or where the scheduler puts them, whose wake-ups across cores take
# longer at times than at others.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/qemu/tunnel.inc
. "$SRC/tests/qemu/tunnel.inc"

need taskset
everywhere=$(taskset -p $$ | sed 's/.*: //')
count=${BENCH_COUNT:-500}
runs=${BENCH_RUNS:-$([ "${BENCH_QUICK:-1}" != 0 ] && echo 2 || echo 5)}
commands=(
    "GetRandom 80010000000c0000017b0008"
    "PCR_Read 8001000000140000017e00000001000b03000001"
)

# One image for both guests: what they are told on the second serial port decides what they do.
world
words=link=tpm:/dev/tpm0,policy=/driver.policy,id=$ID,platform=emulator:/tmp/vm
coco_root vm "$(ours tpm_time)" "$(ours libtss2-tcti-cocotpm.so)" << EOS
case \$(cat /proc/cmdline) in
*plain-tpm*) target=/dev/tpm0 ;;
*by-module*) target=module:/lib/libtss2-tcti-cocotpm.so:$words,resume=/run/session,timeout=600 ;;
*) attach; target=kept:/run/tpm ;;
esac
stty -F /dev/ttyS1 -echo
say "up"
while read -r name hex count < /dev/ttyS1; do
    tpm_time \$target \$hex \$count > /tmp/out 2>&1 || say "fault: \$(cat /tmp/out)"
    say "\$name: \$(sed -n 's/median \(.*\) us/\1/p' /tmp/out)"
done
EOS

# bench_guest NAME CTRL DEVICE [WORD]: its second serial port is ${go[NAME]}, which stays open: QEMU
# throws away what it has not handed on when the other side goes.
declare -A go=()
bench_guest()
{
    local fd

    cp "$TMP/vm.initrd" "$TMP/$1.initrd"
    append=${4:-} coco_guest "$1" "$2" "$3" \
        -chardev "socket,id=go,path=$TMP/$1.go,server=on,wait=off" -device isa-serial,chardev=go,index=1
    wait_serial "$1" 1 '@@ up'
    exec {fd}> >(exec socat -u - "UNIX-CONNECT:$TMP/$1.go")
    go[$1]=$fd
    ! grep -aqE '@@ (fault|refused)' "$TMP/$1.serial" || fail "$1: $(grep -a '@@' "$TMP/$1.serial")"
}

# run_once NAME COMMAND HEX N: the N-th result of that command.
run_once()
{
    echo "$2 $3 $count" >&"${go[$1]}"
    wait_serial "$1" "$4" "@@ $2: "
    ! grep -aq '@@ fault' "$TMP/$1.serial" || fail "$1: $(grep -a '@@ fault' "$TMP/$1.serial")"
    said "$1" "$2" | sed -n "$4p"
}

# pin pinned|unpinned NAME…
pin()
{
    local mask=1 name

    [ "$1" = pinned ] || mask=$everywhere
    shift
    for name in "$@"; do
        taskset -ap "$mask" "$(pid_of "$name")" > /dev/null
    done
}

middle()
{
    sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

measure()
{
    local device=$1 way=$2 name=$3 hex=$4 run plain tunnel

    for ((run = 1; run <= runs; run++)); do
        plain=$(run_once "plain-$device-$way" "$name" "$hex" "$run")
        tunnel=$(run_once "tunnel-$device-$way" "$name" "$hex" "$run")
        printf '%-8s %-7s %-19s run %d: plain %6d us, tunnel %6d us\n' "$device" "$way" "$name" \
            "$run" "$plain" "$tunnel"
    done
    plain=$(said "plain-$device-$way" "$name" | middle)
    tunnel=$(said "tunnel-$device-$way" "$name" | middle)
    printf '%-8s %-7s %-19s medians: plain %6d us, tunnel %6d us, ratio %s\n' "$device" "$way" \
        "$name" "$plain" "$tunnel" "$(awk "BEGIN { printf \"%.2f\", $tunnel / $plain }")"
}

table()
{
    local device=$1 way=$2 pin line name hex fd

    mkdir -p "$TMP/plain.$device"
    start "swtpm.$device" "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$TMP/plain.$device" \
        --ctrl "type=unixio,path=$TMP/plain.ctrl"
    wait_socket "swtpm.$device" "$TMP/plain.ctrl"
    tpm_start
    start "relay.$device" "$(ours cocotpm-relay)" --ctrl "type=unixio,path=$TMP/relay.ctrl" \
        --to "unixio:$TMP/coco.sock"
    wait_socket "relay.$device" "$TMP/relay.ctrl"
    bench_guest "plain-$device-$way" "$TMP/plain.ctrl" "$device" plain-tpm
    bench_guest "tunnel-$device-$way" "$TMP/relay.ctrl" "$device" "by-$way"
    for pin in ${BENCH_PINS:-pinned unpinned}; do
        pin "$pin" "swtpm.$device" coco "relay.$device" {plain,tunnel}"-$device-$way"
        for line in "${commands[@]}"; do
            read -r name hex <<< "$line"
            measure "$device" "$way" "$name.$pin" "$hex"
        done
    done
    for name in plain tunnel; do
        fd=${go[$name-$device-$way]}
        exec {fd}>&-
        monitor "$name-$device-$way" quit > /dev/null || true
        wait_end "$name-$device-$way" || fail "QEMU does not end"
    done
    wait_end "relay.$device" || fail "the relay does not end with QEMU"
    stop coco || fail "the CoCoTPM does not end"
    stop "swtpm.$device" || true
}

for device in ${BENCH_DEVICES:-tpm-tis tpm-crb}; do
    for way in ${BENCH_WAYS:-driver module}; do
        table "$device" "$way"
    done
done
