#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: samples/quickstart does and checks every step, with --keep leaves a TPM that works
# alone: yes
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
need tpm2_getrandom tpm2_checkquote

quickstart="$SRC/samples/quickstart"
"$quickstart" --help | finds -- --keep || fail "--help does not show --keep"
expect_fail 'usage' "$quickstart" --nonsense

"$quickstart" --no-install --build "$BUILD" > "$TMP/first.log" 2>&1 || {
    cat "$TMP/first.log"
    fail "it failed"
}
cat "$TMP/first.log"
grep -qE '^All [0-9]+ steps were done and checked\.$' <<< "$(tail -n 1 "$TMP/first.log")" ||
    fail "the last line says something else"
[ -z "$(find "$TMP" -maxdepth 1 -name 'cocotpm.*')" ] || fail "it left its folder behind"

# A second run compiles nothing; --keep leaves everything running.
"$quickstart" --no-install --keep --build "$BUILD" > "$TMP/second.log" 2>&1 || {
    cat "$TMP/second.log"
    fail "the second run failed"
}
! grep -q ' CC ' "$BUILD/quickstart.log" || fail "the second run compiled something"
folder=$(echo "$TMP"/cocotpm.*)
for name in driver swtpm chip; do
    adopt "$name" "$folder/$name.pid"
done
TPM2TOOLS_TCTI=$(sed -n 's/^ *export TPM2TOOLS_TCTI=//p' "$TMP/second.log")
export TPM2TOOLS_TCTI
[ -n "$TPM2TOOLS_TCTI" ] || fail "--keep does not say how to use it"
[ "$(tpm2_getrandom --hex 8 | wc -c)" = 16 ] || fail "the TPM that was kept does not answer"
for name in driver swtpm chip; do
    stop "$name" || fail "$name ended badly"
done
