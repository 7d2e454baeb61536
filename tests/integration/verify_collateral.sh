#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: cocotpm-verify tdx with TCB info, QE identity and revocation lists: each fault at its check
# limit: 1200
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_tdx.sh"
need openssl
verify=$(ours cocotpm-verify)

# expect STATUS WORDS OPTION…
expect()
{
    local wanted=$1 words=$2 status=0

    shift 2
    "$verify" tdx --quote "${quote:-$tdx/quote}" --root "$tdx/root.pem" "$@" > "$TMP/out" 2>&1 ||
        status=$?
    [ "$status" = "$wanted" ] || fail "exit status $status, not $wanted: $* ($(head -n 3 "$TMP/out"))"
    grep -Eq -- "$words" "$TMP/out" || fail "no '$words' from: $* ($(head -n 3 "$TMP/out"))"
}

# info PATTERN…: TCB info changed by sed, signed again. identity PATTERN…: the same of QE identity.
info()
{
    sign_json tcbInfo "$(sed "$@" <<< "$published_info")" > "$tdx/info"
}

identity()
{
    sign_json enclaveIdentity "$(sed "$@" <<< "$published_identity")" > "$tdx/identity"
}

make_certificates
make_quote "$tdx/quote"
published_info=$(tcb_info)
published_identity=$(qe_identity)
info ''
identity ''
revocation_list root.crl root
revocation_list pck.crl ca
tcb=(--tcb-info "$tdx/info" --collateral-chain "$tdx/chain.pem")
qe=(--qe-identity "$tdx/identity" --collateral-chain "$tdx/chain.pem")
lists=(--crl "$tdx/root.crl" --pck-crl "$tdx/pck.crl")
all=("${tcb[@]}" --qe-identity "$tdx/identity" "${lists[@]}")

# The honest case, and what the verdict says of what was not given.
expect 0 'accepted: .*not given: TCB info, QE identity, .*not appraised'
expect 0 'accepted: .*TCB status UpToDate, level of 2025-01-01T00:00:00Z$' "${all[@]}"
expect 0 'TCB status UpToDate.*not given: QE identity' "${tcb[@]}"
expect 0 'not given: TCB info.*not appraised' "${qe[@]}"
expect 0 '"status" : "UpToDate"' "${all[@]}" --json
expect 0 'INTEL-SA-00001' "${all[@]}"

# Options that do not fit together, files that are nothing.
expect 2 'collateral-chain' --tcb-info "$tdx/info"
expect 2 'collateral-chain' --collateral-chain "$tdx/chain.pem"
expect 2 'accept-tcb' --accept-tcb OutOfDate
expect 2 'TCB status' "${tcb[@]}" --accept-tcb Fine
expect 2 'tcbInfo' --tcb-info "$tdx/identity" --collateral-chain "$tdx/chain.pem"
expect 2 'enclaveIdentity' --qe-identity "$tdx/info" --collateral-chain "$tdx/chain.pem"
expect 2 'JSON' --tcb-info "$tdx/quote" --collateral-chain "$tdx/chain.pem"

# Statuses: of the platform, the module, the enclave; only the best is good by itself.
info 's/UpToDate/SWHardeningNeeded/g'
expect 1 'rejected: tcb_status: .*SWHardeningNeeded' "${tcb[@]}"
expect 0 'TCB status SWHardeningNeeded' "${tcb[@]}" --accept-tcb SWHardeningNeeded
expect 1 'rejected: tcb_status' "${tcb[@]}" --accept-tcb OutOfDate
info 's/UpToDate/Revoked/g'
expect 1 'rejected: tcb_status: .*Revoked' "${tcb[@]}" --accept-tcb OutOfDate
info 's/"isvsvn":5/"isvsvn":6/'
expect 1 'rejected: tcb_status: .*OutOfDate .platform UpToDate, TDX module OutOfDate' "${tcb[@]}"
info 's/"isvsvn":[25]/"isvsvn":6/g'
expect 1 'rejected: tdx_module' "${tcb[@]}"
identity 's/"isvsvn":6/"isvsvn":7/'
info ''
expect 1 'rejected: tcb_status: .*OutOfDate .*quoting enclave OutOfDate' "${all[@]}"
info 's/UpToDate/ConfigurationNeeded/g'
expect 1 'tcb_status: the TCB status is OutOfDateConfigurationNeeded' "${all[@]}"
identity 's/"isvsvn":[46]/"isvsvn":7/g'
expect 1 'rejected: qe_identity:' "${qe[@]}"

