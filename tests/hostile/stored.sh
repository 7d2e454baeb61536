#!/bin/bash
# test: the state file read, rolled back, cloned, exchanged, deleted and damaged by the host; plain
# swtpm notices none of it
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

OTHER=0b0e4a70-6d3e-4f55-8f1c-3b9a2f1d7c42
SECRET='sixteen secrets!'
sealed=$TMP/state/tpm2-00.sealed

# fill, counter: with TPM_AT, a secret and a counter in the TPM.
fill()
{
    tpm nvdefine 0x1500021 -C o -s 16 -a "ownerread|ownerwrite" > "$TMP/nv.log"
    printf '%s' "$SECRET" | tpm nvwrite 0x1500021 -C o -i -
    tpm nvdefine 0x1500020 -C o -a "ownerread|ownerwrite|nt=counter" > "$TMP/nv.log"
    tpm nvincrement 0x1500020 -C o
}

counter()
{
    tpm nvread 0x1500020 -C o 2> "$TMP/nv.log" | hex
}

# refused WHAT WORDS: the TPM VM does not start with the file as it is, and leaves it.
refused()
{
    local before

    before=$(sha256sum "$sealed" 2> /dev/null || echo none)
    expect_fail "$2" timeout "$PATIENCE" "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$TMP/state" \
        --cocotpm "type=unixio,path=$TMP/coco.sock,id=$ID,platform=emulator:$TMP/tpmvm"
    [ "$(sha256sum "$sealed" 2> /dev/null || echo none)" = "$before" ] ||
        fail "$1: the file was changed"
}

# plain_on NAME: plain swtpm with this state; TPM_AT is where.
plain_on()
{
    plain_swtpm "$1" "$1"
    TPM_AT=p$1
}

world
provision other "$OTHER" "$TMP/instance.policy"
tpm_start
attacker_start
DRIVER_WORDS=(--receipt "$TMP/receipt")
driver_start
fill
stop driver_tpm || fail "the driver ended with $?"
cp -r "$TMP/state" "$TMP/old"
cp "$TMP/receipt" "$TMP/receipt.old"
vm_launch chip second "$TMP/coco.img"
driver_start second
tpm nvincrement 0x1500020 -C o
[ "$(counter)" = 0000000000000002 ] || fail "the counter is $(counter)"
stop driver_tpm || fail "the driver ended with $?"
stop coco || fail "swtpm ended with $?"
cp -r "$TMP/state" "$TMP/new"

TPM_AT=tpm
mkdir "$TMP/plain"
plain_on plain
fill
stop plain || true
cp -r "$TMP/plain" "$TMP/plain_old"
plain_on plain
tpm nvincrement 0x1500020 -C o
[ "$(counter)" = 0000000000000002 ] || fail "plain swtpm: the counter is $(counter)"
stop plain || true

echo "read"
! grep -qF "$SECRET" "$sealed" || fail "the sealed file shows a secret"
grep -qF "$SECRET" "$TMP/plain/tpm2-00.permall" || fail "plain swtpm: no secret in the file"
report "read the state file" "secrets in clear" "sealed"

echo "rolled back"
cp "$TMP/old/tpm2-00.sealed" "$sealed"
tpm_start
vm_launch chip third "$TMP/coco.img"
TPM_AT=tpm
driver_refused "stale|rolled back" third
stop coco || fail "swtpm ended with $?"
plain_on plain_old
[ "$(counter)" = 0000000000000001 ] || fail "plain swtpm: the counter did not go back"
report "roll the state file back" "counters go back" "status 5, by the receipt"

echo "cloned"
tpm_start clone old
cp "$TMP/new/tpm2-00.sealed" "$sealed"
tpm_start
TPM_AT=tpm
driver_start third
tpm pcrread sha256:17 -o "$TMP/home17" > "$TMP/pcr.log"
attack redirect "unixio:$TMP/clone.sock"
DRIVER_WORDS=()
vm_launch chip fourth "$TMP/coco.img"
driver_start fourth tpm4
TPM_AT=tpm4 tpm pcrread sha256:17 -o "$TMP/clone17" > "$TMP/pcr.log"
! cmp -s "$TMP/home17" "$TMP/clone17" || fail "PCR 17 is the same in both"
stop driver_tpm4 || fail "the clone's driver ended with $?"
stop driver_tpm || fail "the driver ended with $?"
DRIVER_WORDS=(--receipt "$TMP/receipt")
vm_launch chip fifth "$TMP/coco.img"
driver_refused "stale|rolled back|fork" fifth
attack redirect "unixio:$TMP/coco.sock"
stop clone || fail "the clone ended with $?"
stop coco || fail "swtpm ended with $?"
plain_on plain
for TPM_AT in pplain pplain_old; do
    tpm pcrextend "16:sha256=$(digest 1)"
    tpm pcrread sha256:0,16,17 -o "$TMP/$TPM_AT.pcrs" > "$TMP/pcr.log"
done
cmp "$TMP/pplain.pcrs" "$TMP/pplain_old.pcrs" || fail "plain swtpm: a clone can be told"
stop plain || true
stop plain_old || true
report "two TPM VMs from one state file" "alike, both run" "PCR 17 differs; receipt refuses"

echo "exchanged"
cp "$sealed" "$TMP/mine"
cp "$TMP/other/tpm2-00.sealed" "$sealed"
refused "another instance's" "instance|UUID"
mkdir "$TMP/foreign"
plain_on foreign
stop foreign || true
cp "$TMP/foreign/tpm2-00.permall" "$TMP/plain_old/tpm2-00.permall"
plain_on plain_old
[ -z "$(counter)" ] || fail "plain swtpm: still its own state"
stop plain_old || true
report "another instance's state file" "loaded" "refused"

echo "damaged"
size=$(stat -c %s "$TMP/mine")
for at in 0 9 40 90 150 $((size / 2)) $((size - 1)); do
    cp "$TMP/mine" "$sealed"
    byte=$(slice "$sealed" "$at" 1)
    printf "\\x$(printf %02x $((16#$byte ^ 1)))" | dd of="$sealed" bs=1 seek="$at" conv=notrunc status=none
    refused "byte $at" "."
done
head -c $((size - 1)) "$TMP/mine" > "$sealed"
refused "cut short" "."
at=$(grep -obUaF "$SECRET" "$TMP/plain/tpm2-00.permall" | head -n 1 | cut -d: -f1)
printf X | dd of="$TMP/plain/tpm2-00.permall" bs=1 seek="$at" conv=notrunc status=none
plain_on plain
[ "$(tpm nvread 0x1500021 -C o)" = "X${SECRET:1}" ] || fail "plain swtpm: the change is not seen"
stop plain || true
report "flip a byte of the state file" "changed data are served" "refused"

echo "deleted"
rm "$sealed"
refused "deleted" "tpm2-00.sealed"
[ ! -e "$sealed" ] || fail "a state was made anew"
rm "$TMP/plain/tpm2-00.permall"
plain_on plain
[ -z "$(counter)" ] || fail "plain swtpm: the state is still there"
report "delete the state file" "a new TPM, silently" "refused"

echo "and the honest file still opens"
cp "$TMP/mine" "$sealed"
tpm_start
TPM_AT=tpm
vm_launch chip sixth "$TMP/coco.img"
driver_start sixth
[ "$(counter)" = 0000000000000002 ] || fail "the counter is $(counter)"
stop driver_tpm || fail "the driver ended with $?"
