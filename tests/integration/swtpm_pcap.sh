#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: --pcap writes a capture of commands and answers, to a file or descriptor, appended or anew
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

swtpm=$(ours swtpm)
ioctl=$(ours swtpm_ioctl)
cd "$TMP"
mkdir state

# serve PCAP: a TPM 2 on Unix sockets, which captures.
serve()
{
    start swtpm "$swtpm" socket --tpm2 --tpmstate dir="$TMP/state" --pcap "$1" \
        --ctrl type=unixio,path="$TMP/c" --server type=unixio,path="$TMP/s"
    wait_socket swtpm "$TMP/c"
    wait_socket swtpm "$TMP/s"
    "$ioctl" --unix "$TMP/c" -i
}

startup()
{
    [ "$("$(ours swtpm_bios)" --tpm2 --unix "$TMP/s" -o; echo $?)" = 0 ] || fail "no Startup"
}

stop_it()
{
    "$ioctl" --unix "$TMP/c" -s
    wait_end swtpm || fail "it ends with a failure"
}

size()
{
    stat -c %s "$1"
}

# sum FILE OFFSET LENGTH [START]: the Internet checksum, 0 where one is in place that is right.
sum()
{
    local word total=${4:-0}

    for word in $(slice "$1" "$2" "$3" | sed 's/..../& /g'); do
        [ ${#word} = 4 ] || word=${word}00
        total=$((total + 16#$word))
    done
    while [ $total -gt 65535 ]; do
        total=$(((total & 65535) + (total >> 16)))
    done
    echo $((total ^ 65535))
}

# The sizes are what callers check: after the start, after Startup, after a second run.
serve "file=$TMP/a.pcap"
[ "$(size a.pcap)" = 312 ] || fail "$(size a.pcap) bytes at the start"
startup
[ "$(size a.pcap)" = 508 ] || fail "$(size a.pcap) bytes after Startup"
[ "$(stat -c %a a.pcap)" = 640 ] || fail "mode $(stat -c %a a.pcap)"
stop_it
first=$(size a.pcap)
serve "file=$TMP/a.pcap,mode=0600"
startup
[ "$(size a.pcap)" = 1280 ] || fail "$(size a.pcap) bytes after a second run"
[ "$(stat -c %a a.pcap)" = 600 ] || fail "mode $(stat -c %a a.pcap) with mode=0600"
stop_it

# Blocks: section, interface, three packets of the handshake, then command and answer.
[ "$(slice a.pcap 0 12)" = 0a0d0d0a1c0000004d3c2b1a ] || fail "no section"
[ "$(slice a.pcap 28 12)" = 010000001400000001000000 ] || fail "no Ethernet interface"
at=48
for flags in 02 12 10; do
    [ "$(slice a.pcap $at 8)" = 0600000058000000 ] || fail "no packet at $at"
    [ "$(slice a.pcap $((at + 28 + 47)) 1)" = $flags ] || fail "no packet with flags $flags at $at"
    at=$((at + 88))
done
[ "$(slice a.pcap $((at + 28 + 36)) 2)" = 0911 ] || fail "not to port 2321"
[ "$(slice a.pcap $((at + 28 + 54)) 12)" = 80010000000c000001440000 ] || fail "no Startup there"
[ "$(slice a.pcap $((at + 28 + 24)) 2)" = 0000 ] || fail "a checksum though none was asked for"
at=$((at + 100))
[ "$(slice a.pcap $((at + 28 + 34)) 2)" = 0911 ] || fail "not from port 2321"
[ "$(slice a.pcap $((at + 28 + 54)) 10)" = 80010000000a00000000 ] || fail "no answer there"
[ "$(slice a.pcap "$first" 4)" = 0a0d0d0a ] || fail "the second run has no section of its own"

serve "file=$TMP/a.pcap,truncate,checksums"
startup
[ "$(size a.pcap)" = 508 ] || fail "$(size a.pcap) bytes after truncate"
at=$((312 + 28 + 14))
[ "$(slice a.pcap $((at + 10)) 2)" != 0000 ] || fail "no checksum"
[ "$(sum a.pcap $at 20)" = 0 ] || fail "a wrong checksum of IP"
# The pseudo header: addresses, protocol 6, length 20 + 12.
[ "$(sum a.pcap $((at + 12)) 40 $((6 + 32)))" = 0 ] || fail "a wrong checksum of TCP"
stop_it

exec 7> b.pcap
serve fd=7
exec 7>&-
startup
[ "$(size b.pcap)" = 508 ] || fail "$(size b.pcap) bytes by a descriptor"
stop_it

for wrong in truncate "file=$TMP/none/x" nonsense=1 fd=77; do
    expect_fail 'pcap|capture|Unknown option|descriptor' "$swtpm" socket --tpm2 --tpmstate dir=state \
        --server type=unixio,path="$TMP/s" --pcap "$wrong"
done
