#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: each control command that QEMU sends, as it sends it, to cocotpm-relay and to Debian's swtpm:
# the same answers, but that the relay has no state to give away
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

theirs=/usr/bin/swtpm
need $theirs socat
relay=$(ours cocotpm-relay)
cd "$TMP"

# QEMU 7.2, backends/tpm/tpm_emulator.c: the same at each power on, then what guests cause.
requests=(
    "00000001 capabilities"
    "0000000e stop"
    "00000011 00000000 the buffer size there is"
    "00000011 00001000 a buffer for TIS"
    "00000011 00000f80 a buffer for CRB"
    "00000002 00000000 init"
    "00000011 00000000 the buffer size while on"
    "00000011 00001000 a buffer while on"
    "00000004 the established bit"
    "00000005 00000000 locality 0"
    "00000005 01000000 locality 1"
    "00000005 02000000 locality 2"
    "00000005 03000000 locality 3"
    "00000005 04000000 locality 4"
    "00000005 05000000 no locality"
    "0000000b 03000000 reset the bit"
    "00000009 cancel"
    "00000002 00000000 init after a reset of the VM"
    "0000000e stop after that"
    "0000000e stop once more"
    "00000002 00000001 init that drops the volatile state"
    "00000003 shutdown"
)
# What saves and restores a VM: refused by the one that has nothing to save.
blobs=(
    "0000000c 00000000 00000001 00000000 the permanent state"
    "0000000c 00000000 00000002 00000000 the volatile state"
    "0000000d 00000000 00000001 00000004 01020304 a permanent state put back"
    "0000000a volatile state stored"
)

# ask FILE LINE…: each on a connection of its own, "LINE: what comes back".
ask()
{
    local line file=$1

    shift
    for line; do
        echo "$line: $(unhex <<< "$(grep -oE '^([0-9a-f]{8} )+' <<< "$line")" |
            timeout 60 socat -t 60 - "UNIX-CONNECT:$TMP/c" | hex)"
    done >> "$file"
}

mkdir state
start tpm "$theirs" socket --tpm2 --tpmstate dir="$TMP/state" --ctrl type=unixio,path="$TMP/c" \
    --server type=unixio,path="$TMP/s"
wait_socket tpm "$TMP/c"
ask theirs "${requests[@]}"
stop tpm || true
rm -f "$TMP/c"

start relay "$relay" --ctrl "type=unixio,path=$TMP/c" --to "unixio:$TMP/nobody"
wait_socket relay "$TMP/c"
ask blobs "${blobs[@]}"
ask ours "${requests[@]}"
wait_end relay || fail "the relay ends with a failure"

# Bits: GET_STATEBLOB 0x100, SET_STATEBLOB 0x200, without which QEMU refuses to migrate.
bits()
{
    echo $((16#$(sed -n 's/^00000001 capabilities: 00000000//p' "$1")))
}
[ $(($(bits ours) & ~$(bits theirs))) = 0 ] || fail "capabilities that swtpm has not: $(head -n 1 ours)"
[ $(($(bits ours) & 0x300)) = 0 ] || fail "the relay says that it has state: $(head -n 1 ours)"
[ $(($(bits theirs) & 0x300)) = $((0x300)) ] || fail "the contrast: Debian's swtpm has no state either"
[ "$(grep -c ': 0000000a$' blobs)" = ${#blobs[@]} ] || fail "state was given or taken: $(cat blobs)"
sed -i 1d ours theirs
diff theirs ours || fail "other answers"
echo "$(wc -l < ours) answers are alike"
