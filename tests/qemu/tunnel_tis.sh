#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a guest reaches its CoCoTPM through nothing but tpm-tis; a reset of the VM ends its session
# slow: yes
# limit: 2400
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
device=tpm-tis
. "$(dirname "$0")/tunnel_body.inc"

# INIT: this VM is gone. The next launch gets a TPM that was off, in a session of its own.
monitor vm system_reset > /dev/null
wait_serial vm 2 '@@ up'
grep -q 'attached: epoch 2' "$TMP/coco.log" || fail "the second launch did not attach"
grep -q 'the VM was reset' "$TMP/relay.log" || fail "the relay did not see the reset"
[ "$(said vm pcr16 | sort -u | tr A-F a-f)" = "$expected" ] || fail "PCR 16 after the reset: $(said vm pcr16)"
[ "$(said vm pcr17 | sort -u | wc -l)" = 2 ] || fail "PCR 17 is that of the older session"
[ "$(said vm quote | grep -c good)" = 2 ] || fail "no quote after the reset"

monitor vm quit > /dev/null || true
wait_end vm || fail "QEMU does not end"
wait_end relay || fail "the relay does not end with QEMU, or not with success"
