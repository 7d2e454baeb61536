#!/bin/bash
# test: with a link secret only who has it is let in; burnt evidence lets a launch attach once
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

coco_world link.psk=secret cocovm.burns-evidence=yes
head -c 32 /dev/urandom > "$TMP/psk"
head -c 32 /dev/urandom > "$TMP/wrong"
head -c 32 /dev/zero > "$TMP/zeroes"
head -c 31 /dev/urandom > "$TMP/short"
coco_provision "psk-file=$TMP/psk"
coco_swtpm
coco_launch one

coco_refused one "no key is shared" --psk-file "$TMP/wrong"
coco_refused one "no secret\|zero" --psk-file "$TMP/zeroes"
coco_refused one "31\|32\|long" --psk-file "$TMP/short"
coco_refused one "no secret\|psk"
sed 's/^psk.*/psk = bootstrap/' "$TMP/driver.policy" > "$TMP/driver.bootstrap"
cp "$TMP/driver.policy" "$TMP/driver.good"
cp "$TMP/driver.bootstrap" "$TMP/driver.policy"
coco_refused one "no key is shared"
cp "$TMP/driver.good" "$TMP/driver.policy"

# The policy vouches that evidence is burnt: a driver told to keep it does not attach.
coco_refused one "burn" --psk-file "$TMP/psk" --keep-evidence
coco_driver one --psk-file "$TMP/psk"
tpm one tpm2_getrandom --hex 4 > "$TMP/random"
coco_driver_stop one

# This launch has no means left to prove itself again, whatever the host restores.
coco_refused one "report" --psk-file "$TMP/psk"
coco_launch one
coco_driver one --psk-file "$TMP/psk"
coco_driver_stop one

# Of the images that a policy names, the newest first, the one that runs is found, as one of eight.
name_others()
{
    sed "s/^measurement *= */&$(seq -f '%096.0f;' -s ' ' "$1") /" "$TMP/driver.good" > "$TMP/driver.policy"
}

coco_launch one
name_others 8
coco_refused one "no key is shared" --psk-file "$TMP/psk"
name_others 7
coco_driver one --psk-file "$TMP/psk"
coco_driver_stop one
stop swtpm
