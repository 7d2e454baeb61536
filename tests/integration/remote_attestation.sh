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

# A driver that ends while the CoCoTPM owes an answer leaves no socket that nobody serves.
kill -STOP "$(pid_of swtpm)"
unhex <<< "0024${nonce}00000000" \
    | socat -t "$PATIENCE" - "UNIX-CONNECT:$TMP/one.evidence" > "$TMP/no_evidence" &
asking=$!
sleep 1
kill -TERM "$(pid_of driver-one)"
sleep 0.3
kill -TERM "$(pid_of driver-one)"
wait_end driver-one || fail "the driver does not end"
kill -CONT "$(pid_of swtpm)"
wait $asking || true
[ ! -e "$TMP/one.evidence" ] || fail "the driver left its socket"
stop swtpm
