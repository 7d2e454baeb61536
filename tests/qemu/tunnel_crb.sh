#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a guest reaches its CoCoTPM through nothing but tpm-crb; QEMU refuses to migrate it
# slow: yes
# limit: 2400
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
device=tpm-crb
. "$(dirname "$0")/tunnel_body.inc"

monitor vm "migrate -d exec:cat" > "$TMP/migrate"
grep -q 'Migration disabled: TPM emulator does not support migration' "$TMP/migrate" ||
    fail "QEMU says of migration: $(cat "$TMP/migrate")"

monitor vm quit > /dev/null || true
wait_end vm || fail "QEMU does not end"
wait_end relay || fail "the relay does not end with QEMU, or not with success"