# Levels are compared component by component.
info 's/"sgxtcbcomponents":\[{"svn":5}/"sgxtcbcomponents":[{"svn":6}/'
expect 1 'tcb_status: .*SWHardeningNeeded' "${tcb[@]}"
info 's/"pcesvn":11/"pcesvn":12/'
expect 1 'tcb_status: .*SWHardeningNeeded' "${tcb[@]}"
info 's/"tdxtcbcomponents":\[{"svn":5},{"svn":0},{"svn":6}/"tdxtcbcomponents":[{"svn":9},{"svn":9},{"svn":7}/'
expect 1 'tcb_status: .*SWHardeningNeeded' "${tcb[@]}"
info 's/"tdxtcbcomponents":\[{"svn":5},{"svn":0}/"tdxtcbcomponents":[{"svn":9},{"svn":9}/'
expect 0 'UpToDate' "${tcb[@]}"
info 's/"pcesvn":[0-9]*/"pcesvn":12/g'
expect 1 'rejected: tcb_level' "${tcb[@]}"

# Another platform, module or enclave.
info "s/$fmspc/00806f050001/"
expect 1 'rejected: tcb_info_platform' "${tcb[@]}"
info 's/"pceId":"0000"/"pceId":"0001"/'
expect 1 'rejected: tcb_info_platform' "${tcb[@]}"
info 's/TDX_01/TDX_03/'
expect 1 'rejected: tdx_module: .*version 1' "${tcb[@]}"
info 's/"attributes":"00/"attributes":"01/g'
expect 1 'rejected: tdx_module' "${tcb[@]}"
info 's/"mrsigner":"0/"mrsigner":"1/g'
expect 1 'rejected: tdx_module' "${tcb[@]}"
for change in 's/"mrsigner":"0/"mrsigner":"1/' 's/"isvprodid":2/"isvprodid":1/' \
    's/"attributes":"11/"attributes":"12/' 's/"miscselect":"00/"miscselect":"01/'; do
    identity "$change"
    expect 1 'rejected: qe_identity:' "${qe[@]}"
done
identity 's/"attributes":"11/"attributes":"15/'    # 4 is not in the mask
expect 0 'accepted' "${qe[@]}"

# Dates and signatures.
info 's/2090/2025/'
expect 1 'rejected: tcb_info_validity' "${tcb[@]}"
identity 's/2090/2025/'
expect 1 'rejected: qe_identity_validity' "${qe[@]}"
info ''
identity ''
expect 1 'rejected: (root_validity|tcb_info_validity)' "${tcb[@]}" --at 2024-06-01
sed 's/"pcesvn":11/"pcesvn":01/' "$tdx/info" > "$tdx/changed"
expect 1 'rejected: tcb_info_signature' "${tcb[@]}" --tcb-info "$tdx/changed"
sed 's/"isvprodid":2/"isvprodid": 2/' "$tdx/identity" > "$tdx/changed"
expect 1 'rejected: qe_identity_signature' "${qe[@]}" --qe-identity "$tdx/changed"
sign_json tcbInfo "$published_info" "$tdx/pck.key" > "$tdx/changed"
expect 1 'rejected: tcb_info_signature' "${tcb[@]}" --tcb-info "$tdx/changed"
# A second object of the same name, unsigned, beside the signed one.
sed 's/^{/{"tcbInfo":{},/' "$tdx/info" > "$tdx/changed"
expect 2 'tcbInfo' "${tcb[@]}" --tcb-info "$tdx/changed"
# Blanks and another order around the signed object are nobody's matter.
sed 's/^{\(.*\),\("signature":"[0-9A-Fa-f]*"\)}$/{ "more": {"tcbInfo": 1}, \2 ,\n \1 }/' \
    "$tdx/info" > "$tdx/changed"
expect 0 'accepted' "${tcb[@]}" --tcb-info "$tdx/changed"

# Who signed it: the signer's name, its issuer, the root.
certify authority 5 "Intel SGX PCK Platform CA" root ca
cat "$tdx/authority.pem" "$tdx/root.pem" > "$tdx/other"
sign_json tcbInfo "$published_info" "$tdx/authority.key" > "$tdx/changed"
expect 1 'rejected: collateral_chain' --tcb-info "$tdx/changed" --collateral-chain "$tdx/other"
certify authority 5 "Intel SGX TCB Signing" root ca
cat "$tdx/authority.pem" "$tdx/root.pem" > "$tdx/other"
sign_json tcbInfo "$published_info" "$tdx/authority.key" > "$tdx/changed"
expect 1 'rejected: collateral_chain' --tcb-info "$tdx/changed" --collateral-chain "$tdx/other"
cat "$tdx/signer.pem" "$tdx/root.pem" "$tdx/root.pem" > "$tdx/other"
expect 1 'rejected: collateral_chain' --tcb-info "$tdx/info" --collateral-chain "$tdx/other"
certify false 6 "Intel SGX TCB Signing" ca signer
cat "$tdx/false.pem" "$tdx/root.pem" > "$tdx/other"
sign_json tcbInfo "$published_info" "$tdx/false.key" > "$tdx/changed"
expect 1 'rejected: collateral_chain' --tcb-info "$tdx/changed" --collateral-chain "$tdx/other"
cat "$tdx/false.pem" "$tdx/ca.pem" > "$tdx/other"
expect 1 'rejected: collateral_chain' --tcb-info "$tdx/changed" --collateral-chain "$tdx/other"
expect 1 'rejected: collateral_chain' --tcb-info "$tdx/info" --collateral-chain "$tdx/root.pem"
new_key "$tdx/stranger.key"
openssl req -new -x509 -key "$tdx/stranger.key" -subj "/CN=Test Root CA" -days 3650 -sha256 \
    -config "$tdx/config" -extensions ca -out "$tdx/stranger.pem"
