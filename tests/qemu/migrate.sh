#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a guest keeps its TPM over live migration on shared state
# slow: yes
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guest.inc"

swtpm=$(ours swtpm)
make_initrd "$TMP/initrd"
mkdir "$TMP/state"

tpm()
{
    start "tpm.$1" "$swtpm" socket --tpm2 --tpmstate dir="$TMP/state" --terminate \
        --ctrl type=unixio,path="$TMP/$1.ctrl" --migration "$2"
    wait_socket "tpm.$1" "$TMP/$1.ctrl"
}

tpm a release-lock-outgoing
guest a "$TMP/a.ctrl" tpm-crb
wait_serial a 1 'ALIVE 2 .*pcr16=.* \.'
pcr0=$(field a pcr0)
pcr16=$(field a pcr16)
[[ $pcr16 =~ [1-9A-F] ]] || fail "PCR 16 is empty"

# Live migration: the target's swtpm waits without the lock, which the source lets go.
tpm b incoming,release-lock-outgoing
guest b "$TMP/b.ctrl" tpm-crb -incoming "unix:$TMP/wire"
retry test -S "$TMP/wire" || fail "the target does not listen"
monitor a "migrate -d unix:$TMP/wire" > /dev/null
migrated()
{
    monitor a "info migrate" | finds 'Migration status: completed'
}
PATIENCE=300 retry migrated || fail "migration does not complete: $(monitor a 'info migrate')"
monitor a quit > /dev/null || true
wait_serial b 3 'ALIVE .*pcr16=.* \.'
[ "$(field b pcr16)" = "$pcr16" ] || fail "PCR 16 is another after the migration"
[ "$(field b pcr0)" = "$pcr0" ] || fail "PCR 0 is another after the migration"
! grep -qa BOOT "$TMP/b.serial" || fail "the guest was started anew"
[[ $(field b random) =~ ^80010000001400000000 ]] || fail "GetRandom failed after the migration"
wait_end tpm.a || fail "the source's swtpm does not end with success"
monitor b quit > /dev/null || true
wait_end tpm.b || fail "the target's swtpm does not end with success"
