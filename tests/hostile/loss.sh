#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: when resuming is refused, each command fails with TPM_RC_FAILURE for ever and nothing is
# attached anew; a refusal that the host forges is not enough, with a driver and without one
# sanitizers: no
# idle: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"
module=$(ours libtss2-tcti-cocotpm.so)

honest_session

# The alert of a server that has not the key (RFC 8446, 6: fatal, decrypt_error), which is in the
# clear: for both keys that the driver offers, and several times over.
forge()
{
    local i

    for ((i = 0; i < $1; i++)); do
        attack s 0 inject 15030300020233
    done
}
forge 6
attack cut
pcr_extend "$(digest 2)"
pcr_check "refusals that were forged"
[ "$(attack pending)" = 0 ] || fail "the forged refusals met nobody"

# Really gone: another process of the same CoCoTPM has no session to resume.
stop coco KILL || true
rm -f "$TMP/coco.sock"
tpm_start
FAILURE=80010000000a00000101
for ((i = 0; i < 3; i++)); do
    raw "$TMP/tpm" "$(extend_command "$(digest 3)")"
    [ "$answer" = "$FAILURE" ] || fail "a TPM that is lost answers $answer"
done
raw "$TMP/tpm" "$READ_COMMAND"
[ "$answer" = "$FAILURE" ] || fail "a TPM that is lost answers PCR_Read with $answer"
[ "$(unhex <<< 0000000500 | socat -t 5 - "UNIX-CONNECT:$TMP/tpm.ctrl" | hex)" = 00000009 ] ||
    fail "SET_LOCALITY does not fail"
! tpm getrandom --hex 4 > "$TMP/random" 2>&1 || fail "a tool goes on"
alive "$(pid_of driver_tpm)" || fail "the driver is gone"
[ "$(grep -c "attached: epoch" "$TMP/coco.log")" = 1 ] || fail "attached anew"
grep -q "the TPM is lost" "$TMP/driver_tpm.log" || fail "the driver does not say so"
stop driver_tpm || true

keep_in_memory

# A driver that takes up the session of one that was killed bears as much.
vm_launch chip again "$TMP/coco.img"
DRIVER_WORDS=(--resume "$kept/driver" --timeout 60)
driver_start again
tpm pcrextend "16:sha256=$(digest 1)"
stop driver_tpm KILL || true
rm -f "$TMP/tpm" "$TMP/tpm.ctrl"
forge 6
driver_start again
[ "$(attack pending)" = 0 ] || fail "the forged refusals met nobody"
grep -q "resumed the session" "$TMP/driver_tpm.log" || fail "the session was not resumed"
[ "$(pcr_read)" = "$(folded 1)" ] || fail "PCR 16 is not that of the older driver"
stop driver_tpm KILL || true
stop coco KILL || true
rm -f "$TMP/coco.sock" "$TMP/tpm" "$TMP/tpm.ctrl"
tpm_start
driver_refused "knows no key to resume with" again
[ "$(grep -c "attached: epoch" "$TMP/coco.log")" = 2 ] || fail "attached anew"
rm "$kept/driver"
DRIVER_WORDS=()

# The same without a driver.
tool()
{
    local tool=$1

    shift
    TPM2TOOLS_TCTI="$module:link=unixio:$TMP/evil.sock,policy=$TMP/driver.policy,resume=$kept/session,platform=emulator:$TMP/other,id=$ID,timeout=60" \
        "tpm2_$tool" "$@"
}
vm_launch chip other "$TMP/coco.img"
tool pcrextend "16:sha256=$(digest 1)"
forge 2
tool pcrextend "16:sha256=$(digest 2)" || fail "a forged refusal is borne no longer than once"
[ "$(attack pending)" = 0 ] || fail "the forged refusals met nobody"
tool pcrread sha256:16 -o "$TMP/pcr.bin" > "$TMP/read.log"
[ "$(hex < "$TMP/pcr.bin")" = "$(folded 1 2)" ] || fail "PCR 16 is $(hex < "$TMP/pcr.bin")"
stop coco KILL || true
rm -f "$TMP/coco.sock"
tpm_start
for ((i = 0; i < 2; i++)); do
    ! tool getrandom --hex 4 > "$TMP/random" 2>&1 || fail "a tool goes on without its TPM"
done
[ "$(grep -c "attached: epoch" "$TMP/coco.log")" = 3 ] || fail "attached anew"

# ---- the same on plain swtpm: who takes its connection away, and the state, is not noticed ----

plain_start
plain_extend 1
plain_is "honest" 1
stop plain KILL || true
rm -f "$TMP/p" "$TMP/p.ctrl"
plain_swtpm
plain_extend 2
plain_is "another TPM" 2
report "forged refusal of RESUME" "-" "tried again; exactly once"
report "another process in the TPM's place" "the next command runs, PCRs are gone" "TPM_RC_FAILURE for ever"
