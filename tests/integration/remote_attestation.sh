#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: the sample for remote attestation: a nonce, a proof from the VM, a verdict elsewhere
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
need tpm2_quote

sample=$SRC/samples/remote-attestation
COCOTPM_BUILD=$(dirname "$(ours cocotpm-verify)")
export COCOTPM_BUILD

coco_world
coco_provision
coco_swtpm
coco_launch one
coco_driver one --evidence "$TMP/one.evidence" --eventlog "$TMP/one.log"

nonce=$("$sample" nonce)
tpm one "$sample" prove --evidence "$TMP/one.evidence" --nonce "$nonce" --output "$TMP/proof" \
    --eventlog "$TMP/one.log"
"$sample" verify "$TMP/proof" --policy "$TMP/driver.policy" --nonce "$nonce" \
    --chain "$TMP/chip/chain.pem" > "$TMP/verdict"
grep -q '^accepted' "$TMP/verdict" || fail "$(head -n 1 "$TMP/verdict")"
expect_fail 'rejected: nonce' "$sample" verify "$TMP/proof" --policy "$TMP/driver.policy" \
    --nonce "$("$sample" nonce)" --chain "$TMP/chip/chain.pem"
expect_fail 'usage' "$sample"
coco_driver_stop one
stop swtpm
