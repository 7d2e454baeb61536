#!/bin/bash
# test: a state that was rolled back or forked is refused by who kept the receipt of the newer one
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

stale='stale or forked state'
keep=(--receipt "$TMP/receipts" --check-socket "$TMP/check")

check()
{
    "$driver" --check-receipt "$1" --check-socket "$TMP/check" --id "$id"
}

# A session that has something to store.
use()
{
    coco_launch "$1"
    coco_driver "$@"
    tpm "$1" tpm2_changeauth -c owner "" > /dev/null
}

keeps_another()
{
    [ -s "$1" ] && ! cmp -s "$1" "$2"
}

restore()
{
    stop swtpm
    rm -rf "$TMP/state"
    cp -r "$1" "$TMP/state"
    coco_swtpm
}

coco_world
coco_provision
coco_swtpm

echo "kept while it runs, and over restarts of both"
use one "${keep[@]}"
retry test -s "$TMP/receipts" || fail "no receipt was kept"
[ "$(stat -c '%a %s' "$TMP/receipts")" = "600 80" ] || fail "not one receipt, for its owner only"
[ "$(stat -c '%a' "$TMP/check")" = 600 ] || fail "the socket is not for its owner only"
[ "$(head -c 16 "$TMP/receipts" | hex)" = "${id//-/}" ] || fail "the receipt is of another instance"
check "$TMP/receipts" | finds 'the receipt holds' || fail "the honest receipt does not hold"
coco_driver_stop one
cp "$TMP/receipts" "$TMP/early"
stop swtpm
cp -r "$TMP/state" "$TMP/state.old"
coco_swtpm
use two "${keep[@]}"
coco_driver_stop two
keeps_another "$TMP/receipts" "$TMP/early" || fail "the receipt was not replaced"
cp "$TMP/receipts" "$TMP/newest"
stop swtpm
cp -r "$TMP/state" "$TMP/state.new"
coco_swtpm

echo "an older receipt of the same history holds"
use three --check-socket "$TMP/check"
check "$TMP/early" > /dev/null || fail "an older receipt does not hold"
expect_fail 'no receipt of this instance' check "$TMP/none"
head -c 79 "$TMP/early" > "$TMP/short"
expect_fail 'are no receipts' check "$TMP/short"
tpm three tpm2_getrandom --hex 8 > /dev/null || fail "a file without a receipt cost the TPM"
coco_driver_stop three

echo "rolled back"
restore "$TMP/state.old"
coco_launch four
coco_refused four "$stale" "${keep[@]}"
cmp -s "$TMP/receipts" "$TMP/newest" || fail "a refused driver changed the receipt"

echo "a fork that moved on"
use five
tpm five tpm2_changeauth -c owner "" > /dev/null
coco_driver_stop five
use six
tpm six tpm2_changeauth -c owner "" > /dev/null
coco_driver_stop six
coco_launch seven
coco_refused seven "$stale" "${keep[@]}"

echo "attached without a receipt, as in the initrd, and asked later"
use eight --check-socket "$TMP/check"
check "$TMP/early" > /dev/null || fail "the fork does not hold what was before it"
expect_fail "$stale" check "$TMP/newest"
retry grep -q 'the TPM is lost' "$TMP/driver-eight.log" || fail "the running driver did not detach"
! tpm eight tpm2_getrandom --hex 8 > /dev/null 2>&1 || fail "the TPM of a stale state still serves"
expect_fail 'internal error' check "$TMP/early"
coco_driver_stop eight

echo "a receipt that appears later is not replaced unseen"
use nine --receipt "$TMP/later/receipts"
retry grep -q 'the receipt cannot be kept' "$TMP/driver-nine.log" || fail "no word of a file that is not there"
mkdir "$TMP/later.new"
cp "$TMP/newest" "$TMP/later.new/receipts"
mv "$TMP/later.new" "$TMP/later"
retry grep -q 'the TPM is lost' "$TMP/driver-nine.log" || fail "the receipt found was not checked"
coco_driver_stop nine
cmp -s "$TMP/later/receipts" "$TMP/newest" || fail "the receipt was replaced unseen"

echo "the state that the receipt is of is let in again"
restore "$TMP/state.new"
use ten "${keep[@]}"
coco_driver_stop ten
keeps_another "$TMP/receipts" "$TMP/newest" || fail "the receipt was not replaced"
stop swtpm
