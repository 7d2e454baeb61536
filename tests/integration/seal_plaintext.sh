#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: no 16 bytes of libtpms' permanent state and no text of an NV index stand in a sealed file
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

text="sixty-four bytes in an NV index, found in clear but never sealed"
[ ${#text} = 64 ] || fail "the text has ${#text} bytes"
printf '%s' "$text" > "$TMP/text"

# nv_text VM: puts the text into an NV index.
nv_text()
{
    tpm "$1" tpm2_nvdefine -Q 0x1500020 -C o -s 64 -a "ownerread|ownerwrite"
    tpm "$1" tpm2_nvwrite -Q 0x1500020 -C o -i "$TMP/text"
    tpm "$1" tpm2_nvread 0x1500020 -C o | cmp - "$TMP/text" || fail "the index holds other bytes"
}

# spaced FILE: its bytes on one line, so that a search finds whole bytes only.
spaced()
{
    od -An -v -tx1 "$1" | tr -d '\n'
}

# windows FILE: every 16 bytes of it, but those of one or two values, which are anywhere.
windows()
{
    spaced "$1" | awk '{
        for (at = 1; at + 15 <= NF; at++) {
            window = ""; values = 0; split("", seen)
            for (i = at; i < at + 16; i++) {
                window = window " " $i
                values += !($i in seen)
                seen[$i]
            }
            if (values > 2)
                print window
        }
    }' | sort -u
}

# The plain TPM: the same searches find what is there.
mkdir "$TMP/plain"
start plain "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/plain" \
    --server "type=unixio,path=$TMP/plain.tpm" --ctrl "type=unixio,path=$TMP/plain.tpm.ctrl" \
    --flags not-need-init,startup-clear
wait_socket plain "$TMP/plain.tpm"
nv_text plain
stop plain || fail "swtpm ended with $?"
permall=$TMP/plain/tpm2-00.permall
grep -q -a -F "$text" "$permall" || fail "the search does not find the text in a plain state"
windows "$permall" > "$TMP/windows"
[ "$(wc -l < "$TMP/windows")" -gt 1000 ] || fail "only $(wc -l < "$TMP/windows") windows"
spaced "$permall" > "$TMP/permall.hex"
grep -q -F -f "$TMP/windows" "$TMP/permall.hex" || fail "the search does not find the windows"

# The same state, sealed.
tool=$(ours sealed_tool)
mkdir "$TMP/sealed"
"$tool" --dir "$TMP/sealed" make > /dev/null
"$tool" --dir "$TMP/sealed" open "take=$permall" > /dev/null
sealed=$TMP/sealed/tpm2-00.sealed
[ "$(stat -c %s "$sealed")" -gt "$(stat -c %s "$permall")" ] || fail "the state is not in the file"
spaced "$sealed" > "$TMP/sealed.hex"
! grep -q -a -F "$text" "$sealed" || fail "the sealed file shows the text"
! grep -q -F -f "$TMP/windows" "$TMP/sealed.hex" || fail "the sealed file shows 16 bytes of the state"
echo "$(wc -l < "$TMP/windows") windows of 16 bytes, none in the sealed file"

# And what a real CoCoTPM writes.
coco_world
coco_provision
coco_swtpm
coco_launch one
coco_driver one
nv_text one
coco_driver_stop one
stop swtpm || fail "swtpm ended with $?"
! grep -q -a -F "$text" -r "$TMP/state" || fail "the CoCoTPM's folder shows the text"