certify strange 7 "Intel SGX TCB Signing" stranger signer
cat "$tdx/strange.pem" "$tdx/stranger.pem" > "$tdx/other"
sign_json tcbInfo "$published_info" "$tdx/strange.key" > "$tdx/changed"
expect 1 'rejected: collateral_chain: .*not one of the roots' --tcb-info "$tdx/changed" \
    --collateral-chain "$tdx/other"

# Revocation lists: each name in them, another issuer's, out of date.
revocation_list revoked ca 03
expect 1 'rejected: pck_not_revoked' "${all[@]}" --pck-crl "$tdx/revoked"
for serial in 02 04; do
    revocation_list revoked root "$serial"
    expect 1 'rejected: ca_not_revoked' "${all[@]}" --crl "$tdx/revoked"
done
expect 1 'rejected: root_crl' "${all[@]}" --crl "$tdx/pck.crl"
expect 1 'rejected: pck_crl' "${all[@]}" --pck-crl "$tdx/root.crl"
expect 1 'rejected: root_crl' "${all[@]}" --crl "$tdx/root.pem"
crl_dates="-crl_lastupdate 20250101000000Z -crl_nextupdate 20250201000000Z"
revocation_list old ca
expect 1 'rejected: pck_crl: .*no longer' "${all[@]}" --pck-crl "$tdx/old"
revocation_list old root
expect 1 'rejected: root_crl: .*no longer' "${all[@]}" --crl "$tdx/old"
crl_dates=

# A module without a version of its own is judged with the platform.
quote=$tdx/quote0
make_quote "$quote" 05000600000000000000000000000000
expect 0 'UpToDate' "${all[@]}"
info 's/"tdxtcbcomponents":\[{"svn":5}/"tdxtcbcomponents":[{"svn":9}/'
expect 1 'tcb_status: .*SWHardeningNeeded' "${all[@]}"

# What no collateral is needed for: whose module it is, and that nobody may look into the TD or
# take it elsewhere.
quote=$tdx/other
seam_signer=$(printf '%096d' 1) make_quote "$quote"
expect 1 'rejected: module_signer'
seam_attributes=0100000000000000 make_quote "$quote"
expect 1 'rejected: module_signer'
td_attributes=0000003000000000 make_quote "$quote"
expect 1 'rejected: td_no_migration'
td_attributes=0200001000000000 make_quote "$quote"
expect 1 'rejected: td_no_debug'
expect 0 'accepted' --allow-debug
quote=

# Every member that is missing, of another type or out of range: unusable, and named. That is
# found before any signature is looked at.
info ''
identity ''
damaged()
{
    sed "$2" "$tdx/$1" > "$tdx/changed"
}
for name in id version issueDate nextUpdate fmspc pceId tcbType tdxModule tcbLevels pcesvn \
    sgxtcbcomponents tdxtcbcomponents tcbStatus tcb attributesMask isvsvn; do
    damaged info "s/\"$name\"/\"x\"/"
    expect 2 "\"$name\" of TCB info" --tcb-info "$tdx/changed" --collateral-chain "$tdx/chain.pem"
done
for change in 's/"version":3/"version":2/' 's/"svn":5}/"svn":256}/' 's/{"svn":5},//' \
    's/"pcesvn":11/"pcesvn":-1/' 's/"pcesvn":11/"pcesvn":"11"/' 's/TDX_01/TDX_00/' \
    's/"issueDate":"2025/"issueDate":"yes/' 's/UpToDate/Splendid/' 's/"TDX"/"SGX"/' \
    's/\["INTEL-SA-00001"\]/[1]/'; do
    damaged info "$change"
    expect 2 'of TCB info' --tcb-info "$tdx/changed" --collateral-chain "$tdx/chain.pem"
done
for name in id version issueDate nextUpdate miscselect attributesMask mrsigner isvprodid; do
    damaged identity "s/\"$name\"/\"x\"/"
    expect 2 "\"$name\" of QE identity" --qe-identity "$tdx/changed" \
        --collateral-chain "$tdx/chain.pem"
done
