#!/bin/bash
# test: a link that goes while a tool works costs nothing: the command counts exactly once
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
relay=$(ours cocotpm-relay)

carry()
{
    rm -f "$TMP/tap"
    start relay "$relay" --listen "unixio:$TMP/tap" --to "unixio:$TMP/link"
    wait_socket relay "$TMP/tap"
}

# extended TIMES: what PCR 16 has to be after so many extensions with 1.
extended()
{
    local value one

    value=$(printf '%064d' 0)
    one=$(printf '%064d' 1)
    for ((i = 0; i < $1; i++)); do
        value=$(unhex <<< "$value$one" | openssl dgst -sha256 -r | cut -d' ' -f1)
    done
    echo "$value"
}

run()
{
    coco_provision
    coco_swtpm
    carry
    coco_launch one
    LINK="unixio:$TMP/tap" coco_driver one

    for count in 1 2 3; do
        stop relay KILL || true
        tpm one tpm2_pcrextend "16:sha256=$(printf '%064d' 1)" &
        tool=$!
        carry
        wait "$tool" || fail "the tool saw the lost link"
        [ "$(pcr one 16)" = "$(extended "$count")" ] ||
            fail "after $count extensions PCR 16 is $(pcr one 16), not $(extended "$count")"
    done
    [ "$(grep -c "resumed" "$TMP/swtpm.log")" -ge 3 ] || fail "the session was not resumed"
    coco_driver_stop one
    stop relay || true
    stop swtpm
}

# With fresh evidence of the same launch, then where the policy vouches that it is burnt.
coco_world
run
rm -r "$TMP/state"
: > "$TMP/swtpm.log"
policy_instance chip "$TMP/coco.img" cocovm.burns-evidence=yes > "$TMP/instance.policy"
policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" > "$TMP/driver.policy"
run
