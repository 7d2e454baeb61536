#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a host that changes, drops, repeats, adds, holds back or reflects frames of the in-band
# tunnel, between QEMU and the relay, never gets a wrong answer out, and no command is lost or run
# twice
# sanitizers: no
# limit: 1200
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"
. "$SRC/tests/lib_tunnel.sh"

world
tpm_start
tunnel_up --patience 4000
driver_start cocovm tpm carrier

# The same attacker doing nothing.
extend "an attacker that does nothing"
extend "an attacker that does nothing"
[ "$(attack connections)" = 1 ] || fail "the device was opened more than once"
[ -n "$(attack records c)" ] || fail "the attacker sees nothing"

# try NAME ORDER…: meets a frame with something in it; the session ends, and is resumed.
try()
{
    local name=$1 before

    shift
    before=$(lost)
    attack "$@"
    extend "$name"
    [ "$(attack pending)" = 0 ] || fail "$name: the attack met no frame"
    [ "$(lost)" -gt "$before" ] || fail "$name: the session lived on"
}

# Tag and code of a frame, its first and later bytes. RECORD and DATA are one bit apart: the bytes
# are the same, but their place in the stream is not.
for offset in 0 6 9 10 30; do
    try "flip byte $offset of a command's frame" c over:10 flip "$offset"
    try "flip byte $offset of an answer's frame" s over:10 flip "$offset"
done
# Its length: QEMU would believe it, the driver does not.
for offset in 3 5; do
    try "flip the length of an answer's frame" s over:10 flip "$offset"
done
try "reflect a command's frame" c over:10 reflect
try "drop a command's frame" c over:10 drop
try "drop an answer's frame" s over:10 drop

# The host in the guest's place: frames of its own, whose answers it keeps from the guest.
adds()
{
    attack s next drop
    try "$1" c over:10 inject "$2"
}
adds "bytes of the host's" 80010000000e2000c0c0deadbeef
adds "a record of the host's" 80010000001b2000c0c10000000000000000000000000000000000
adds "a stream of the host's" 80010000000e2000c0c300000007
adds "the end of the stream" 80010000000a2000c0c4
# Frames that are none: the relay knows no meaning for them, and ends the stream.
adds "a poll with a payload" 80010000000b2000c0c200
adds "an opening cut short" 80010000000d2000c0c3000000
adds "an opening with more" 80010000000f2000c0c30000000700
adds "an end with a payload" 80010000000b2000c0c400
adds "no bytes of the stream" 80010000000a2000c0c0
adds "an empty record" 80010000000a2000c0c1

# The answer to OPEN, which follows a stream that was lost: another stream's number, or a largest frame
# that no device has. It is not taken, and the stream is opened once more.
opens()
{
    hex < "$TMP/frames" | grep -o 80010000000e2000c0c3 | wc -l
}
for offset in 10 14 16; do
    opened=$(opens)
    attack s over:10 flip $offset
    try "flip byte $offset of the answer to an opening" c over:10 drop
    [ "$(opens)" -ge $((opened + 2)) ] || fail "a forged answer to an opening was taken, byte $offset"
done

# again WHAT ORDER…: the host sends something, and the answer that comes too much is its to keep (or
# one of the guest's polls', which then is a time-out there).
again()
{
    local name=$1

    shift
    attack s next drop
    attack "$@"
    extend "$name"
}
# Frames that the guest has sent before, the first stream's ClientHello among them.
frames=$(attack records c)
for frame in 2 4 $((frames - 2)) $((frames - 1)); do
    again "frame $frame again" replay c 0 "$frame"
done
# Plain TPM commands of the host's own: the carrier is no TPM.
again "a plain extension" send c "$(extend_command "$(digest 99)")"
again "a plain Startup" send c "$STARTUP_CLEAR"

# Answers that are late, doubled or too long: from then on the device's answers are those of the
# commands before. The driver finds its way.
try "an answer that is held back" s over:10 delay 6000
try "a command's frame twice" c over:10 dup
try "an answer's frame twice" s over:10 dup
try "an answer of the host's" s over:10 inject 80010000001b2000c0c10000000000000000000000000000000000
try "two answers in the wrong order" s over:10 swap
# A TPM's own: TPM_RC_RETRY, _YIELDED and _TESTING, failure mode, and answers with sessions or of a TPM 1.2.
for answer in 80010000000a00000922 80010000000a00000908 80010000000a0000090a 80010000000a00000101 \
    80020000000a00000000 00c40000000a00000000 c0c00000000a00000000; do
    try "the answer $answer" s over:10 inject "$answer"
done
extend "what is left of all that"

# What ends the device, whatever QEMU makes of that: the command waits for the next one.
ends()
{
    local name=$1 waiting

    shift
    attack "$@"
    step=$((step + 1))
    pcr_extend "$(digest $step)" &
    waiting=$!
    retry met || fail "$name: the attack met no frame"
    tunnel_down
    tunnel_up --patience 4000
    wait "$waiting" || fail "$name: no answer"
    pcr_value=$(unhex <<< "$pcr_value$(digest $step)" | sha256sum | cut -d' ' -f1)
    pcr_check "$name"
}
met()
{
    [ "$(attack pending)" = 0 ]
}
ends "truncate a command's frame" c over:10 trunc 20
ends "truncate an answer's frame" s over:10 trunc 20
ends "flip the length of a command's frame" c over:10 flip 5
ends "an answer longer than any device takes" s over:10 inject "$(printf '80010000138800000000%09980d' 0)"
extend "the end"
report "frames of the tunnel attacked" "-" "session ends, exactly once"
stop driver_tpm || fail "the driver ended with $?"
tunnel_down
