#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: make distcheck: the archive builds, tests, installs and cleans by itself
# slow: yes
# limit: 2400
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

cc=$(sed -n 's/^CC = //p' "$BUILD/Makefile")
mkdir "$TMP/build"
cd "$TMP/build"
"$SRC/configure" -q CC="$cc" CFLAGS="-O1" > configure.log 2>&1 || fail "configure"
# ccache, where it is, sees the unpacked archive as the same sources.
export CCACHE_BASEDIR="$TMP" CCACHE_NOHASHDIR=1
# Whether the corpora are in the archive shows without the changed copies of them, which group fuzz runs.
export FUZZ_RUNS=0
nice make distcheck AM_DISTCHECK_CONFIGURE_FLAGS="CC='$cc' CFLAGS='-O1'" MAKEFLAGS=-j2 \
    > distcheck.log 2>&1 || { tail -n 60 distcheck.log; fail "make distcheck"; }
grep -q 'archives ready for distribution' distcheck.log || fail "no archive"
tail -n 4 distcheck.log
