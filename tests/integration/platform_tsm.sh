#!/bin/bash
# test: reports by configfs-tsm: provider, certificates, another writer in between, no keys
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"

[ -w /dev/fuse ] || skip "/dev/fuse is not there"
need fusermount3
platform=$(ours platform)
fake=$(ours fake_tsm)

image vm "firmware, kernel and initrd"
chip_start chip
vm_launch chip vm "$TMP/vm.img"

# tree NAME PROVIDER RACES
tree()
{
    mkdir "$TMP/$1"
    start "$1" "$fake" "$TMP/$1" "$TMP/vm" "$2" "$3"
    at_exit fusermount3 -q -u -z "$TMP/$1"
    retry mountpoint -q "$TMP/$1" || skip "FUSE cannot be mounted here"
}

tree tsm sev_guest 0
"$platform" "tsm:$TMP/tsm" evidence 7 "$TMP/report" || fail "no report"
[ "$(wc -c < "$TMP/report")" = 1184 ] || fail "the report has another length"
[ "$(slice "$TMP/report" 80 64)" = "$(printf '07%.0s' {1..64})" ] ||
    fail "the report is over other data"
[ -s "$TMP/report.vek" ] || fail "no VEK certificate"
"$(ours cocotpm-verify)" report --report "$TMP/report" --vek "$TMP/report.vek" \
    --chain "$TMP/chip/chain.pem" --root "$TMP/chip/ark.pem" > /dev/null ||
    fail "the report is refused"
[ -z "$(ls -A "$TMP/tsm" 2> /dev/null)" ] || fail "an entry was left behind"
expect_fail 'no derived keys' "$platform" "tsm:$TMP/tsm" key 0x2b 0
expect_fail 'burning evidence' "$platform" "tsm:$TMP/tsm" burn

tree twice sev_guest 2
"$platform" "tsm:$TMP/twice" evidence 7 "$TMP/report" || fail "two other writers end it"
tree always sev_guest 1000
expect_fail 'another program writes' "$platform" "tsm:$TMP/always" evidence 7 "$TMP/report"
tree tdx tdx_guest 0
"$platform" "tsm:$TMP/tdx" evidence 7 "$TMP/quote" || fail "no quote"
[ ! -e "$TMP/quote.vek" ] || fail "a TDX quote has no VEK"
# Without the register that burns a TDX launch, and on a realm, burning is refused for that reason.
expect_fail 'burning evidence: .*rtmr3' "$platform" "tsm:$TMP/tdx" spend 7 "$TMP/quote"
tree cca arm_cca_guest 0
"$platform" "tsm:$TMP/cca" evidence 7 "$TMP/token" || fail "no token"
expect_fail 'burning evidence: .*realm' "$platform" "tsm:$TMP/cca" spend 7 "$TMP/token"
expect_fail 'burning evidence: .*sev-guest' "$platform" "tsm:$TMP/tsm" spend 7 "$TMP/report"
tree new new_guest 0
expect_fail '"new_guest" are not known' "$platform" "tsm:$TMP/new" evidence 7 "$TMP/report"
expect_fail 'nowhere' "$platform" tsm:/nowhere evidence 7 "$TMP/report"
