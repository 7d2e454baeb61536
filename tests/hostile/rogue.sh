#!/bin/bash
# test: a client with the right image and key that lies in one point of HELLO or ATTACH, or speaks
# out of turn, is refused, and nothing is attached
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

rogue=$(ours rogue)
world
tpm_start

# said LIE [OTHER-VM]: what the CoCoTPM answers. Reports are made once a second (protocol, section 3).
said()
{
    local tries

    for ((tries = 0; tries < 60; tries++)); do
        "$rogue" "$1" "$TMP/coco.sock" "$TMP/driver.policy" "$ID" "emulator:$TMP/cocovm" \
            ${2:+"emulator:$TMP/$2"} > "$TMP/said" 2> "$TMP/rogue.log" ||
            fail "$1: $(cat "$TMP/rogue.log")"
        grep -q "too many reports" "$TMP/said" || break
        sleep 0.5
    done
    cat "$TMP/said"
}

plain_start
plain_extend 1
plain_is "a client that proves nothing" 1

# lie LIE ANSWER ATTACK [OTHER-VM]: the honest launch is not used up by any of them.
lie()
{
    local answer

    answer=$(said "$1" ${4:+"$4"})
    grep -Eq -- "$2" <<< "$answer" || fail "$3: expected '$2', was told '$answer'"
    report "$3" "asks for no proof" "refused: ${answer%%:*}"
}

lie version "^status 8:" "an older version of the protocol"
lie psk "^status 2:.*kind of link secret" "a claim of another kind of secret"
lie uuid "^status 2:.*another instance" "HELLO to another instance"
lie claims "^status 1:" "HELLO whose claims are cut short"
lie half "^status 1:" "ATTACH whose evidence is cut short"
lie missing "^status 4:.*evidence_kind" "no evidence"
lie certificate "^status 4:.*evidence_kind" "a certificate without a report"
lie role "^status 4:.*report_data" "evidence of the other role"
lie hello "^status 4:.*report_data" "evidence over another HELLO"
lie data "^status 4:.*report_data" "evidence that names no channel"
lie relay "^status 4:.*report_data" "evidence of another channel"
lie reflect "^status 4:.*measurement" "the CoCoTPM's own evidence back"
lie kinds "^status 4:.*evidence_kind" "evidence of two kinds"
image evil "the CoCoVM, with one byte changed"
vm_launch chip evilvm "$TMP/evil.img"
lie image "^status 4:.*measurement" "another image that names the right one, with the public key" evilvm
lie order "^status 3:" "ATTACH before HELLO"
lie twice "^status 3:" "HELLO twice"
lie command "^status 3:" "a TPM command before HELLO"
lie greeted "^status 3:" "a TPM command before ATTACH"
lie detach "^status 3:" "DETACH before ATTACH"
lie operator "^status 3:" "an operator's command from a CoCoVM"
! grep -q "attached: epoch" "$TMP/coco.log" || fail "a lie was attached"

# The same client telling the truth, with the same launch.
answer=$(said nothing)
[ "$answer" = ok ] || fail "the honest case: $answer"
retry grep -q "attached: epoch 1" "$TMP/coco.log" || fail "the honest case was not attached"
answer=$(said again)
grep -q "^status [67]:" <<< "$answer" || fail "attached twice: $answer"
