#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: OVMF measures a boot into our TPM behind tpm-tis and tpm-crb; its event log explains the PCRs
# slow: yes
# sanitizers: no
# limit: 1800
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guest.inc"

need tpm2_eventlog
firmware=/usr/share/OVMF
[ -r $firmware/OVMF_CODE_4M.fd ] || skip "OVMF is not installed (package ovmf)"
swtpm=$(ours swtpm)
make_initrd "$TMP/initrd"
append=eventlog memory=256

devices='tpm-tis tpm-crb'
for device in $devices; do
    mkdir "$TMP/$device"
    cp $firmware/OVMF_VARS_4M.fd "$TMP/$device.vars"
    start "tpm.$device" "$swtpm" socket --tpm2 --tpmstate dir="$TMP/$device" \
        --ctrl type=unixio,path="$TMP/$device.ctrl" --terminate
    wait_socket "tpm.$device" "$TMP/$device.ctrl"
    guest "$device" "$TMP/$device.ctrl" "$device" \
        -drive if=pflash,format=raw,readonly=on,file=$firmware/OVMF_CODE_4M.fd \
        -drive if=pflash,format=raw,file="$TMP/$device.vars"
done
for device in $devices; do
    wait_serial "$device" 1 'ALIVE 1 .*pcr16=.* \.'
    log_explains_pcrs "$device"
    # Firmware, its configuration, the boot path, the secure boot keys; kernel and initrd.
    for n in 0 1 4 7 9; do
        grep -aE "^PCR $n [0-9A-F]*[1-9A-F]" "$TMP/$device.serial" > "$TMP/found" ||
            fail "$device: OVMF measured nothing into PCR $n"
    done
    pcrs=$(grep -a '^PCR [0-7] ' "$TMP/$device.serial")

    # The same boot measures the same once more.
    monitor "$device" system_reset > /dev/null
    wait_serial "$device" 2 'ALIVE 1 .*pcr16=.* \.'
    log_explains_pcrs "$device"
    [ "$(grep -a '^PCR [0-7] ' "$TMP/$device.serial" | tail -n 8)" = "$pcrs" ] ||
        fail "$device: other measurements after a reset"
    monitor "$device" quit > /dev/null || true
    wait_end "$device" || fail "QEMU does not end"
    wait_end "tpm.$device" || fail "swtpm does not end with QEMU, or not with success"
done
