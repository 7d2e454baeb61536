#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: QEMU boots Debian's kernel with our TPM behind tpm-tis and tpm-crb, measures, and resets it
# slow: yes
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guest.inc"

need tpm2_eventlog
swtpm=$(ours swtpm)
append=eventlog
make_initrd "$TMP/initrd"

for device in tpm-tis tpm-crb; do
    mkdir "$TMP/$device"
    start "tpm.$device" "$swtpm" socket --tpm2 --tpmstate dir="$TMP/$device" \
        --ctrl type=unixio,path="$TMP/$device.ctrl" --terminate
    wait_socket "tpm.$device" "$TMP/$device.ctrl"
    guest "$device" "$TMP/$device.ctrl" "$device"
    wait_serial "$device" 1 'ALIVE 1 .*pcr16=.* \.'
    grep -qa 'BOOT extend=80020000001300000000' "$TMP/$device.serial" || fail "the extend failed"
    [[ $(field "$device" random) =~ ^80010000001400000000 ]] || fail "GetRandom failed"
    pcr0=$(field "$device" pcr0)
    pcr16=$(field "$device" pcr16)
    [[ $pcr0 =~ [1-9A-F] ]] || fail "PCR 0 is empty: the firmware measured nothing"
    [[ $pcr16 =~ [1-9A-F] ]] || fail "PCR 16 is empty"
    log_explains_pcrs "$device"                    # of SeaBIOS

    monitor "$device" system_reset > /dev/null
    wait_serial "$device" 2 BOOT
    wait_serial "$device" 2 'ALIVE 1 .*pcr16=.* \.'
    # Extended once more from zero, not from where it was.
    [ "$(field "$device" pcr16)" = "$pcr16" ] || fail "PCR 16 survived a reset"
    [ "$(field "$device" pcr0)" = "$pcr0" ] || fail "PCR 0 is another after a reset"

    monitor "$device" quit > /dev/null || true
    wait_end "$device" || fail "QEMU does not end"
    wait_end "tpm.$device" || fail "swtpm does not end with QEMU, or not with success"
    [ -s "$TMP/$device/tpm2-00.permall" ] || fail "no state was kept"
done
