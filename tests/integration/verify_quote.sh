#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: cocotpm-verify tdx with quotes made anew: every form that is one, every fault at its check
# limit: 1200
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_tdx.sh"
need openssl
verify=$(ours cocotpm-verify)

# expect STATUS WORDS [NAME=DIGITS…]: of a quote made with these fields.
expect()
{
    local wanted=$1 words=$2 status=0

    shift 2
    (
        [ $# = 0 ] || declare -g "$@"
        make_quote "$tdx/quote"
    )
    [ -z "${tail:-}" ] || unhex <<< "$tail" >> "$tdx/quote"
    "$verify" tdx --quote "$tdx/quote" --root "$tdx/root.pem" > "$TMP/out" 2>&1 || status=$?
    grep -Eq -- "$words" "$TMP/out" && [ "$status" = "$wanted" ] ||
        fail "status $status, '$words' wanted: $(cut -c 1-60 <<< "$*") ($(head -n 3 "$TMP/out"))"
}

make_certificates

# Version 4 is a TD 1.0; version 5 says which, and how long it is.
td10=0200$(le32 584)
td15=0300$(le32 648)
more=$(zeros 64)
expect 0 '^accepted'
expect 0 '^accepted' quote_version=0500 "body=$td10"
expect 0 '^accepted' quote_version=0500 "body=$td15" "td_tail=$more"
expect 1 '^rejected: quote_format: .*type 1' quote_version=0500 "body=0100$(le32 384)"
expect 1 '^rejected: quote_format: .*584 bytes' quote_version=0500 "body=0300$(le32 584)"
expect 1 '^rejected: quote_format: .*648 bytes' quote_version=0500 "body=0200$(le32 648)" "td_tail=$more"
expect 1 '^rejected: quote_format: .*version 3' quote_version=0300
expect 1 '^rejected: quote_format: .*version 6' quote_version=0600 "body=$td10"

# Keys of other kinds, and quotes of other things, are none that can be judged.
expect 1 '^rejected: quote_kind: .*type 3' key_type=0300
expect 1 '^rejected: quote_kind: .*type 0x0' tee_type=00000000
expect 1 '^rejected: quote_format: .*certification data is of type 5' outer_type=0500
expect 1 '^rejected: quote_format: .*chain of certificates \(type 1\)' inner_type=0100

# The enclave's own data has the length that it has; what follows a quote is no part of it.
expect 0 '^accepted' qe_auth=
expect 0 '^accepted' "qe_auth=$(zeros 1025)"
expect 0 '^accepted' "qe_auth=$(zeros 65535)"
tail=$(zeros 100) expect 0 '^accepted'

# The chain: three certificates from the platform to the root.
digits()
{
    (cd "$tdx" && cat "$@" | hex)
}
expect 1 '^rejected: pck_chain_shape: .*2 certificates' "pck_chain=$(digits pck.pem ca.pem)"
expect 1 '^rejected: pck_chain_shape: .*4 certificates' \
    "pck_chain=$(digits pck.pem ca.pem signer.pem root.pem)"
expect 1 '^rejected: pck_chain_shape: .*root' "pck_chain=$(digits root.pem ca.pem pck.pem)"
expect 1 '^rejected: pck_ca_signed_by_root: .*authority' "pck_chain=$(digits pck.pem signer.pem root.pem)"

# again NAME WORDS EXTENSION…: the certificate with these; the key stays.
again()
{
    local name=$1 words=$2 issuer=root

    shift 2
    [ "$name" = ca ] || issuer=ca
    sed -n '/^\[sgx\]/,$p' "$tdx/config" > "$TMP/rest"
    printf '%s\n' '[it]' "$@" | cat - "$TMP/rest" > "$TMP/extensions"
    cp "$tdx/$name.pem" "$TMP/$name.good"
    openssl x509 -req -in "$tdx/$name.csr" -CA "$tdx/$issuer.pem" -CAkey "$tdx/$issuer.key" \
        -set_serial 9 -days 3650 "${digest:--sha256}" -extfile "$TMP/extensions" -extensions it \
        -out "$tdx/$name.pem" 2> "$TMP/openssl.log" || fail "$(cat "$TMP/openssl.log")"
    case $words in
        accepted) expect 0 '^accepted' ;;
        *) expect 1 "^rejected: $words" ;;
    esac
    cp "$TMP/$name.good" "$tdx/$name.pem"
}

# shellcheck disable=SC2154
sgx="$sgx_oid = ASN1:SEQUENCE:sgx"
unknown='1.2.3.4.5 = critical, ASN1:UTF8String:what'
leaf='basicConstraints = critical, CA:FALSE'
authority='basicConstraints = critical, CA:TRUE'
usage='keyUsage = critical, keyCertSign, cRLSign'
again pck accepted "$leaf" "$sgx"
again pck accepted "$leaf" "$sgx" "${unknown/critical, }"
again pck 'pck_signed_by_ca|pck_critical' "$leaf" "$sgx" "$unknown"
again pck 'pck_signed_by_ca: .*authority' "$authority" "$sgx"
digest=-sha1 again pck 'pck_signed_by_ca' "$leaf" "$sgx"
again ca accepted "$authority" "$usage"
again ca 'pck_ca_signed_by_root|pck_ca_critical' "$authority" "$usage" "$unknown"
again ca 'pck_ca_signed_by_root: .*authority' "$leaf" "$usage"
again ca '(pck_ca_signed_by_root|pck_signed_by_ca)' "$authority" 'keyUsage = critical, digitalSignature'
