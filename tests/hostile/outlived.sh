#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a launch whose life of the TPM is over, through a handshake with its key before a newer one
# attached, gets nothing of the newer one's TPM
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

# Burnt evidence: its key alone says who resumes.
world cocovm.burns-evidence=yes cocovm.takeover=yes

# play WHAT LINE…: in a process of the CoCoTPM's of its own; all that the clients were told.
play()
{
    local what=$1

    shift
    [ -z "${pids[coco]:-}" ] || stop coco || fail "swtpm ended with $?"
    rm -f "$TMP/coco.sock"
    tpm_start
    vm_launch chip one "$TMP/coco.img"
    vm_launch chip two "$TMP/coco.img"
    "$(ours resumer)" "$what" "$TMP/coco.sock" "$TMP/driver.policy" "$ID" "emulator:$TMP/one" \
        "emulator:$TMP/two" > "$TMP/said" 2> "$TMP/resumer.log" ||
        fail "$what: $(cat "$TMP/said" "$TMP/resumer.log")"
    printf '%s\n' "$@" | cmp -s - "$TMP/said" ||
        fail "$what: expected: $*; was told: $(cat "$TMP/said")"
}

play lost "older 0"                  # the honest case: nobody came between
play outlived "older closed" "newer 0"
play overtaken "first closed" "older closed" "newer 0" "resumed 0" "from closed" "to 0"
report "RESUME of an older launch after an attach" "-" "its link has ended"
