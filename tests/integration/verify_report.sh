#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: cocotpm-verify report and policy: options, policies, defaults, exit status
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
vectors=$(vectors) || skip "the shared vectors are not there"
verify=$(ours cocotpm-verify)
genoa=(--report "$vectors/snp/oak_genoa_oc.report.bin" --vek "$vectors/snp/oak_genoa_oc.vcek.der")
milan=(--report "$vectors/snp/milan_virtee.report.bin" --vek "$vectors/snp/milan_virtee.vcek.der")

# expect STATUS WORDS OPTION…
expect()
{
    local wanted=$1 words=$2 status=0

    shift 2
    "$verify" report "$@" > "$TMP/out" 2>&1 || status=$?
    [ "$status" = "$wanted" ] || fail "exit status $status, not $wanted: $* ($(head -n 3 "$TMP/out"))"
    grep -Eq -- "$words" "$TMP/out" || fail "no '$words' from: $* ($(head -n 3 "$TMP/out"))"
}

# field OFFSET LENGTH of the Genoa report
field()
{
    slice "$vectors/snp/oak_genoa_oc.report.bin" "$(($1))" "$2"
}

expect 0 '^accepted: .*not judged: who the peer is' "${genoa[@]}"
expect 0 '^accepted' "${genoa[@]}" --chain "$vectors/ca/ask_ark_genoa.pem"
expect 0 '^accepted' "${genoa[@]}" --chain "$vectors/ca/genoa_ask.der" --chain "$vectors/ca/genoa_ark.der"
expect 0 '^accepted' "${genoa[@]}" --chain "$vectors/ca/genoa_ask.der" "$vectors/ca/genoa_ark.der"
expect 1 '^rejected: ark_pinned' "${milan[@]}"
expect 0 '^accepted' "${milan[@]}" --root amd-milan
expect 1 '^rejected: ark_pinned' "${genoa[@]}" --root amd-milan
expect 0 '^accepted' "${genoa[@]}" --root "$vectors/ca/genoa_ark.der"
expect 1 '^rejected: ark_validity|^rejected: vek_validity' "${genoa[@]}" --at 2001-01-01T00:00:00Z
expect 0 '^accepted' "${genoa[@]}" --report-data "$(field 80 64)"
expect 1 '^rejected: report_data' "${genoa[@]}" --report-data "$(field 81 64)"
debug=(--report "$vectors/snp/milan_v2_gosevguest.report.bin"
       --vek "$vectors/snp/milan_v2_gosevguest.vcek.der" --root amd-milan)
expect 1 '^rejected: policy_no_debug' "${debug[@]}"
expect 0 '^accepted' "${debug[@]}" --allow-debug

# Unusable input and usage.
expect 2 '' "${genoa[@]}" --at yesterday
expect 2 '' "${genoa[@]}" --report-data 00
expect 2 '' "${genoa[@]}" --root amd-naples
expect 2 '' --report "$TMP/none" --vek "$TMP/none"
expect 2 '' --vek "$vectors/snp/oak_genoa_oc.vcek.der"
expect 2 '' "${genoa[@]}" --no-such-option
expect 2 '' "${genoa[@]}" stray
head -c 1183 "$vectors/snp/oak_genoa_oc.report.bin" > "$TMP/short"
expect 1 '^rejected: size' --report "$TMP/short" --vek "$vectors/snp/oak_genoa_oc.vcek.der"

# policy NAME LINE…: a driver's policy that names the Genoa report's launch, and more.
policy()
{
    local file=$TMP/$1.policy

    shift
    {
        echo "[cocotpm]"
        echo "policy-digest = $(printf '%064d' 0)"
        printf '%s\n' "$@"
    } > "$file"
}

measured="measurement = $(field 144 48)"
policy good "$measured" "host-data = $(field 192 32)" "chip-id = $(field 416 64)"
expect 0 'accepted: .*not judged: same-chip' "${genoa[@]}" --policy "$TMP/good.policy"
expect 0 'accepted' "${genoa[@]}" --policy "$TMP/good.policy" --own-chip "$(field 416 64)"
expect 1 'rejected: same_chip' "${genoa[@]}" --policy "$TMP/good.policy" --own-chip "$(printf '%0128d' 1)"

# refused NAME CHECK LINE…: a policy that asks for one thing the report is not.
refused()
{
    policy "$1" "${@:3}"
    expect 1 "^rejected: $2:" "${genoa[@]}" --policy "$TMP/$1.policy"
}

