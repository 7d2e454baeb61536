#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a bundle walks from the TPM's quote to the chip's root, and no link of it can be swapped
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
need jq tpm2_quote

verify=$(ours cocotpm-verify)
bundle=$(ours cocotpm-bundle)
nonce=$(head -c 32 /dev/urandom | hex)
old=$(head -c 32 /dev/urandom | hex)

# quote NAME NONCE SELECTION: $TMP/NAME.msg and .sig
quote()
{
    tpm one tpm2_quote -Q -c 0x81010009 -l "$3" -q "$2" -m "$TMP/$1.msg" -s "$TMP/$1.sig" \
        > "$TMP/$1.txt"
}

# evidence NAME NONCE HANDLE [OPTION…]: $TMP/NAME.json; the CoCoTPM makes one report a second.
ask()
{
    local name=$1 over=$2 handle=$3

    shift 3
    "$bundle" --driver "$TMP/one.evidence" --nonce "$over" --ak "$handle" \
        --quote "$TMP/$name.msg" --signature "$TMP/$name.sig" --output "$TMP/$name.json" "$@" \
        > "$TMP/$name.txt" 2>&1 || ! grep -q 'too many' "$TMP/$name.txt"
}

evidence()
{
    retry ask "$@" || fail "no answer: $(cat "$TMP/$1.txt")"
    [ -s "$TMP/$1.json" ] || fail "$1: $(cat "$TMP/$1.txt")"
}

# judged STATUS WORDS NAME [OPTION…]
judged()
{
    local wanted=$1 words=$2 name=$3 status=0

    shift 3
    "$verify" bundle "$TMP/$name.json" --policy "${policy:-$TMP/driver.policy}" --nonce "$nonce" \
        --chain "$TMP/chip/chain.pem" "$@" > "$TMP/verdict" 2>&1 || status=$?
    [ "$status" = "$wanted" ] || fail "$name: status $status: $(grep -v holds "$TMP/verdict" | head -n 2)"
    grep -Eq -- "$words" "$TMP/verdict" ||
        fail "$name: no '$words': $(grep -v holds "$TMP/verdict" | head -n 2)"
}

# swapped CHECK FROM MEMBER…: the good bundle with members of another one.
swapped()
{
    local check=$1 from=$2

    shift 2
    jq --slurpfile from "$TMP/$from.json" \
        '. + ($from[0] | with_entries(select(.key as $k | $ARGS.positional | index($k))))' \
        --args "$@" < "$TMP/good.json" > "$TMP/swapped.json"
    judged 1 "^rejected: $check" swapped
}

coco_world
coco_provision
coco_swtpm
coco_launch one
coco_driver one --evidence "$TMP/one.evidence" --eventlog "$TMP/one.log"
ek=$(tpm one tpm2_getcap handles-persistent | sed -n 's/^- \(0x8101[0-9A-Fa-f]*\)$/\1/p' | head -n 1)
[ -n "$ek" ] || fail "no endorsement key was provisioned"
tpm one tpm2_createak -Q -C "$ek" -c "$TMP/ak.ctx" -G rsa -g sha256 -s rsassa -u "$TMP/ak.pub"
tpm one tpm2_flushcontext -t
tpm one tpm2_evictcontrol -Q -C o -c "$TMP/ak.ctx" 0x81010009
tpm one tpm2_flushcontext -t

quote old "$old" sha256:0,7,17
evidence old "$old" 0x81010009
quote good "$nonce" sha256:0,7,17
evidence good "$nonce" 0x81010009 --eventlog "$TMP/one.log"
judged 0 '^accepted' good
grep -q '^holds: pcr17$' "$TMP/verdict" || fail "links are not printed"
grep -q "policy digest: $(sha256sum < "$TMP/instance.policy" | cut -d ' ' -f 1)" "$TMP/verdict" ||
    fail "the policy's digest is not shown"
judged 0 '"verdict" : "accepted"' good --json

# What the CoCoTPM says of itself: the platform is emulated, and nothing else.
jq -e '.statement | .emulated and (.recoverable or .recovered | not) and .freshness == "receipt" and
    .reset == "log"' "$TMP/verdict" > "$TMP/out" || fail "other claims: $(cat "$TMP/verdict")"
jq -r .statement "$TMP/good.json" | base64 -d | hex | finds '000b0000000400000001000c' ||
    fail "other flags"

# Every link swapped alone.
judged 1 '^rejected: nonce' old
swapped nonce old statement
swapped quote_nonce old quote
swapped quote_nonce old quote signature
swapped quote_signature old signature
swapped statement_in_report old report
jq '.certificate = .report' "$TMP/good.json" > "$TMP/certificate.json"
judged 1 '^rejected: vek_parse' certificate
jq 'del(.quote, .signature)' "$TMP/good.json" > "$TMP/none.json"
judged 1 '^rejected: statement_kind' none
jq '.extra = "AAAA"' "$TMP/good.json" > "$TMP/extra.json"
judged 2 'not known' extra

# stated CHECK EXPRESSION [OPTION…]: the statement's digits changed by sed -E.
stated()
{
    local check=$1 expression=$2 was is

    shift 2
    was=$(jq -r .statement "$TMP/good.json" | base64 -d | hex)
    is=$(sed -E "$expression" <<< "$was")
    [ "$is" != "$was" ] || fail "nothing in the statement to change by $expression"
    jq --arg statement "$(unhex <<< "$is" | base64 -w 0)" '.statement = $statement' \
        "$TMP/good.json" > "$TMP/stated.json"
    judged 1 "^rejected: $check" stated "$@"
}

