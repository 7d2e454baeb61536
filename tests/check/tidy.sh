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

# tidy FILE…: what clang-tidy finds in them, and whether it is nothing.
tidy()
{
    local checks=

    # The analyzer takes half the time on Check's macros, and knows no fork.
    case $1 in
    */tests/*) checks="-clang-analyzer-*" ;;
    esac
    nice clang-tidy --quiet --checks="$checks" "$@" -- "${flags[@]}" 2> /dev/null
}

# several FILE…: in one process, as starting it and finding headers takes a fifth of the time. A
# crash ends all that come behind it, so that each file is tried alone then.
several()
{
    local file output

    if output=$(tidy "$@"); then
        return
    fi
    for file in "$@"; do
        output=$(tidy "$file") || printf '%s:\n%s\n' "$file" "$output"
    done
    return 1
}

# look FOLDER: at all its files, a dozen at once.
look()
{
    local files=() at

    mapfile -t files < <(find "$1" -name '*.c' | sort)
    for ((at = 0; at < ${#files[@]}; at += 12)); do
        if [ "$running" -ge "${TIDY_JOBS:-2}" ]; then
            wait -n || status=1
            running=$((running - 1))
        fi
        several "${files[@]:at:12}" &
        running=$((running + 1))
    done
    count=$((count + ${#files[@]}))
}

status=0
running=0
count=0
look "$SRC/src"
look "$SRC/tests/unit"
while [ "$running" -gt 0 ]; do
    wait -n || status=1
    running=$((running - 1))
done
echo "$count files looked at"
exit "$status"
