#!/bin/bash
# test: the emulator's chip stays the same over a restart, its VMs are VMs of their own
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"

image tpm "firmware, kernel and initrd of the TPM VM"
chip_start chip
vm_launch chip vm "$TMP/tpm.img"

report()
{
    chip_do chip host-report --guest "$TMP/$1"
}

# REPORT_ID: 32 bytes at 0x140; MEASUREMENT: 48 bytes at 0x90; POLICY: 8 bytes at 0x08.
report_id()
{
    report "$1" | cut -c641-704
}

[ "$(report vm | cut -c289-384)" = "$(vm_measurement "$TMP/tpm.img")" ] || fail "measurement"
first=$(report_id vm)
vm_launch chip vm "$TMP/tpm.img"
[ "$(report_id vm)" != "$first" ] || fail "two launches have one REPORT_ID"
vm_launch chip debug "$TMP/tpm.img" -- --policy 0xb0000
[ "$(report debug | cut -c17-32)" = 00000b0000000000 ] || fail "policy: $(report debug | cut -c17-32)"
expect_fail 'policy' chip_do chip launch --guest "$TMP/bad" --measurement-of "$TMP/tpm.img" --policy 0
expect_fail 'no such launch' chip_do chip stop --guest "$TMP/bad"
chip_do chip stop --guest "$TMP/debug"
[ ! -e "$TMP/debug" ] || fail "a stopped VM has a socket"

# The certificates hold by themselves, and the chip is the same after a restart.
if command -v openssl > /dev/null; then
    openssl verify -CAfile "$TMP/chip/ark.pem" -untrusted "$TMP/chip/chain.pem" \
        "$TMP/chip/vcek.pem" > /dev/null || fail "the chain does not verify"
fi
status=$(chip_do chip status | grep -v launches)
chip_do chip quit
wait_end chip || fail "the emulator ended badly"
chip_start chip
[ "$(chip_do chip status | grep -v launches)" = "$status" ] || fail "another chip after a restart"
chip_start other
[ "$(chip_do other status | grep chip-id)" != "$(grep chip-id <<< "$status")" ] ||
    fail "two chips are one"
cmp "$TMP/chip/pin" "$TMP/other/pin" || fail "chips of one pki have two roots"

# Firmware goes forward, and back only to what is committed.
chip_do chip firmware --tcb 0:10:0:24:85 --version 1.55.30
chip_do chip firmware --tcb 0:10:0:23:84 --version 1.55.29
chip_do chip firmware --tcb 0:10:0:24:85 --version 1.55.30
chip_do chip commit
expect_fail 'older' chip_do chip firmware --tcb 0:10:0:23:84 --version 1.55.29
expect_fail 'above' chip_do chip config --tcb 0:10:0:25:85
chip_do chip config --tcb 0:10:0:24:85
chip_do chip status | grep -q 'reported-tcb 0:10:0:24:85' || fail "REPORTED_TCB"
chip_do chip vlek --csp-id CN=test
chip_do chip status | grep -q 'vlek CN=test' || fail "VLEK"
