#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: an ATTACH that fails before its entry is stored changes nothing; one that fails after it leaves
# the TPM off, the older session over and its own launch used
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

shim=$BUILD/tests/fault/attach_faults.so
[ -e "$shim" ] || fail "the build has no $shim"
world cocovm.takeover=yes
swtpm=$(ours swtpm)

# broken STEP: a CoCoTPM whose second ATTACH fails there, and three launches.
broken()
{
    [ -z "${pids[coco]:-}" ] || stop coco || fail "swtpm ended with $?"
    rm -f "$TMP/coco.sock"
    : > "$TMP/coco.log"
    start coco env "ATTACH_FAULT=$1" "LD_PRELOAD=$shim" "$swtpm" socket --tpm2 \
        --tpmstate "dir=$TMP/state" --cocotpm \
        "type=unixio,path=$TMP/coco.sock,id=$ID,platform=emulator:$TMP/tpmvm,timeout=600" \
        --log "file=$TMP/coco.log"
    wait_socket coco "$TMP/coco.sock"
    for vm in one two three; do
        vm_launch chip "$vm" "$TMP/coco.img"
    done
}

# told STEP LINE…: all that the two were told; then the third attaches, with clean PCRs.
told()
{
    local step=$1

    shift
    broken "$step"
    "$(ours resumer)" failing "$TMP/coco.sock" "$TMP/driver.policy" "$ID" "emulator:$TMP/one" \
        "emulator:$TMP/two" > "$TMP/said" 2> "$TMP/resumer.log" ||
        fail "$step: $(cat "$TMP/said" "$TMP/resumer.log")"
    printf '%s\n' "$@" | cmp -s - "$TMP/said" ||
        fail "$step: expected: $*; was told: $(cat "$TMP/said")"
    grep -q "ATTACH: " "$TMP/coco.log" || fail "$step: nothing failed: $(cat "$TMP/coco.log")"
    driver_start three "$step" coco
    [ "$(TPM_AT=$step pcr_read 16)" = "$(digest 0)" ] || fail "$step: PCR 16 is not clean"
    stop "driver_$step" || fail "the driver ended with $?"
}

told entry "newer 9" "older 0" "older-key taken" "again 0"
for step in measure startup id event; do
    told "$step" "newer 9" "older closed" "older-key refused" "again 6"
done
stop coco || fail "swtpm ended with $?"
