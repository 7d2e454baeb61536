#!/bin/bash
# test: a VM whose root keeps other keys among the endorsement keys gets none of them named, and
# drives none of the real ones out
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

coco_world
coco_provision
coco_swtpm
coco_launch one
coco_driver one

# name_of HANDLE
name_of()
{
    tpm one tpm2_readpublic -c "$1" -n "$TMP/name" > "$TMP/public.log"
    hex < "$TMP/name"
}

# keep HANDLE OPTION…: a primary key of the owner's ($hierarchy) made persistent there.
keep()
{
    local handle=$1

    shift
    tpm one tpm2_createprimary -Q -C "${hierarchy:-o}" -g sha256 -c "$TMP/key.ctx" "$@"
    tpm one tpm2_evictcontrol -Q -C o -c "$TMP/key.ctx" "$handle"
    tpm one tpm2_flushcontext -t
}

tpm one tpm2_getcap handles-persistent > "$TMP/handles"
ek=$(sed -n 's/^- 0x8101/0x8101/p' "$TMP/handles" | tail -n 1)
[ -n "$ek" ] || fail "no endorsement key was provisioned: $(cat "$TMP/handles")"
real=$(name_of "$ek")

# Signing keys below the EKs, as many as are named at most; and a storage key, whose attributes are
# those of an EK, but whose hierarchy is the owner's. And a signing key of the EKs' hierarchy.
signs='fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign'
for handle in 0x81010010 0x81010011 0x81010012 0x81010013; do
    keep "$handle" -G ecc256:ecdsa-sha256:null -a "$signs"
done
hierarchy=e keep 0x81010002 -G ecc256:ecdsa-sha256:null -a "$signs"
keep 0x81010000 -G ecc
storage=$(name_of 0x81010000)
signer=$(name_of 0x81010010)
quoter=$(name_of 0x81010002)
coco_driver_stop one

# HELLO: who pins a name is let in where that key is named.
pin()
{
    policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" "cocotpm.ek-name=$1" \
        > "$TMP/driver.policy"
}
coco_launch two
pin "$storage"
coco_refused two "ek-name"
pin "$signer"
coco_refused two "ek-name"
pin "$quoter"
coco_refused two "ek-name"
pin "$real"
coco_driver two
coco_driver_stop two

# The same from a start of the TPM VM.
stop swtpm || fail "swtpm ended with $?"
coco_swtpm
coco_launch three
for name in "$storage" "$quoter" "$signer"; do
    pin "$name"
    coco_refused three "ek-name"
done
pin "$real"
coco_driver three
coco_driver_stop three
stop swtpm || fail "swtpm ended with $?"

# On plain swtpm a handle is all there is: another key lies at the EK's in the end.
mkdir "$TMP/plain"
"$setup" --tpm2 --createek --tpmstate "$TMP/plain" --logfile "$TMP/plain.log" --tpm "$swtpm socket" \
    > "$TMP/plain.out" 2>&1 || fail "swtpm_setup: $(cat "$TMP/plain.log")"
start plain "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/plain" --flags not-need-init,startup-clear \
    --server "type=unixio,path=$TMP/one.tpm" --ctrl "type=unixio,path=$TMP/one.tpm.ctrl"
wait_socket plain "$TMP/one.tpm.ctrl"
real=$(name_of "$ek")
tpm one tpm2_evictcontrol -Q -C o -c "$ek"
keep "$ek" -G ecc
[ "$(name_of "$ek")" != "$real" ] || fail "plain swtpm: the key is the same"
echo "report: another key in the EK's place | taken for the EK | not named, the pin fails"
