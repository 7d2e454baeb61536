#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: what a CoCoTPM says at once beyond the buffer that QEMU was granted reaches the guest whole,
# in answers that fit
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"
. "$SRC/tests/lib_tunnel.sh"

# One application_data record of N bytes, header and all, and then no more.
record()
{
    printf '170303%04x' $(($1 - 5)) | unhex
    head -c $(($1 - 5)) /dev/urandom
}

# longest FILE: of the frames in it, and how many there are.
longest()
{
    local file=$1 at=0 most=0 count=0 size total

    total=$(stat -c %s "$file")
    while [ "$at" -lt "$total" ]; do
        size=$((16#$(slice "$file" $((at + 2)) 4)))
        most=$((size > most ? size : most))
        count=$((count + 1))
        at=$((at + size))
    done
    echo "$most $count"
}

# SetBufferSize as QEMU's TIS and CRB have it, and the smallest.
for size in 4096 3968 2808; do
    for len in 4096 4097 6000 20000; do
        record "$len" > "$TMP/said"
        start coco socat -u "OPEN:$TMP/said" "UNIX-LISTEN:$TMP/coco.sock"
        wait_socket coco "$TMP/coco.sock"
        rm -f "$TMP/frames"
        tunnel_up --size "$size"
        socat -u "UNIX-CONNECT:$TMP/carrier.sock" - > "$TMP/heard"
        cmp "$TMP/said" "$TMP/heard" || fail "$len bytes through $size: others came out"
        read -r most count < <(longest "$TMP/frames")
        [ "$most" -le "$size" ] || fail "$len bytes through $size: an answer of $most bytes"
        [ "$most" -ge $((size < len ? size : len - 5)) ] || fail "$len bytes through $size: only $most at once"
        tunnel_down
        wait_end coco || true
    done
done
