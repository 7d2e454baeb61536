#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: where the CoCoTPM and the CoCoVM run one image, so that measurements tell nothing, what one says
# is of no use as the other's word; another VM of it is the VM after a reboot
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

# For both.
image()
{
    printf 'an image that is driver and TPM' > "$TMP/$1.img"
}

rogue=$(ours rogue)
world
[ "$(sha256sum < "$TMP/tpm.img")" = "$(sha256sum < "$TMP/coco.img")" ] || fail "these are two images"
tpm_start
attacker_start

# said LIE: what the CoCoTPM answers to a client that is genuine but for that.
said()
{
    local tries

    for ((tries = 0; tries < 60; tries++)); do
        "$rogue" "$1" "$TMP/coco.sock" "$TMP/driver.policy" "$ID" "emulator:$TMP/cocovm" \
            > "$TMP/said" 2> "$TMP/rogue.log" || fail "$1: $(cat "$TMP/rogue.log")"
        grep -q "too many reports" "$TMP/said" || break
        sleep 0.5
    done
    cat "$TMP/said"
}

lie()
{
    local answer

    answer=$(said "$1")
    grep -Eq "^status 4:.*report_data" <<< "$answer" || fail "$2: was told '$answer'"
    report "$2, one image in both VMs" "asks for no proof" "refused: report_data"
}
lie reflect "the CoCoTPM's own evidence back"
lie role "evidence of the other role"
lie relay "evidence of another channel"
! grep -q "attached: epoch" "$TMP/coco.log" || fail "a lie was attached"

# The client's own first bytes as the server's, and the server's sealed ones as its client's.
attack c 0 reflect
driver_refused "." cocovm
[ "$(attack pending)" = 0 ] || fail "nothing was reflected"
for record in 1 2 3; do
    before=$(attack connections)
    attack s $record reflect
    driver_refused "." cocovm
    [ "$(attack pending)" = 0 ] || fail "record $record was not reflected"
    [ "$(attack connections)" -gt "$before" ] || fail "no link was opened"
done
! grep -q "attached: epoch" "$TMP/coco.log" || fail "a reflection was attached"

# Honest: the two of one image, through the attacker that does nothing.
vm_launch chip honest "$TMP/coco.img"
driver_start honest
pcr_extend "$(digest 1)"
pcr_check "honest"
[ "$(said nothing | cut -d: -f1)" != ok ] || fail "attached twice"

# Not defended, as cocotransport(7) says: with a public key the image is all that tells VMs apart.
launched=$(pcr_read 0)
stop driver_tpm
vm_launch chip stranger "$TMP/coco.img"
driver_start stranger
[ "$(pcr_read 0)" = "$launched" ] || fail "PCR 0 tells two VMs of an image apart, and the page says not"
[ "$(pcr_read)" = "$(folded)" ] || fail "PCR 16 outlived a launch"
report "another tenant's VM of the same image, public key" "shares its PCRs" "not defended: as after a reboot"

plain_start
plain_attack c next reflect
plain_extend 3
[ "$answer" = "$(extend_command "$(digest 3)")" ] || fail "plain swtpm: reflect: $answer"
report "reflect records, one image in both VMs" "own bytes taken for an answer" "refused"
