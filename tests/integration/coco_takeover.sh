#!/bin/bash
# test: a second launch waits its turn, or takes the TPM over where the policy says so
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

coco_world cocovm.takeover=no
coco_provision
coco_swtpm
coco_launch one
coco_launch two
coco_driver one
coco_refused two "HELLO: the CoCoTPM refused: busy"
tpm one tpm2_pcrextend "16:sha256=$(printf '%064d' 1)"
[ "$(pcr one 16)" != "$(printf '%064d' 0)" ] || fail "the first session did not survive"

# A lost link leaves the TPM suspended; a new launch may have it then, with clean PCRs.
stop driver-one KILL || true
attach_two()
{
    coco_driver_start two
    retry driver_decided two || fail "the second driver does nothing"
    [ -s "$TMP/two.pid" ]
}
retry attach_two || fail "a new launch does not get a suspended TPM"
[ "$(pcr two 16)" = "$(printf '%064d' 0)" ] || fail "PCR 16 was not reset"
coco_driver_stop two
stop swtpm

# With takeover the second launch ends the first session, which never gets another answer.
rm -r "$TMP/state"
policy_instance chip "$TMP/coco.img" cocovm.takeover=yes > "$TMP/instance.policy"
policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" > "$TMP/driver.policy"
coco_provision
coco_swtpm
coco_launch one
coco_launch two
coco_driver one
tpm one tpm2_pcrextend "16:sha256=$(printf '%064d' 1)"
coco_driver two
[ "$(pcr two 16)" = "$(printf '%064d' 0)" ] || fail "PCR 16 was not reset"
! tpm one timeout 5 tpm2_pcrextend "16:sha256=$(printf '%064d' 2)" > "$TMP/out" 2>&1 ||
    fail "the first driver still has the TPM"
[ "$(pcr two 16)" = "$(printf '%064d' 0)" ] || fail "the first driver reached the TPM"
coco_driver_stop two
stop driver-one KILL || true
stop swtpm
