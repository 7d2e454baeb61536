#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: an attached CoCoVM has the localities of the policy and no others, nothing after DETACH, nothing
# that is the operator's; EVIDENCE says of its launch what it knows itself
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

coco_world "cocovm.localities=0; 2" cocovm.takeover=yes
coco_provision

# play WHAT LINE…: all that it was told, in order, by a CoCoTPM with its burst of reports.
play()
{
    local what=$1

    shift
    coco_swtpm
    coco_launch one
    coco_launch two
    "$(ours attached)" "$what" "$TMP/link" "$TMP/driver.policy" "$id" "emulator:$TMP/one" \
        "emulator:$TMP/two" > "$TMP/said" 2> "$TMP/attached.log" ||
        fail "$what: $(cat "$TMP/said" "$TMP/attached.log")"
    printf '%s\n' "$@" | cmp -s - "$TMP/said" ||
        fail "$what: expected: $*; was told: $(cat "$TMP/said")"
    stop swtpm || fail "swtpm ended with $?"
}

# PCR 22 is locality 2's: elsewhere TPM_RC_LOCALITY (0x907).
play localities "extend 2311" "locality-1 2" "extend 2311" "locality-3 2" "extend 2311" \
    "locality-4 2" "extend 2311" "locality-32 2" "extend 2311" "locality-34 2" "extend 2311" \
    "locality-255 2" "extend 2311" "locality-0 0" "extend 2311" "locality-2 0" "extend 0" \
    "next-launch 2311"
play strangers "hello closed" "attach closed" "resume closed" "receipt closed" "status closed" \
    "reset closed" "stop closed" "unknown closed" "short-nonce closed" "two-localities closed" \
    "long-cancel closed"
play detach "detach 0" "then closed" "key refused" "next-launch 0"

# EVIDENCE of a key that a launch before has made.
coco_swtpm
coco_launch maker
coco_driver maker
ek=$(tpm maker tpm2_getcap handles-persistent | sed -n 's/^- \(0x8101[0-9A-Fa-f]*\)$/\1/p' | head -n 1)
[ -n "$ek" ] || fail "no endorsement key was provisioned"
tpm maker tpm2_createak -Q -C "$ek" -c "$TMP/ak.ctx" -G ecc -g sha256 -s ecdsa
tpm maker tpm2_flushcontext -t
tpm maker tpm2_evictcontrol -Q -C o -c "$TMP/ak.ctx" 0x81010009
coco_driver_stop maker
stop swtpm || fail "swtpm ended with $?"
play evidence "evidence 0" "nonce same" "uuid same" "attach-id same" "report same"
