#!/bin/bash
# test: a CoCoVM attaches to its CoCoTPM, finds its launch measured, and its keys after a restart
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

coco_world
coco_provision
coco_swtpm
coco_launch one

# A name that is wrong does not cost the launch: it is looked at before the attach.
spared()
{
    coco_refused one "$@"
    ! grep -q "attached: epoch" "$TMP/swtpm.log" || fail "attached in vain: $*"
}
spared "No such file" --evidence "$TMP/none/evidence"
spared "No such file" --check-socket "$TMP/none/check"
spared "eventlog: .*No such file" --eventlog "$TMP/none/log"
spared "No such file" --resume "/dev/shm/none.$$/session"
if [ ! -e /dev/vtpmx ]; then
    spared "tpm_vtpm_proxy" --vtpm-proxy
fi
coco_driver one --eventlog "$TMP/log"

tpm one tpm2_getrandom --hex 16 > "$TMP/random"
[ "$(wc -c < "$TMP/random")" = 32 ] || fail "no random bytes"

# PCR 0 is what the event log says: an H-CRTM event starts it at locality 4 (TCG PFP 1.06, 3.3.2).
event=$(tail -c 227 "$TMP/log" | openssl dgst -sha256 -binary | od -An -v -tx1 | tr -d ' \n')
digest=$(printf '%063d4%s' 0 "$event" | sed 's/../\\x&/g')
expected=$(printf "%b" "$digest" | openssl dgst -sha256 -r | cut -d' ' -f1)
[ "$(pcr one 0)" = "$expected" ] || fail "PCR 0 is not the launch's: $(pcr one 0), not $expected"
grep -aq "Spec ID Event03" "$TMP/log" || fail "the event log has no header"
first_17=$(pcr one 17)
[ "$first_17" != "$(printf '%064d' 0)" ] || fail "PCR 17 does not name the attach"

# The guest's own Startup finds the TPM started.
tpm one tpm2_startup -c > "$TMP/startup" 2>&1 || true
tpm one tpm2_pcrextend "16:sha256=$(printf '%064d' 1)"
tpm one tpm2_createprimary -Q -C o -g sha256 -G ecc -c "$TMP/primary"
tpm one tpm2_evictcontrol -Q -C o -c "$TMP/primary" 0x81000001
tpm one tpm2_flushcontext -t
tpm one tpm2_readpublic -Q -c 0x81000001 -n "$TMP/name-before"

coco_driver_stop one
retry grep -q "detached" "$TMP/swtpm.log" || fail "the end of the session was no DETACH"
stop swtpm || fail "swtpm ended with $?"

# The same launch may not attach again, whatever was restarted.
coco_swtpm
coco_refused one "launch already used"

# A reboot of the CoCoVM is a new launch: same key, same PCR 0, another PCR 17, PCR 16 clean.
coco_launch one
coco_driver one
tpm one tpm2_readpublic -Q -c 0x81000001 -n "$TMP/name-after"
cmp "$TMP/name-before" "$TMP/name-after" || fail "the key is another one after the restart"
[ "$(pcr one 0)" = "$expected" ] || fail "PCR 0 changed with the launch"
[ "$(pcr one 17)" != "$first_17" ] || fail "PCR 17 is the same for two attaches"
[ "$(pcr one 16)" = "$(printf '%064d' 0)" ] || fail "PCR 16 was not reset"
coco_driver_stop one
stop swtpm
