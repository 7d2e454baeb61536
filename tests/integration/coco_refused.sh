#!/bin/bash
# test: whoever runs, expects or knows something else is refused, in words that name the cause
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

coco_world
coco_provision
coco_swtpm

# First the honest case: all that follows differs from it in one point.
coco_launch good
coco_driver good
tpm good tpm2_getrandom --hex 4 > "$TMP/random"
coco_driver_stop good

# A CoCoVM with one byte changed has another key for the link.
image other "firmware, kernel and initrd of the CoCoVm"
vm_launch chip other "$TMP/other.img"
coco_refused other "no key is shared"

# A CoCoTPM that is not the expected image.
cp "$TMP/driver.policy" "$TMP/driver.good"
policy_driver chip "$TMP/other.img" "$TMP/instance.policy" > "$TMP/driver.policy"
coco_launch good
coco_refused good "no key is shared"

# A policy of the instance that the owner did not pin.
{ cat "$TMP/instance.policy"; echo; } > "$TMP/other.policy"
policy_driver chip "$TMP/tpm.img" "$TMP/other.policy" > "$TMP/driver.policy"
coco_refused good "policy-digest"

# The emulator's root stands in no policy that does not name it.
sed 's/^roots.*/roots = amd-genoa; amd-turin/' "$TMP/driver.good" > "$TMP/driver.policy"
coco_refused good "evidence is refused"

# A link secret where none is expected.
sed 's/^psk.*/psk = secret/' "$TMP/driver.good" > "$TMP/driver.policy"
head -c 32 /dev/urandom > "$TMP/psk"
coco_refused good "no key is shared" --psk-file "$TMP/psk"

# Another instance.
cp "$TMP/driver.good" "$TMP/driver.policy"
honest=$id
id=$(cat /proc/sys/kernel/random/uuid)
coco_refused good "no key is shared"
id=$honest

# None of that cost the launch, and none of it changed the TPM's mind.
coco_driver good
coco_driver_stop good
stop swtpm

# A TPM VM with one byte changed does not open the state, and leaves it as it is.
before=$(sha256sum < "$TMP/state/tpm2-00.sealed")
image tpm2 "firmware, kernel and initrd of the TPM Vm"
vm_launch chip tpmvm "$TMP/tpm2.img"
start swtpm "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
    --cocotpm "type=unixio,path=$TMP/link,platform=emulator:$TMP/tpmvm"
! wait_end swtpm || fail "another image opened the state"
[ "$(sha256sum < "$TMP/state/tpm2-00.sealed")" = "$before" ] || fail "the state was touched"

# Its own image does, but not another instance's, and not what is gone.
vm_launch chip tpmvm "$TMP/tpm.img"
start swtpm "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
    --cocotpm "type=unixio,path=$TMP/link,platform=emulator:$TMP/tpmvm,id=$(cat /proc/sys/kernel/random/uuid)"
! wait_end swtpm || fail "another instance's state was taken"
coco_swtpm
stop swtpm
rm "$TMP/state/tpm2-00.sealed"
start swtpm "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
    --cocotpm "type=unixio,path=$TMP/link,platform=emulator:$TMP/tpmvm"
! wait_end swtpm || fail "a TPM was made where the state is gone"
[ ! -e "$TMP/state/tpm2-00.sealed" ] || fail "a state was made anew"
grep -q "tpm2-00.sealed" "$TMP/swtpm.log" || fail "the error does not name the file"
