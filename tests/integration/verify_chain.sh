#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: cocotpm-verify report with authorities made anew: each fault of a certificate at its check
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
need openssl
vectors=$(vectors) || skip "the shared vectors are not there"
verify=$(ours cocotpm-verify)
pki=$vectors/synthetic

# expect STATUS WORDS [OPTION…]: of the report under the authorities in $TMP.
expect()
{
    local wanted=$1 words=$2 status=0

    shift 2
    cat "$TMP/ask.pem" "$TMP/ark.pem" > "$TMP/chain.pem"
    "$verify" report --report "$pki/good_milan_v3.report.bin" --vek "$TMP/vcek.pem" \
        --chain "$TMP/chain.pem" --root "$TMP/ark.pem" "$@" > "$TMP/out" 2>&1 || status=$?
    [ "$status" = "$wanted" ] || fail "exit status $status, not $wanted: $words ($(head -n 3 "$TMP/out"))"
    grep -Eq -- "$words" "$TMP/out" || fail "no '$words' ($(head -n 3 "$TMP/out"))"
}

# The requests carry names and extensions of the certificates that stand for AMD's.
awk -v to="$TMP/given" '/BEGIN/ { n++ } { print > (to n) }' "$pki/ask_ark_milan.pem"
openssl x509 -inform DER -in "$pki/vcek_milan.der" -out "$TMP/given3" 2> /dev/null ||
    cp "$pki/vcek_milan.der" "$TMP/given3"
openssl x509 -x509toreq -in "$TMP/given1" -signkey "$pki/ask.key.pem" -out "$TMP/ask.csr" 2> /dev/null
openssl x509 -x509toreq -in "$TMP/given2" -signkey "$pki/ark.key.pem" -out "$TMP/ark.csr" 2> /dev/null
openssl x509 -x509toreq -copy_extensions copyall -in "$TMP/given3" -signkey "$pki/vcek.key.pem" \
    -out "$TMP/vcek.csr" 2> /dev/null

ca='basicConstraints = critical, CA:TRUE, pathlen:0'
usage='keyUsage = critical, keyCertSign, cRLSign'
pss=(-sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48 -sigopt rsa_mgf1_md:sha384)
unknown='1.2.3.4.5 = critical, ASN1:UTF8String:what'

# sign NAME ISSUER OPTION…: with the extensions on standard input.
sign()
{
    local name=$1 issuer=$2 by=(-signkey "$pki/ark.key.pem")

    shift 2
    cat > "$TMP/extensions"
    [ "$name" = ark ] || by=(-CA "$TMP/$issuer.pem" -CAkey "$pki/$issuer.key.pem" -set_serial 65537)
    openssl x509 -req -in "$TMP/$name.csr" "${by[@]}" -extfile "$TMP/extensions" "$@" \
        -out "$TMP/$name.pem" 2> "$TMP/openssl.log" || fail "$(cat "$TMP/openssl.log")"
}

# ask OPTION… and the like: good in everything but what is given.
good_ark()
{
    printf '%s\n' "${ca%, pathlen:0}" "$usage" | sign ark ark -days 3650 "${pss[@]}"
}

good_ask()
{
    printf '%s\n' "$ca" "$usage" | sign ask ark -days 3650 "${pss[@]}"
}

cp "$TMP/given3" "$TMP/vcek.pem"
good_ark
good_ask
expect 0 '^accepted'

# Words before, between and after PEM certificates say nothing; behind one in DER nothing may be.
cp "$TMP/vcek.pem" "$TMP/vcek.whole"
{ echo 'subject=SEV-VCEK'; openssl x509 -in "$TMP/vcek.whole"; echo 'that was all'; } > "$TMP/vcek.pem"
expect 0 '^accepted'
{ cat "$TMP/vcek.whole"; echo '-----BEGIN CERTIFICATE-----'; } > "$TMP/vcek.pem"
expect 1 '^rejected: vek_parse'
openssl x509 -in "$TMP/vcek.whole" -outform DER -out "$TMP/vcek.pem"
expect 0 '^accepted'
echo 'that was all' >> "$TMP/vcek.pem"
expect 1 '^rejected: vek_parse'
cp "$TMP/vcek.whole" "$TMP/vcek.pem"
cp "$TMP/ask.pem" "$TMP/ask.whole"
{ openssl x509 -in "$TMP/ask.whole" -text; echo 'and then'; } > "$TMP/ask.pem"
expect 0 '^accepted'
{ cat "$TMP/ark.pem" "$TMP/ask.whole"; } > "$TMP/ask.pem"
expect 1 '^rejected: chain_shape'
cp "$TMP/ask.whole" "$TMP/ask.pem"

