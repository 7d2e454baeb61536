#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: make install puts every program, page and header in its place, hardened
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
need readelf

root=$TMP/root
make -C "$BUILD" install DESTDIR="$root" > "$TMP/install.log" 2>&1 || fail "make install"
prefix=$root$(sed -n 's/^prefix = //p' "$BUILD/Makefile")
[ -d "$prefix/bin" ] || fail "nothing is installed under the prefix"

programs=$(printf 'include Makefile\nprint:\n\t@echo $(bin_PROGRAMS)\n' |
    make -s --no-print-directory -C "$BUILD" -f - print | tail -n 1)
for program in $programs; do
    name=$(basename "$program")
    [ -x "$prefix/bin/$name" ] || fail "$name is not installed"
    [ -n "$(find "$prefix/share/man" -name "$name.[1-8]")" ] || fail "$name has no man page there"
    readelf -hW "$prefix/bin/$name" | finds 'Type: *DYN' || fail "$name is no PIE"
    headers=$(readelf -lW "$prefix/bin/$name")
    dynamic=$(readelf -dW "$prefix/bin/$name")
    grep -q GNU_RELRO <<< "$headers" || fail "$name has no relro"
    grep -qE 'BIND_NOW|FLAGS.* NOW' <<< "$dynamic" || fail "$name binds lazily"
    ! grep -qE 'GNU_STACK.*RWE' <<< "$headers" || fail "$name has an executable stack"
    symbols=$(readelf -sW --dyn-syms "$prefix/bin/$name")
    grep -q '__stack_chk_fail' <<< "$symbols" || fail "$name has no stack protector"
done

# Outside of the prefix only the configuration may lie, and nothing is written elsewhere.
outside=$(find "$root" -type f ! -path "$prefix/*" | sed "s,^$root,," | grep -v '^/etc/' || true)
[ -z "$outside" ] || fail "installed outside of the prefix: $outside"
! grep -rlIF "$root" "$prefix" || fail "a file names DESTDIR"

make -C "$BUILD" uninstall DESTDIR="$root" > "$TMP/uninstall.log" 2>&1 || fail "make uninstall"
left=$(find "$root" -type f)
[ -z "$left" ] || fail "uninstall leaves $left"