refused nobody peer_named "vmpl = 0"
refused other measurement "measurement = $(printf '%096d' 1)"
refused author author_key "$measured" "author-key-digest = $(printf '%096d' 1)"
refused host host_data "$measured" "host-data = $(printf '%064d' 1)"
refused vmpl vmpl_expected "$measured" "vmpl = 1"
refused chip chip_allowed "$measured" "chip-id = $(printf '%0128d' 1)"
refused denied chip_not_denied "$measured" "chip-deny = $(field 416 64)"
refused floor tcb_floor_reported "$measured" "min-tcb-genoa = microcode:255"
refused platform platform_info "$measured" "platform-require = tsme"
refused forbid policy_forbidden "$measured" "policy-forbid = smt"
refused require policy_required "$measured" "policy-require = single-socket"
refused abi policy_min_abi "$measured" "min-abi = 1.55"
refused mitigation mitigations "$measured" "mitigation-require = 2"
policy roots "$measured"
printf '[trust]\nroots = amd-turin\n' >> "$TMP/roots.policy"
expect 1 '^rejected: ark_pinned' "${genoa[@]}" --policy "$TMP/roots.policy"

# What a test PKI allows that AMD's does not.
synthetic=(--vek "$vectors/synthetic/vcek_milan.der" --chain "$vectors/synthetic/ask_ark_milan.pem"
           --root "$vectors/synthetic/ask_ark_milan.pem")
measured="measurement = $(slice "$vectors/synthetic/ok_vmpl3.report.bin" 144 48)"
policy strict "$measured" "committed-firmware = yes"
for report in ok_vmpl3:vmpl_expected ok_host_requested:vmpl_expected ok_provisional_fw:firmware_committed; do
    expect 0 '^accepted' --report "$vectors/synthetic/${report%:*}.report.bin" "${synthetic[@]}"
    expect 1 "^rejected: ${report#*:}" --report "$vectors/synthetic/${report%:*}.report.bin" \
        "${synthetic[@]}" --policy "$TMP/strict.policy"
done
expect 0 '^accepted' --report "$vectors/synthetic/good_milan_v3.report.bin" "${synthetic[@]}" \
    --crl "$vectors/synthetic/crl_empty_good.crl.der"
expect 1 '^rejected: ask_not_revoked' --report "$vectors/synthetic/good_milan_v3.report.bin" \
    "${synthetic[@]}" --crl "$vectors/synthetic/crl_revokes_ask.crl.der"

# A VLEK is good only where its cloud is named.
vlek=(--report "$vectors/snp/trustee_vlek.report.bin" --vek "$vectors/snp/trustee_vlek.vlek.der"
      --at 2025-06-01 --root amd-milan)
expect 0 '^accepted' "${vlek[@]}"
launched="measurement = $(slice "$vectors/snp/trustee_vlek.report.bin" 144 48)"
policy cloud "$launched" "vmpl = 1"
expect 1 '^rejected: csp_allowed' "${vlek[@]}" --policy "$TMP/cloud.policy"
policy cloud "$launched" "vmpl = 1" "csp-id = CN=cc-us-east-2.amazonaws.com"
expect 0 '^accepted' "${vlek[@]}" --policy "$TMP/cloud.policy"

# A policy in words.
"$verify" policy "$TMP/good.policy" > "$TMP/out"
grep -q "^digest .*: $(sha256sum < "$TMP/good.policy" | cut -d ' ' -f 1)$" "$TMP/out" || fail "no digest"
grep -q '^! ' "$TMP/out" || fail "nothing is left open"
"$verify" policy "$TMP/good.policy" --json > "$TMP/out"
grep -q '"leaves_open"' "$TMP/out" || fail "no JSON"
policy unknown "$measured" "measurment = 00"
expect_fail measurment "$verify" policy "$TMP/unknown.policy"

# Evidence in words.
"$verify" show "$vectors/snp/oak_genoa_oc.report.bin" > "$TMP/out"
grep -q 'product: Genoa' "$TMP/out" || fail "no product"
"$verify" show "$vectors/snp/oak_genoa_oc.vcek.der" > "$TMP/out"
grep -q 'subject: SEV-VCEK' "$TMP/out" || fail "no subject"
"$verify" show --json "$vectors/ca/ask_ark_turin.pem" > "$TMP/out"
grep -q 'ARK-Turin' "$TMP/out" || fail "no root"
"$verify" --version > "$TMP/out"
expect_fail 'no command' "$verify" juggle
