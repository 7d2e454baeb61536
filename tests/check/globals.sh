#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: no mutable file-level variable outside of src/swtpm/engine (libtpms' callbacks)
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
need objdump

cd "$BUILD"
# What a compiled file has in .data or .bss. A quark is made once by GLib's own macro (q.N);
# __func__ and the sanitizers' own are constant.
found=$(find src -name '*.o' ! -path '*/engine/*' | sort | while read -r object; do
    objdump -t "$object" | awk -v file="$object" '
        NF > 4 && $(NF - 2) ~ /^\.(data|bss)$/ && $0 ~ / O / && $NF !~ /^(q\.[0-9]+|completed\.[0-9]+)$/ {
            print file ": " $NF
        }'
done)
count=$(find src -name '*.o' | wc -l)
echo "$count object files looked at"
[ "$count" -gt 5 ] || fail "no object files"
if [ -n "$found" ]; then
    echo "$found"
    fail "mutable variables"
fi
