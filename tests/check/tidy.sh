#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: clang-tidy finds nothing of the small list in .clang-tidy
# slow: yes
# limit: 2400
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
need clang-tidy pkg-config

cd "$BUILD"
read -r -a flags <<< "$(pkg-config --cflags glib-2.0 gio-unix-2.0 gnutls libtasn1 json-glib-1.0 libcurl \
    tss2-esys tss2-mu tss2-rc check) $(pkg-config --cflags fuse3 2> /dev/null || true)"
flags+=(-std=gnu11 -I. -I"$SRC/src" -I"$SRC/include" -Isrc -I"$SRC/tests/unit" -DG_LOG_USE_STRUCTURED
    -DTEST_VECTORS='""' -DTEST_DATA='""' -DPKGLIBEXECDIR='""' -DSYSCONFDIR='""' -DBINDIR='""' -Wno-everything)

# one FILE: an own process, so that one crash is one failure.
one()
{
    local output checks=

    # The analyzer takes half the time on Check's macros, and knows no fork.
    case $1 in
    */tests/*) checks=-clang-analyzer-* ;;
    esac
    output=$(nice clang-tidy --quiet --checks="$checks" "$1" -- "${flags[@]}" 2> /dev/null) || {
        echo "$1:"
        echo "$output"
        return 1
    }
}

status=0
running=0
count=0
while read -r file; do
    if [ "$running" -ge "${TIDY_JOBS:-2}" ]; then
        wait -n || status=1
        running=$((running - 1))
    fi
    one "$file" &
    running=$((running + 1))
    count=$((count + 1))
done < <(find "$SRC/src" "$SRC/tests/unit" -name '*.c' | sort)
while [ "$running" -gt 0 ]; do
    wait -n || status=1
    running=$((running - 1))
done
echo "$count files looked at"
exit "$status"
