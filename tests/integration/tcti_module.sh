#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: tools reach the CoCoTPM by the TCTI module, without a daemon: one attaches, the next resume
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
module=$(ours libtss2-tcti-cocotpm.so)
need nm tpm2

nm -D --defined-only "$module" > "$TMP/names"
[ "$(awk '{ print $3 }' "$TMP/names")" = Tss2_Tcti_Info ] || fail "the module gives out $(cat "$TMP/names")"

keep_in_memory
conf="link=unixio:$TMP/link,policy=$TMP/driver.policy,resume=$kept/session,platform=emulator:$TMP/one"

# tool WORDS TOOL…: words more in the module's configuration.
tool()
{
    local more=$1

    shift
    TPM2TOOLS_TCTI="$module:$conf,id=$id${more:+,$more}" "$@"
}

extend()
{
    count=$((count + 1))
    tool "${1:-}" tpm2_pcrextend "16:sha256=$(digest "$count")" || fail "extend $count"
    expected=$(unhex <<< "$expected$(digest "$count")" | sha256sum | cut -d' ' -f1)
}

digest()
{
    printf '%064x' "$1"
}

check()
{
    local now

    now=$(tool '' tpm2_pcrread sha256:16 | sed -n 's/.*: 0x//p' | tr A-F a-f)
    [ "$now" = "$expected" ] || fail "$1: PCR 16 is $now, not $expected"
}

run()
{
    count=0
    expected=$(printf '0%.0s' {1..64})
    coco_provision
    coco_swtpm
    coco_launch one
    tool '' tpm2_getrandom --hex 8 > "$TMP/random"
    [ "$(stat -c %a "$kept/session")" = 600 ] || fail "the session can be read by others"
    extend
    extend
    check "after two tools"

    # Two at once: one waits for the other.
    tool '' tpm2_getrandom --hex 8 > "$TMP/random.a" &
    local other=$!
    tool '' tpm2_getrandom --hex 8 > "$TMP/random.b"
    wait "$other" || fail "a tool does not wait for another"
    [ "$(grep -c "attached: epoch" "$TMP/swtpm.log")" = 1 ] || fail "more than one process attached"

    # Killed at any moment, the session goes on, and no command counts twice.
    local tries
    for ((tries = 0; tries < ${TCTI_KILLS:-8}; tries++)); do
        timeout -s KILL "$(printf '0.%02d' $((3 + tries * 4)))" env TPM2TOOLS_TCTI="$module:$conf,id=$id" \
            tpm2_getrandom --hex 8 > /dev/null 2>&1 || true
    done
    extend
    check "after tools were killed"

    # A driver takes the session over, and gives it back when it is killed, too.
    coco_driver one --resume "$kept/session"
    [ "$(pcr one 16)" = "$expected" ] || fail "the driver has another TPM"
    stop driver-one KILL || true
    extend
    check "after a driver was killed"
    coco_driver one --resume "$kept/session"
    [ "$(pcr one 16)" = "$expected" ] || fail "the second driver has another TPM"
    stop driver-one KILL || true

    # Ended in an orderly way, by a signal or by SHUTDOWN, a driver leaves no keys.
    local end
    for end in TERM SHUTDOWN; do
        coco_driver one --resume "$kept/session"
        if [ "$end" = TERM ]; then
            stop driver-one || fail "the driver ended with $?"
        else
            "$(ours swtpm_ioctl)" --unix "$TMP/one.tpm.ctrl" -s || fail "SHUTDOWN"
            wait_end driver-one || fail "the driver ended with $?"
        fi
        [ ! -e "$kept/session" ] || fail "$end: the session's keys are left"
        coco_launch one
        count=0
        expected=$(printf '0%.0s' {1..64})
    done

    extend detach
    [ ! -e "$kept/session" ] || fail "the session's keys are left after detaching"
    stop swtpm
}

coco_world
run
rm -r "$TMP/state"
: > "$TMP/swtpm.log"
policy_instance chip "$TMP/coco.img" cocovm.burns-evidence=yes > "$TMP/instance.policy"
policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" > "$TMP/driver.policy"
run

# What is refused, in words.
coco_swtpm
coco_launch one
good=$conf
conf=${conf/$kept/$TMP}
expect_fail "not on a tmpfs" tool '' tpm2_getrandom 8
conf=$good
printf 'CoCoTPM session 1' > "$kept/session"
chmod 600 "$kept/session"
expect_fail "no session is in it" tool '' tpm2_getrandom 8
chmod 644 "$kept/session"
expect_fail "others than its owner" tool '' tpm2_getrandom 8
rm "$kept/session"
conf=link=unixio:$TMP/link
expect_fail "are needed" tool '' tpm2_getrandom 8
