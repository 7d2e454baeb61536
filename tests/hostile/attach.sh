#!/bin/bash
# test: one attach a launch; a second launch waits; a foreign image, a foreign TPM image, an
# emulated root that no policy names and a wrong secret are refused, with words that say why
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

world
tpm_start
attacker_start
driver_start
pcr_extend "$(digest 1)"
pcr_check "honest"

# A second VM of the same image while the first is attached.
vm_launch chip second "$TMP/coco.img"
driver_refused "busy" second tpm2
pcr_check "a second launch while the first is attached"
report "a second VM attaches to a live TPM" "shares it" "status 7, session lives on"

# The same launch again, after its session ended in order.
stop driver_tpm
driver_refused "already used" cocovm tpm3
report "a second attach of one launch" "reads and extends" "status 6"

# A new launch is a reboot: it attaches, and the PCRs are new.
driver_start second tpm2
pcr_value=$(printf '0%.0s' {1..64})
TPM_AT=tpm2
pcr_check "after a reboot"

# The guest's own Startup(STATE) brings nothing back: the TPM is started (TPM_RC_INITIALIZE, which
# tools take for success).
tpm startup > /dev/null 2>&1 || true
pcr_check "Startup(STATE) by the guest"
report "Startup(STATE) of an earlier launch" "old PCRs return" "refused"
stop driver_tpm2

# Another image.
image evil "the CoCoVM, with one byte changed"
vm_launch chip evilvm "$TMP/evil.img"
driver_refused "no key is shared" evilvm tpm4
report "a CoCoVM with another image" "let in" "refused: no shared key"

# What the driver expects of the TPM VM.
cp "$TMP/driver.policy" "$TMP/good.policy"
vm_launch chip third "$TMP/coco.img"
policy_driver chip "$TMP/evil.img" "$TMP/instance.policy" > "$TMP/driver.policy"
driver_refused "no key is shared" third tpm5
policy_driver chip "$TMP/tpm.img" "$TMP/evil.img" > "$TMP/driver.policy"
driver_refused "policy-digest" third tpm5
report "a TPM VM with another image or policy" "not noticed" "refused"
policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" trust.roots=amd-genoa > "$TMP/driver.policy"
driver_refused "evidence is refused: vek_signed_by_ask" third tpm5
report "an emulated chip under AMD's roots" "not asked" "refused"
policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" link.psk=secret > "$TMP/driver.policy"
driver_refused "psk" third tpm5
report "bootstrap where a secret is required" "none at all" "refused"
cp "$TMP/good.policy" "$TMP/driver.policy"
driver_start third tpm5