# The signer: what it says of itself.
printf '%s\n' "$usage" 'basicConstraints = critical, CA:FALSE' | sign ask ark -days 3650 "${pss[@]}"
expect 1 '^rejected: ask_is_ca'
printf '%s\n' "$usage" | sign ask ark -days 3650 "${pss[@]}"
expect 1 '^rejected: ask_is_ca'
printf '%s\n' "$ca" 'keyUsage = critical, digitalSignature' | sign ask ark -days 3650 "${pss[@]}"
expect 1 '^rejected: ask_is_ca'
printf '%s\n' "$ca" | sign ask ark -days 3650 "${pss[@]}"
expect 0 '^accepted'
printf '%s\n' "$ca" "$usage" "$unknown" | sign ask ark -days 3650 "${pss[@]}"
expect 1 '^rejected: ask_critical_extensions'
printf '%s\n' "$ca" "$usage" "${unknown/critical, }" | sign ask ark -days 3650 "${pss[@]}"
expect 0 '^accepted'
good_ask
expect 1 '^rejected: (ark|ask)_validity' --at 2045-01-01
printf '%s\n' "$ca" "$usage" | sign ask ark -days 1 "${pss[@]}"
expect 1 '^rejected: ask_validity' --at "$(date -u -d '+3 days' +%Y-%m-%dT00:00:00Z)"

# How it is signed: PSS with SHA-384, MGF1 of SHA-384 and 48 bytes of salt, and nothing else.
for how in '-sha384' '-sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32' \
    '-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48' \
    '-sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48 -sigopt rsa_mgf1_md:sha256'; do
    # shellcheck disable=SC2086
    printf '%s\n' "$ca" "$usage" | sign ask ark -days 3650 $how
    expect 1 '^rejected: ask_signed_by_ark'
    grep -q 'failed: vek' "$TMP/out" && fail "the report's certificate is refused too: $how"
done
good_ask

# The root: pinned by its key, and yet it has to be a root.
printf '%s\n' "$usage" 'basicConstraints = critical, CA:FALSE' | sign ark ark -days 3650 "${pss[@]}"
expect 1 '^rejected: ark_is_ca'
printf '%s\n' "$usage" "$ca" | sign ark ark -days 3650 "${pss[@]}"
expect 1 '^rejected: ark_is_ca'
printf '%s\n' "${ca%, pathlen:0}" "$usage" "$unknown" | sign ark ark -days 3650 "${pss[@]}"
expect 1 '^rejected: ark_critical_extensions'
printf '%s\n' "${ca%, pathlen:0}" "$usage" | sign ark ark -days 3650 -sha384
expect 1 '^rejected: ark_selfsigned'
printf '%s\n' "${ca%, pathlen:0}" "$usage" | sign ark ark -days 1 "${pss[@]}"
expect 1 '^rejected: ark_validity' --at "$(date -u -d '+3 days' +%Y-%m-%dT00:00:00Z)"
good_ark

# The report's certificate, its extensions copied.
copied=(-copy_extensions copyall -days 3650)
: | sign vcek ask "${copied[@]}" "${pss[@]}"
expect 0 '^accepted'
echo "$unknown" | sign vcek ask "${copied[@]}" "${pss[@]}"
expect 1 '^rejected: ext_parse: .*critical'
echo 'basicConstraints = CA:TRUE' | sign vcek ask "${copied[@]}" "${pss[@]}"
expect 1 '^rejected: vek_is_p384: .*authority'
: | sign vcek ask "${copied[@]}" -sha384
expect 1 '^rejected: vek_signed_by_ask'
: | sign vcek ask -days 3650 "${pss[@]}"
expect 1 '^rejected: vek_parse: .*version 3'
echo 'subjectKeyIdentifier = hash' | sign vcek ask -days 3650 "${pss[@]}"
expect 1 '^rejected: ext_parse: .*lacks'
echo '1.3.6.1.4.1.3704.1.5 = ASN1:IA5STRING:CN=cloud' | sign vcek ask "${copied[@]}" "${pss[@]}"
expect 1 '^rejected: no_cspid'
# A TCB that no byte can hold.
sed 's/^/1.3.6.1.4.1.3704.1./' <<< '3.8 = ASN1:INTEGER:300' | sign vcek ask "${copied[@]}" "${pss[@]}"
expect 1 '^rejected: ext_parse'
