#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: each test that the threat model of cocotransport(7) names is there, and each attack in
# tests/hostile is named
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

page=$SRC/man/cocotransport.7
named=$(sed -n 's/^Tests: \(.*\)\.$/\1/p' "$page" | tr -d ' ' | tr ',' '\n' | sort -u)
[ "$(wc -l <<< "$named")" -ge 10 ] || fail "the page names no tests"
wrong=0
for name in $named; do
    case $name in
    unit/*) file=tests/$name/suites.c ;;
    fuzz/*) file=tests/fuzz/fuzz_${name#fuzz/}.c ;;
    *) file=tests/$name.sh ;;
    esac
    [ -e "$SRC/$file" ] || { echo "the page names $name, but there is no $file"; wrong=1; }
done
for file in "$SRC"/tests/hostile/*.sh; do
    name=hostile/$(basename "$file" .sh)
    finds -xF "$name" <<< "$named" || { echo "$name shows nothing that the page names"; wrong=1; }
done
# An attack without a test is a claim.
attacks=$(sed -n '/^\.SS Attacks/,/^\.SS Not defended/p' "$page" | grep -c '^\.TP')
tests=$(sed -n '/^\.SS Attacks/,/^\.SS Not defended/p' "$page" | grep -c '^Tests: ')
[ "$attacks" = "$tests" ] || fail "$attacks attacks, but $tests of them with tests"
[ "$wrong" = 0 ] || fail "see above"
echo "$attacks attacks, $(wc -l <<< "$named") tests"
