#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: cocotpm-verify tdx and hcl: Intel's quotes and Azure's blobs get the verdict they deserve
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
vectors=$(vectors) || skip "the shared vectors are not there"
verify=$(ours cocotpm-verify)

# expect STATUS WORDS COMMAND OPTION…
expect()
{
    local wanted=$1 words=$2 status=0

    shift 2
    "$verify" "$@" > "$TMP/out" 2>&1 || status=$?
    [ "$status" = "$wanted" ] || fail "exit status $status, not $wanted: $* ($(head -n 3 "$TMP/out"))"
    grep -Eq -- "$words" "$TMP/out" || fail "no '$words' from: $* ($(head -n 3 "$TMP/out"))"
}

good=(tdx/gotdx_cos113_quote.dat tdx/gotdx_tdx_prod_quote_SPR_E4.dat tdx/gotdx_quote_v5_sample.dat
      tdx/lunal_tdx_quote_live.dat tdx/trustee_tdx_quote_5.dat tdx/trustee_tdx_quote_6.dat
      azure/aztdx_td-quote.bin)
for quote in "${good[@]}"; do
    expect 0 '^accepted: .*TCB info, QE identity' tdx --quote "$vectors/$quote"
done
debug=$vectors/tdx/trustee_tdx_quote_4.dat
expect 1 '^rejected: td_no_debug' tdx --quote "$debug"
expect 0 '^accepted' tdx --quote "$debug" --allow-debug
expect 0 '"verdict" : "accepted"' tdx --quote "$vectors/${good[0]}" --json

# Nobody but Intel, and only in the quote's days.
expect 1 '^rejected: intel_root_pinned' tdx --quote "$vectors/${good[0]}" --root amd-genoa
expect 0 '^accepted' tdx --quote "$vectors/${good[0]}" --root "$vectors/tdx/intel_sgx_root_ca.pem"
expect 1 '^rejected: (root|pck)_' tdx --quote "$vectors/${good[0]}" --at 2001-01-01

# Intel's own revocation lists, of the root and of the platforms' authority.
lists=(--crl "$vectors/tdx/lunal_root_ca_crl.der" --pck-crl "$vectors/tdx/lunal_pck_crl_platform.der")
for quote in "${good[@]}"; do
    expect 0 '^accepted: .*not given: TCB info, QE identity:' tdx --quote "$vectors/$quote" \
        "${lists[@]}" --at 2026-04-01
done
expect 1 '^rejected: pck_crl: .*no longer' tdx --quote "$vectors/${good[0]}" "${lists[@]}" --at 2026-05-01
expect 1 '^rejected: root_crl: .*no longer' tdx --quote "$vectors/${good[0]}" --at 2026-04-01 \
    --crl "$vectors/tdx/intel_root_ca_crl.der"

# Not quotes.
expect 1 '^rejected: quote_format' tdx --quote "$vectors/tdx/lunal_tdreport_live.bin"
expect 1 '^rejected: quote_format' tdx --quote "$vectors/snp/oak_genoa_oc.report.bin"
head -c 1000 "$vectors/${good[0]}" > "$TMP/short"
expect 1 '^rejected: quote_format' tdx --quote "$TMP/short"
expect 2 '' tdx --quote "$TMP/none"
expect 2 '' tdx

# Who the domain is.
policy()
{
    printf '[trust]\nroots = intel-tdx\n[cocotpm]\npolicy-digest = %064d\n' 0 > "$TMP/policy"
    printf '%s\n' "$@" >> "$TMP/policy"
}
v4=$vectors/tdx/trustee_tdx_quote_6.dat
mrtd=$(slice "$v4" "$((48 + 136))" 48)
rtmr0=$(slice "$v4" "$((48 + 328))" 48)
data=$(slice "$v4" "$((48 + 520))" 64)
policy "mrtd = $mrtd" "rtmr0 = $rtmr0"
expect 0 '^accepted' tdx --quote "$v4" --policy "$TMP/policy" --report-data "$data"
expect 1 '^rejected: report_data' tdx --quote "$v4" --report-data "$(printf '%0128d' 1)"
policy "mrtd = $rtmr0"
expect 1 '^rejected: mrtd' tdx --quote "$v4" --policy "$TMP/policy"
policy "mrtd = $mrtd" "rtmr0 = $mrtd"
expect 1 '^rejected: rtmr0' tdx --quote "$v4" --policy "$TMP/policy"
policy "vmpl = 0"
expect 1 '^rejected: mrtd' tdx --quote "$v4" --policy "$TMP/policy"

# Azure: report, claims, key, quote; each link alone is broken once.
azure=$vectors/azure
genoa=(hcl --blob "$azure/azsnp_genoa_hcl-report.bin" --vek "$azure/azsnp_vcek-genoa.pem")
quote=(--quote-message "$azure/azsnp_genoa_tpm-quote.msg" --quote-signature "$azure/azsnp_genoa_tpm-quote.sig")
expect 0 '^accepted: .*no TPM quote' "${genoa[@]}"
expect 0 '^accepted' "${genoa[@]}" "${quote[@]}"
expect 1 '^rejected: quote_nonce' "${genoa[@]}" "${quote[@]}" --nonce 00
milan=(hcl --root amd-milan --vek "$azure/azsnp_vcek.pem" --blob "$azure/azsnp_hcl-report.bin")
expect 0 '^accepted' "${milan[@]}"
expect 1 '^rejected: quote_signature' "${milan[@]}" --quote-message "$azure/azsnp_tpm-quote.msg" \
    --quote-signature "$azure/azsnp_tpm-quote.sig"
expect 0 '^accepted' hcl --root amd-milan --blob "$azure/coco_as_az-hcl-data.bin" \
    --vek "$azure/coco_as_az-vcek.pem" --quote-message "$azure/azsnp_tpm-quote.msg" \
    --quote-signature "$azure/azsnp_tpm-quote.sig" --nonce "$(printf challenge | hex)"
expect 1 '^rejected: (hwid_matches_chip_id|tcb_matches_vek|signature)' hcl --root amd-milan \
    --blob "$azure/azsnp_hcl-report.bin" --vek "$azure/lunal_imds-vcek.der"
expect 0 '^accepted' hcl --blob "$azure/aztdx_hcl-report.bin" --td-quote "$azure/aztdx_td-quote.bin"
expect 1 '^rejected: report_data' hcl --blob "$azure/kinvolk_hcl-report-tdx.bin" \
    --td-quote "$azure/aztdx_td-quote.bin"
# One byte of the claims, that of a key's modulus.
LC_ALL=C sed 's/"n":"./"n":"A/' "$azure/azsnp_genoa_hcl-report.bin" > "$TMP/blob"
expect 1 '^rejected: report_data' hcl --blob "$TMP/blob" --vek "$azure/azsnp_vcek-genoa.pem"
expect 2 '' hcl --blob "$azure/azsnp_quote.bin" --vek "$azure/azsnp_vcek-genoa.pem"
expect 2 'td-quote' hcl --blob "$azure/aztdx_hcl-report.bin" --vek "$azure/azsnp_vcek.pem"

for file in "$vectors/tdx/lunal_tdreport_live.bin" "${good[@]/#/$vectors/}" \
    "$azure/azsnp_hcl-report.bin" "$azure/kinvolk_hcl-report-tdx.bin"; do
    expect 0 'mrtd|chip id' show "$file"
done
