#!/bin/bash
# test: NV_Write of a CoCoTPM, without and with a witness of three etcd members, and of Debian's swtpm
# alone: yes
# sanitizers: no
# Figures, not limits. BENCH_COUNT=N writes of each, alternating (200; 2000 with BENCH_QUICK=0)
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

count=200
[ "${BENCH_QUICK:-1}" != 0 ] || count=2000
count=${BENCH_COUNT:-$count}
debian=/usr/bin/swtpm
sockets=()

# session NAME: its state in $TMP/NAME.state, its TPM at $TMP/NAME.tpm through driver and link.
session()
{
    rm -rf "$TMP/state"
    coco_provision "${@:2}"
    mv "$TMP/state" "$TMP/$1.state"
    start "$1" "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/$1.state" \
        --cocotpm "type=unixio,path=$TMP/$1.link,id=$id,platform=emulator:$TMP/tpmvm"
    wait_socket "$1" "$TMP/$1.link"
    coco_launch "$1"
    policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" > "$TMP/driver.policy"
    LINK=unixio:$TMP/$1.link coco_driver "$1"
    sockets+=("$TMP/$1.tpm")
}

coco_world
session sealed
if command -v etcd > /dev/null; then
    . "$(dirname "$0")/../lib_etcd.sh"
    cd "$TMP"
    etcd_local
    etcd_local_start
    id=$(cat /proc/sys/kernel/random/uuid)
    policy_instance chip "$TMP/coco.img" freshness.kind=witness "freshness.witness=$urls" \
        "freshness.witness-key=$pin" > "$TMP/instance.policy"
    session witnessed "witness-key=$TMP/client.key" "witness-certificate=$TMP/client.pem"
fi
mkdir "$TMP/plain"
start plain "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/plain" \
    --server "type=unixio,path=$TMP/plain.s" --flags not-need-init,startup-clear
wait_socket plain "$TMP/plain.s"
sockets+=("$TMP/plain.s")
if [ -x "$debian" ]; then
    mkdir "$TMP/debian"
    start debian "$debian" socket --tpm2 --tpmstate "dir=$TMP/debian" \
        --server "type=unixio,path=$TMP/debian.s" --ctrl "type=unixio,path=$TMP/debian.c" \
        --flags not-need-init,startup-clear
    wait_socket debian "$TMP/debian.s"
    sockets+=("$TMP/debian.s")
fi
# The system calls alone that one store of the sealed state needs, on the same disk.
mkdir "$TMP/bare"
cp "$TMP/sealed.state/tpm2-00.sealed" "$TMP/bare/bare"
sockets+=("bare:$TMP/bare")
echo "NV_Write, $count each, alternating, on $(stat -f -c %T "$TMP"):"
"$(ours tpm_bench)" nvwrite "${sockets[@]}" "$count" > "$TMP/figures"
awk -v from="$TMP/" '
    {
        sub(from, "")
        sub(/^bare:bare:/, "bare system calls:")
        print
        name = $1
        sub(/[.:].*/, "", name)
        for (i = 1; i < NF; i++) if ($i == "median") median[name] = $(i + 1)
    }
    function ratio(a, b)
    {
        if (a in median && b in median)
            printf "%s / %s: %.2f\n", a, b, median[a] / median[b]
    }
    END {
        ratio("sealed", "bare"); ratio("sealed", "debian"); ratio("plain", "debian")
        ratio("witnessed", "sealed"); ratio("witnessed", "debian")
    }' "$TMP/figures"

for name in sealed witnessed; do
    [ -z "${pids[driver-$name]:-}" ] || coco_driver_stop "$name"
    [ -z "${pids[$name]:-}" ] || stop "$name" || fail "the CoCoTPM $name ended with $?"
done
