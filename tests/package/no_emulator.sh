#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: --disable-snp-emulator installs no emulator, no symbol of it and no root of its own
# slow: yes
# limit: 1500
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
need nm strings

# As the usual build was made, seen from a folder that lies as that one does: ccache, where it is,
# knows whatever the emulator makes no difference to.
mkdir -p "$TMP/tree/build"
for entry in "$SRC"/*; do
    [ "${entry##*/}" = build ] || ln -s "$entry" "$TMP/tree/"
done
cd "$TMP/tree/build"
cc=$(sed -n 's/^CC = //p' "$BUILD/Makefile")
flags=$(sed -n 's/^CFLAGS = //p' "$BUILD/Makefile")
export CCACHE_BASEDIR="$TMP/tree" CCACHE_NOHASHDIR=1
../configure -q --disable-snp-emulator --enable-werror CC="$cc" CFLAGS="$flags" > configure.log 2>&1 ||
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
