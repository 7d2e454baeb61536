#!/bin/bash
# test: one attach a launch; a second launch waits; a foreign image, a foreign TPM image, an
# emulated root that no policy names and a wrong secret are refused, with words that say why
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

honest_session

# A second VM of the same image while the first is attached.
vm_launch chip second "$TMP/coco.img"
driver_refused "HELLO: the CoCoTPM refused: busy" second tpm2
pcr_check "a second launch while the first is attached"

# The same launch again, after its session ended in order, a Shutdown(STATE) being its last command.
count_of()
{
    tpm readclock | awk -v what="$1_count:" '$1 == what { print $2 }'
}
resets=$(count_of reset)
tpm shutdown
stop driver_tpm
driver_refused "already used" cocovm tpm3

# A new launch is a reboot: it attaches, and the PCRs are new.
driver_start second tpm2
pcr_value=$(printf '0%.0s' {1..64})
TPM_AT=tpm2
pcr_check "after a reboot"
[ "$(count_of reset) $(count_of restart)" = "$((resets + 1)) 0" ] ||
    fail "a reboot after Shutdown(STATE) is no TPM Reset: $(tpm readclock)"

# The guest's own Startup(STATE) brings nothing back: the TPM is started (TPM_RC_INITIALIZE, which
# tools take for success).
tpm startup > /dev/null 2>&1 || true
pcr_check "Startup(STATE) by the guest"
stop driver_tpm2

# Another image.
image evil "the CoCoVM, with one byte changed"
vm_launch chip evilvm "$TMP/evil.img"
driver_refused "no key is shared" evilvm tpm4

# What the driver expects of the TPM VM.
cp "$TMP/driver.policy" "$TMP/good.policy"
vm_launch chip third "$TMP/coco.img"
policy_driver chip "$TMP/evil.img" "$TMP/instance.policy" > "$TMP/driver.policy"
driver_refused "no key is shared" third tpm5
policy_driver chip "$TMP/tpm.img" "$TMP/evil.img" > "$TMP/driver.policy"
driver_refused "policy-digest" third tpm5
policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" trust.roots=amd-genoa > "$TMP/driver.policy"
driver_refused "evidence is refused: vek_signed_by_ask" third tpm5
policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" link.psk=secret > "$TMP/driver.policy"
driver_refused "psk" third tpm5
cp "$TMP/good.policy" "$TMP/driver.policy"
driver_start third tpm5
stop driver_tpm5

# ---- the same on plain swtpm, which asks nobody who he is ----

plain_start
plain_start other 2
plain_extend 1
raw "$TMP/p" "$(extend_command "$(digest 2)")"
plain_is "another client" 1 2
report "a second VM attaches to a live TPM" "shares its PCRs" "status 7, session lives on"
report "a second attach of one launch" "shares its PCRs" "status 6"
report "a CoCoVM with another image" "let in" "refused: no shared key"
report "bootstrap where a secret is required" "asks for no secret" "refused"
plain_attack redirect "unixio:$TMP/p2"
plain_extend 3
plain_is "redirected" 1 2
plain_pcr p2
[ "$pcr" = "$(folded 3)" ] || fail "plain swtpm: the other one has no extension"
report "a TPM VM with another image or policy" "another TPM is taken for it" "refused"
report "an emulated chip under AMD's roots" "another TPM is taken for it" "refused"

TPM_AT=p tpm pcrextend "10:sha256=$(digest 1)"
TPM_AT=p tpm pcrread sha256:10 -o "$TMP/before.bin" > "$TMP/pcr.log"
TPM_AT=p tpm shutdown
unhex <<< 0000000200000000 | socat -t 5 - "UNIX-CONNECT:$TMP/p.ctrl" > "$TMP/init.out"
TPM_AT=p tpm startup > "$TMP/startup.log" 2>&1 || fail "plain swtpm: $(cat "$TMP/startup.log")"
TPM_AT=p tpm pcrread sha256:10 -o "$TMP/after.bin" > "$TMP/pcr.log"
cmp "$TMP/before.bin" "$TMP/after.bin" || fail "plain swtpm: Startup(STATE) brings back nothing"
report "Startup(STATE) of an earlier launch" "its PCRs return" "started already, PCRs stay"