# An attestation key of other attributes: not restricted, or that may leave its TPM; another key.
stated ak_restricted 's/00050072/00040072/'
stated ak_restricted 's/00050072/00050070/'
stated quote_signature 's/(00050072[0-9a-f]*0014000b0800000000000100)..../\1abcd/'
# Flags: an owner who could forge quotes; who accepts that still wants it in the report.
stated not_recoverable 's/(000b00000004.......)./\13/'
stated statement_in_report 's/(000b00000004.......)./\13/' --trust-owner

# Without the log PCR 0 is recomputed; an edited log is refused.
jq 'del(.eventlog)' "$TMP/good.json" > "$TMP/bare.json"
judged 0 '^accepted' bare
edited()
{
    jq --arg log "$(base64 -w 0 < "$TMP/edited.log")" '.eventlog = $log' "$TMP/good.json" \
        > "$TMP/edited.json"
    judged 1 '^rejected: pcr0' edited
}
cp "$TMP/one.log" "$TMP/edited.log"
truncate -s -1 "$TMP/edited.log"
edited
printf 'x' >> "$TMP/edited.log"
edited
# Well-formed, and yet not what was measured: other digests, an event less, an event more.
log=$(hex < "$TMP/one.log")
digest=$(tail -c 4096 "$TMP/one.log" | hex | grep -o '0b00[0-9a-f]\{64\}' | tail -n 1)
[ -n "$digest" ] || fail "no SHA-256 digest in the log"
unhex <<< "${log/$digest/0b00$(printf '%064d' 7)}" > "$TMP/edited.log"
edited
head=$((32 + $((0x$(slice "$TMP/one.log" 28 1)))))
head -c "$head" "$TMP/one.log" > "$TMP/edited.log"
edited
{ cat "$TMP/one.log"; tail -c "+$((head + 1))" "$TMP/one.log"; } > "$TMP/edited.log"
edited

# Another policy, another EK, another root.
sed "s/^policy-digest = .*/policy-digest = $(printf '%064d' 1)/" "$TMP/driver.policy" > "$TMP/other"
policy=$TMP/other judged 1 '^rejected: policy_digest' good
sed "s/^policy-digest = .*/&\nek-name = 000b$(printf '%064d' 1)/" "$TMP/driver.policy" > "$TMP/other"
policy=$TMP/other judged 1 '^rejected: ek_name' good
judged 1 '^rejected: ark_pinned' good --root amd-genoa

# A key that could sign anything is refused by the CoCoTPM itself, as are one that may go to another
# TPM, alone or with its parent, and one that does not sign.
cp "$TMP/good.msg" "$TMP/loose.msg"
cp "$TMP/good.sig" "$TMP/loose.sig"
tpm one tpm2_createprimary -Q -C e -g sha256 -G ecc -c "$TMP/primary.ctx"
tpm one tpm2_flushcontext -t
tpm one tpm2_createprimary -Q -C o -g sha256 -G ecc -c "$TMP/moves.ctx" \
    -a "sensitivedataorigin|userwithauth|restricted|decrypt"
tpm one tpm2_flushcontext -t

# loose WHAT PARENT ATTRIBUTES OPTION…
loose()
{
    local what=$1 parent=$2 attributes=$3

    shift 3
    tpm one tpm2_create -Q -C "$parent" -g sha256 -c "$TMP/loose.ctx" -a "$attributes" "$@"
    tpm one tpm2_flushcontext -t
    tpm one tpm2_evictcontrol -Q -C o -c "$TMP/loose.ctx" 0x8101000a
    tpm one tpm2_flushcontext -t
    retry ask loose "$nonce" 0x8101000a || fail "no answer about a key that $what"
    grep -q 'no attestation key' "$TMP/loose.txt" || fail "a key that $what: $(cat "$TMP/loose.txt")"
    tpm one tpm2_evictcontrol -Q -C o -c 0x8101000a
}
made='sensitivedataorigin|userwithauth'
loose "signs anything" "$TMP/primary.ctx" "fixedtpm|fixedparent|$made|sign" -G ecc:ecdsa
loose "may go anywhere" "$TMP/primary.ctx" "$made|restricted|sign" -G ecc:ecdsa-sha256:null
loose "follows its parent" "$TMP/moves.ctx" "fixedparent|$made|restricted|sign" \
    -G ecc:ecdsa-sha256:null
loose "does not sign" "$TMP/primary.ctx" "fixedtpm|fixedparent|$made|restricted|decrypt" -G ecc

# A quote without PCR 17; PCRs extended between quote and evidence.
quote no17 "$nonce" sha256:0
evidence no17 "$nonce" 0x81010009
judged 1 '^rejected: quote_pcrs' no17
quote between "$nonce" sha256:0,7,17
tpm one tpm2_pcrextend "7:sha256=$(printf '%064d' 1)"
evidence between "$nonce" 0x81010009
judged 1 '^rejected: quote_pcrs' between

# Another power-on of the same TPM: its quote does not fit the statement of before.
coco_driver_stop one
coco_launch one
coco_driver one --evidence "$TMP/one.evidence"
quote after "$nonce" sha256:0,7,17
evidence after "$nonce" 0x81010009
judged 0 '^accepted' after
swapped quote_pcrs after quote signature
coco_driver_stop one
stop swtpm
