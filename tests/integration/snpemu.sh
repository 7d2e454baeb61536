#!/bin/bash
# test: the emulator's chip stays the same over a restart, its VMs are VMs of their own
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"

image tpm "firmware, kernel and initrd of the TPM VM"
chip_start chip
vm_launch chip vm "$TMP/tpm.img"

report()
{
    chip_do chip host-report --guest "$TMP/$1"
}

# REPORT_ID: 32 bytes at 0x140; MEASUREMENT: 48 bytes at 0x90; POLICY: 8 bytes at 0x08.
report_id()
{
    report "$1" | cut -c641-704
}

[ "$(report vm | cut -c289-384)" = "$(vm_measurement "$TMP/tpm.img")" ] || fail "measurement"
first=$(report_id vm)
vm_launch chip vm "$TMP/tpm.img"
[ "$(report_id vm)" != "$first" ] || fail "two launches have one REPORT_ID"
vm_launch chip debug "$TMP/tpm.img" -- --policy 0xb0000
[ "$(report debug | cut -c17-32)" = 00000b0000000000 ] || fail "policy: $(report debug | cut -c17-32)"
expect_fail 'policy' chip_do chip launch --guest "$TMP/bad" --measurement-of "$TMP/tpm.img" --policy 0
expect_fail 'no such launch' chip_do chip stop --guest "$TMP/bad"
chip_do chip stop --guest "$TMP/debug"
[ ! -e "$TMP/debug" ] || fail "a stopped VM has a socket"

# The certificates hold by themselves, and the chip is the same after a restart.
if command -v openssl > /dev/null; then
    openssl verify -CAfile "$TMP/chip/ark.pem" -untrusted "$TMP/chip/chain.pem" \
        "$TMP/chip/vcek.pem" > /dev/null || fail "the chain does not verify"
fi
status=$(chip_do chip status | grep -v launches)
chip_do chip quit
wait_end chip || fail "the emulator ended badly"
chip_start chip
[ "$(chip_do chip status | grep -v launches)" = "$status" ] || fail "another chip after a restart"
chip_start other
[ "$(chip_do other status | grep chip-id)" != "$(grep chip-id <<< "$status")" ] ||
    fail "two chips are one"
cmp "$TMP/chip/pin" "$TMP/other/pin" || fail "chips of one pki have two roots"

# Firmware goes forward, and back only to what is committed.
chip_do chip firmware --tcb 0:10:0:24:85 --version 1.55.30
chip_do chip firmware --tcb 0:10:0:23:84 --version 1.55.29
chip_do chip firmware --tcb 0:10:0:24:85 --version 1.55.30
chip_do chip commit
expect_fail 'older' chip_do chip firmware --tcb 0:10:0:23:84 --version 1.55.29
expect_fail 'above' chip_do chip config --tcb 0:10:0:25:85
chip_do chip config --tcb 0:10:0:24:85
chip_do chip status | finds 'reported-tcb 0:10:0:24:85' || fail "REPORTED_TCB"
chip_do chip vlek --csp-id CN=test
chip_do chip status | finds 'vlek CN=test' || fail "VLEK"

# ID blocks: signed ones are taken, with the fields they carry; a foreign image's is not.
if command -v openssl > /dev/null; then
    openssl ecparam -name secp384r1 -genkey -noout -out "$TMP/id.key"
    openssl ecparam -name secp384r1 -genkey -noout -out "$TMP/author.key"
    "$snpemu" idblock --measurement-of "$TMP/tpm.img" --id-key "$TMP/id.key" \
        --author-key-file "$TMP/author.key" --image-id "$(printf 'ab%.0s' {1..16})" --svn 7 \
        --id-block "$TMP/block" --id-auth "$TMP/auth" > "$TMP/digests"
    vm_launch chip signed "$TMP/tpm.img" -- --id-block "$TMP/block" --id-auth "$TMP/auth" --author-key
    [ "$(report signed | cut -c9-16)" = 07000000 ] || fail "GUEST_SVN"
    [ "$(report signed | cut -c65-96)" = "$(printf 'ab%.0s' {1..16})" ] || fail "IMAGE_ID"
    [ "$(report signed | cut -c449-544)" = "$(sed -n 1p "$TMP/digests")" ] || fail "ID_KEY_DIGEST"
    [ "$(report signed | cut -c545-640)" = "$(sed -n 2p "$TMP/digests")" ] || fail "AUTHOR_KEY_DIGEST"
    image other "another image"
    expect_fail 'measurement' chip_do chip launch --guest "$TMP/bad" --measurement-of "$TMP/other.img" \
        --id-block "$TMP/block" --id-auth "$TMP/auth"
    printf '\001' | dd of="$TMP/block" bs=1 seek=84 conv=notrunc status=none
    expect_fail 'signature' chip_do chip launch --guest "$TMP/bad" --measurement-of "$TMP/tpm.img" \
        --id-block "$TMP/block" --id-auth "$TMP/auth"
    chip_do chip config --expired
    openssl x509 -in "$TMP/chip/vcek.pem" -noout -checkend 0 > /dev/null && fail "not expired"
    chip_do chip config
    openssl x509 -in "$TMP/chip/vcek.pem" -noout -checkend 0 > /dev/null || fail "still expired"
fi

# A guest at VMPL 2 gets no report of VMPL 0.
vm_launch chip low "$TMP/tpm.img" -- --vmpl 2
"$(ours platform)" "emulator:$TMP/low" evidence 1 "$TMP/report"
[ "$(slice "$TMP/report" 48 4)" = 02000000 ] || fail "VMPL"
