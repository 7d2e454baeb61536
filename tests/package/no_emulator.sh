#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: --disable-snp-emulator installs no emulator, no symbol of it and no root of its own
# slow: yes
# limit: 1500
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
need nm strings

mkdir "$TMP/build"
cd "$TMP/build"
cc=$(sed -n 's/^CC = //p' "$BUILD/Makefile")
"$SRC/configure" -q --disable-snp-emulator --enable-werror CC="$cc" CFLAGS="-g -O1" > configure.log 2>&1 ||
    fail "configure"
make -j2 install DESTDIR="$TMP/product" > make.log 2>&1 || { tail -n 30 make.log; fail "make"; }

# matching PATTERN: the lines that match; none is no failure.
matching()
{
    grep -iE "$1" || [ $? = 1 ]
}

# found FOLDER: what of the emulator is in the programs and libraries of an installation.
found()
{
    local file

    find "$1" -type f -perm /111 | sort | while read -r file; do
        { nm -a "$file"; nm -D "$file"; } 2> /dev/null | matching 'snpemu|emulator' |
            sed "s,^,$file: ,"
        strings -a "$file" | matching 'snpemu|COCOTPM-EMU|emulated AMD' | sed "s,^,$file: ,"
    done
}

[ -x "$TMP/product/usr/local/bin/swtpm" ] || fail "nothing was installed"
[ ! -e "$TMP/product/usr/local/bin/cocotpm-snpemu" ] || fail "the emulator is installed"
left=$(found "$TMP/product/usr/local")
[ -z "$left" ] || fail "of the emulator: $left"

# The same search finds it in the usual build.
make -C "$BUILD" install DESTDIR="$TMP/usual" > usual.log 2>&1 || fail "make install"
[ -n "$(found "$TMP/usual")" ] || fail "the search finds no emulator where there is one"
