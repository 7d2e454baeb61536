#!/bin/bash
# test: no byte of a TPM command or answer is seen between driver and CoCoTPM, and 22 bytes are added
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
recorder=$(ours attacker)
relay=$(ours cocotpm-relay)

coco_world
coco_provision
coco_swtpm

# The host's record of all that passes, and the TPM commands themselves, which the driver's
# front end gets from tools: recorded the same way in plain mode, where they must be found.
start recorder "$recorder" --listen "unixio:$TMP/tap" --to "unixio:$TMP/link" \
    --control "$TMP/tap.ctl" --record "$TMP/wire"
wait_socket recorder "$TMP/tap.ctl"
coco_launch one
LINK="unixio:$TMP/tap" coco_driver one

start front "$recorder" --listen "unixio:$TMP/plain.tpm" --to "unixio:$TMP/one.tpm" \
    --control "$TMP/front.ctl" --plain --record "$TMP/clear"
start front-ctrl "$relay" --listen "unixio:$TMP/plain.tpm.ctrl" --to "unixio:$TMP/one.tpm.ctrl"
wait_socket front "$TMP/front.ctl"
wait_socket front-ctrl "$TMP/plain.tpm.ctrl"

pattern=$(printf 'sixty-four bytes that nobody would write by chance: %012d' 7)
printf '%s' "$pattern" > "$TMP/text"

# The first answer of a session brings a receipt along; the second run is the one that counts.
hash_text()
{
    local before clear

    before=$(stat -c %s "$TMP/wire")
    clear=$(stat -c %s "$TMP/clear")
    TPM2TOOLS_TCTI="swtpm:path=$TMP/plain.tpm" tpm2_hash -C n -g sha256 "$TMP/text" > "$TMP/hash"
    clear=$(($(stat -c %s "$TMP/clear") - clear))
    added=$(($(stat -c %s "$TMP/wire") - before - clear))
    [ "$clear" -gt 64 ] || fail "the command itself was not recorded"
}
hash_text
hash_text

# One command and one answer, 22 bytes each; before it the tool sets the locality on the
# control channel, which is a message of 11 bytes and an answer of 10.
[ "$added" = 44 ] || [ "$added" = $((44 + 11 + 22 + 10 + 22)) ] ||
    fail "a command and its answer took $added bytes more than in the clear, not 44"
grep -q -a -F "$pattern" "$TMP/clear" || fail "the search does not find what is there"
! grep -q -a -F "$pattern" "$TMP/wire" || fail "the wire shows what was hashed"

# Every ten bytes of every command and answer.
hex < "$TMP/wire" > "$TMP/wire.hex"
hex < "$TMP/clear" > "$TMP/clear.hex"
windows()
{
    local bytes at

    bytes=$(cat "$TMP/clear.hex")
    for ((at = 0; at + 20 <= ${#bytes}; at += 2)); do
        echo "${bytes:at:20}"
    done | sort -u | grep -v '^0*$'
}
windows > "$TMP/windows"
grep -q -F -f "$TMP/windows" "$TMP/clear.hex" || fail "the search does not find what is there"
! grep -q -F -f "$TMP/windows" "$TMP/wire.hex" || fail "ten bytes of a command or answer are on the wire"
stop driver-one
stop swtpm
