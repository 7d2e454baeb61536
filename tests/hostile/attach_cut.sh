#!/bin/bash
# test: the link cut before or after every record of an attach: the answer to ATTACH is fetched by
# RESUME, evidence burnt or not; a launch that was not attached is not used up where it is not burnt
# sanitizers: no
# idle: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

# attached VM ORDER…: the attach meets the order, and stands all the same.
attached()
{
    local vm=$1 before epochs

    shift
    before=$(attack connections)
    epochs=$(grep -c "attached: epoch" "$TMP/coco.log") || true
    vm_launch chip "$vm" "$TMP/coco.img"
    attack "$@"
    driver_start "$vm"
    [ "$(attack pending)" = 0 ] || fail "$*: met no record"
    [ "$(attack connections)" -gt $((before + 1)) ] || fail "$*: one link was enough"
    [ "$(grep -c "attached: epoch" "$TMP/coco.log")" = $((epochs + 1)) ] ||
        fail "$*: not attached exactly once"
    pcr_value=$(printf '0%.0s' {1..64})
    pcr_extend "$(digest 7)"
    pcr_check "$*"
    stop driver_tpm || fail "$*: the driver ended with $?"
}

# lost VM ORDER…: ATTACH never arrived: an error, and nothing attached.
lost()
{
    local vm=$1 epochs

    shift
    epochs=$(grep -c "attached: epoch" "$TMP/coco.log") || true
    attack "$@"
    driver_refused "." "$vm"
    [ "$(attack pending)" = 0 ] || fail "$*: met no record"
    [ "$(grep -c "attached: epoch" "$TMP/coco.log" || true)" = "$epochs" ] ||
        fail "$*: attached, but the driver is gone"
}

# The records of an attach, counted in the honest case: ATTACH and its answer are the last.
count_records()
{
    driver_start "$1"
    last_c=$(($(attack records c) - 1))
    last_s=$(($(attack records s) - 1))
    [ "$last_c" -ge 3 ] && [ "$last_s" -ge 3 ] || fail "an attach of $last_c and $last_s records"
    stop driver_tpm || fail "the driver ended with $?"
}

for burns in no yes; do
    echo "burns-evidence = $burns"
    rm -rf "$TMP/state" "$TMP/coco.sock" "$TMP/evil.sock" "$TMP/evil.ctl"
    if [ "$burns" = no ]; then
        world
    else
        vm_launch chip cocovm "$TMP/coco.img"
        policy_instance chip "$TMP/coco.img" cocovm.burns-evidence=yes > "$TMP/instance.policy"
        policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" > "$TMP/driver.policy"
        provision state "$ID" "$TMP/instance.policy"
    fi
    tpm_start
    attacker_start
    count_records cocovm

    attached "after_c_$burns" c "$last_c" cut-after
    attached "before_s_$burns" s "$last_s" cut
    attached "part_s_$burns" s "$last_s" trunc 9
    attached "flip_s_$burns" s "$last_s" flip 30
    attached "after_s_$burns" s "$last_s" cut-after

    # Before ATTACH has arrived nothing is used up but what was burnt.
    vm_launch chip early "$TMP/coco.img"
    for ((record = 0; record < last_c; record++)); do
        lost early c "$record" cut
    done
    for ((record = 0; record < last_s; record++)); do
        lost early s "$record" cut
    done
    driver_start early
    stop driver_tpm
    vm_launch chip late "$TMP/coco.img"
    lost late c "$last_c" cut
    if [ "$burns" = no ]; then
        driver_start late
        stop driver_tpm
    else
        driver_refused "report" late
    fi
    stop attacker || true
    stop coco
done
report "cut at every record of an attach" "-" "answer fetched, attached once"
