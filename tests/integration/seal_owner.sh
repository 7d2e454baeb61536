#!/bin/bash
# test: a state that wants its owner's secret opens with it only; its CoCoTPM claims what the policy allows
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
need jq

bundle=$(ours cocotpm-bundle)
verify=$(ours cocotpm-verify)

does_not_start()
{
    expect_fail "$1" "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
        --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm$2"
}

head -c 32 /dev/urandom > "$TMP/owner"
head -c 32 /dev/urandom > "$TMP/wrong"
head -c 31 /dev/urandom > "$TMP/short"
coco_world seal.owner-secret=required cocovm.takeover=yes cocovm.same-chip=no freshness.kind=witness \
    "freshness.witness=file:$TMP/held"
coco_provision "owner-secret-file=$TMP/owner"

does_not_start "needs its owner's secret" ""
does_not_start 'does not open' ",owner-secret-file=$TMP/wrong"
does_not_start 'owner secret: .*32 to 64 bytes' ",owner-secret-file=$TMP/short"

rm -f "$TMP/link"
start swtpm "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" --cocotpm \
    "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm,owner-secret-fd=7" \
    7< "$TMP/owner"
wait_socket swtpm "$TMP/link"
coco_launch one
coco_driver one --evidence "$TMP/evidence"
[ "$(tpm one tpm2_getrandom --hex 8 | wc -c)" = 16 ] || fail "the TPM does not answer"

# What the policy allows stands in each proof: same-chip off, takeover, owner secret; a witness.
nonce=$(head -c 32 /dev/urandom | hex)
ask()
{
    "$bundle" --driver "$TMP/evidence" --nonce "$nonce" --ak 0x81010009 --quote "$TMP/msg" \
        --signature "$TMP/sig" --output "$TMP/bundle.json" > "$TMP/bundle.txt" 2>&1 ||
        ! grep -q 'too many' "$TMP/bundle.txt"
}
tpm one tpm2_createprimary -Q -C e -G ecc:ecdsa-sha256:null -c "$TMP/ak" \
    -a "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign"
tpm one tpm2_flushcontext -t
tpm one tpm2_evictcontrol -Q -C o -c "$TMP/ak" 0x81010009
tpm one tpm2_quote -Q -c 0x81010009 -l sha256:0,7,17 -q "$nonce" -m "$TMP/msg" -s "$TMP/sig"
retry ask || fail "no answer: $(cat "$TMP/bundle.txt")"
"$verify" bundle "$TMP/bundle.json" --policy "$TMP/driver.policy" --nonce "$nonce" \
    --chain "$TMP/chip/chain.pem" --json > "$TMP/verdict" || fail "refused: $(cat "$TMP/verdict")"
jq -e '.statement | .freshness == "witness" and .reset == "witness"' "$TMP/verdict" > "$TMP/out" ||
    fail "other claims: $(cat "$TMP/verdict")"
jq -r .statement "$TMP/bundle.json" | base64 -d | hex | finds '000b000000040000001d000c' ||
    fail "other flags"
coco_driver_stop one
stop swtpm || fail "swtpm ended with $?"
