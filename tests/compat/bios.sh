#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: swtpm_bios does and says what Debian's does, with a TPM 2 and a TPM 1.2
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

[ -x /usr/bin/swtpm_bios ] || skip "Debian's swtpm is not installed"
swtpm=$(ours swtpm)
bios=$(ours swtpm_bios)
cd "$TMP"

# one BIOS NAME [--tpm2]: the same calls to a TPM of its own.
one()
{
    local program=$1 name=$2 status words

    shift 2
    mkdir "$TMP/$name"
    start "$name" "$swtpm" socket "$@" --tpmstate dir="$TMP/$name" \
        --server type=unixio,path="$TMP/$name.s" --flags not-need-init
    wait_socket "$name" "$TMP/$name.s"
    for words in "" "-cs" "-ea" "-u" "-n" "-s" "-d" "-o" "-ea" "-c" "-cs -u"; do
        status=0
        echo "== $words"
        # shellcheck disable=SC2086
        "$program" "$@" --unix "$TMP/$name.s" $words 2>&1 || status=$?
        echo "status $status"
    done
    stop "$name" || fail "swtpm does not end with success"
}

for tpm in "" --tpm2; do
    # shellcheck disable=SC2086
    one /usr/bin/swtpm_bios d$tpm $tpm > theirs
    # shellcheck disable=SC2086
    one "$bios" o$tpm $tpm > ours
    diff theirs ours || fail "other words or statuses (${tpm:-TPM 1.2})"
done
status=0
"$bios" --tpm2 --unix "$TMP/none" > out 2>&1 || status=$?
[ "$status" = 255 ] || fail "an unreachable TPM gives status $status"
status=0
"$bios" --nonsense > out 2>&1 || status=$?
[ "$status" = 1 ] || fail "wrong usage gives status $status"
