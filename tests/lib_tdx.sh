# SPDX-License-Identifier: BSD-3-Clause
# lib_tdx - a TDX platform made with openssl, for tests: a root, a PCK authority, a platform key
# with Intel's extension, a quoting enclave, a quote of version 4, and what Intel would publish
# of it: TCB info, QE identity, revocation lists. Source it after lib.sh; all lies in $TMP/tdx.

tdx=$TMP/tdx
sgx_oid=1.2.840.113741.1.13.1
fmspc=00806f050000

zeros()
{
    printf '%0*d' "$((2 * $1))" 0
}

le16()
{
    printf '%02x%02x' "$(($1 & 255))" "$(($1 >> 8 & 255))"
}

le32()
{
    le16 "$(($1 & 65535))"
    le16 "$(($1 >> 16))"
}

# raw_signature KEY FILE: r and s, 32 bytes each, as digits.
raw_signature()
{
    openssl dgst -sha256 -sign "$1" "$2" | openssl asn1parse -inform DER |
        sed -n 's/.*INTEGER *://p' | while read -r digits; do
        printf '%064s' "$digits" | tr ' ' 0
    done
}

new_key()
{
    openssl ecparam -name prime256v1 -genkey -noout -out "$1"
}

# pck_config: the platform's TCB: components 1 to 16 are $pck_svn, PCESVN is 11.
pck_config()
{
    local i

    printf '[pck]\nbasicConstraints = critical, CA:FALSE\n%s = ASN1:SEQUENCE:sgx\n' "$sgx_oid"
    printf '[sgx]\n1 = SEQUENCE:ppid\n2 = SEQUENCE:tcb\n3 = SEQUENCE:pceid\n4 = SEQUENCE:fmspc\n'
    printf '[ppid]\n1 = OID:%s.1\n2 = FORMAT:HEX, OCTETSTRING:%s\n' "$sgx_oid" "$(zeros 16)"
    printf '[pceid]\n1 = OID:%s.3\n2 = FORMAT:HEX, OCTETSTRING:0000\n' "$sgx_oid"
    printf '[fmspc]\n1 = OID:%s.4\n2 = FORMAT:HEX, OCTETSTRING:%s\n' "$sgx_oid" "$fmspc"
    printf '[tcb]\n1 = OID:%s.2\n2 = SEQUENCE:svns\n[svns]\n' "$sgx_oid"
    for i in {1..18}; do
        printf '%s = SEQUENCE:svn%s\n' "$i" "$i"
    done
    for i in {1..16}; do
        printf '[svn%s]\n1 = OID:%s.2.%s\n2 = INTEGER:%s\n' "$i" "$sgx_oid" "$i" "${pck_svn:-5}"
    done
    printf '[svn17]\n1 = OID:%s.2.17\n2 = INTEGER:11\n' "$sgx_oid"
    printf '[svn18]\n1 = OID:%s.2.18\n2 = FORMAT:HEX, OCTETSTRING:%s\n' "$sgx_oid" "$(zeros 16)"
}

# certify NAME SERIAL SUBJECT ISSUER SECTION: $tdx/NAME.pem for a new key.
certify()
{
    new_key "$tdx/$1.key"
    openssl req -new -key "$tdx/$1.key" -subj "/CN=$3" -out "$tdx/$1.csr"
    openssl x509 -req -in "$tdx/$1.csr" -CA "$tdx/$4.pem" -CAkey "$tdx/$4.key" -set_serial "$2" \
        -days 3650 -sha256 -extfile "$tdx/config" -extensions "$5" -out "$tdx/$1.pem" 2> /dev/null
}

make_certificates()
{
    mkdir -p "$tdx"
    {
        printf '[ca]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\n'
        printf '[signer]\nbasicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n'
        pck_config
        printf '[req]\ndistinguished_name = none\n[none]\n'
    } > "$tdx/config"
    new_key "$tdx/root.key"
    openssl req -new -x509 -key "$tdx/root.key" -subj "/CN=Test Root CA" -days 3650 -sha256 \
        -config "$tdx/config" -extensions ca -out "$tdx/root.pem"
    certify ca 2 "Test PCK Platform CA" root ca
    certify pck 3 "Test PCK Certificate" ca pck
    certify signer 4 "Intel SGX TCB Signing" root signer
    cat "$tdx/signer.pem" "$tdx/root.pem" > "$tdx/chain.pem"
}

# make_quote FILE [TEE_TCB_SVN]: the quoting enclave has $qe_svn; other fields may be given by
# name, in the quote's own digits: quote_version, key_type, tee_type, body (type and length, of
# version 5), td_tail (what TD 1.5 adds), seam_signer, seam_attributes, td_attributes, qe_auth,
# outer_type, inner_type, pck_chain.
make_quote()
{
    local svn=${2:-05010600000000000000000000000000} key chain auth=${qe_auth-00010203}
    local head enclave certification

    new_key "$tdx/quote.key"
    key=$(openssl pkey -in "$tdx/quote.key" -pubout -outform DER | tail -c 64 | hex)
    head=${quote_version:-0400}${key_type:-0200}${tee_type:-81000000}$(zeros 4)
    head+=939a7233f79c4ca9940a0db3957f0607$(zeros 20)${body:-}
    head+=$svn$(zeros 48)${seam_signer:-$(zeros 48)}${seam_attributes:-$(zeros 8)}
    head+=${td_attributes:-0000001000000000}e702060000000000
    head+=$(printf '%096d' 1)$(zeros 400)${td_tail:-}
    enclave=$(zeros 16)$(zeros 4)$(zeros 28)11$(zeros 15)$(zeros 32)$(zeros 32)
    enclave+=$(printf '%064d' 7)$(zeros 96)0200$(le16 "${qe_svn:-6}")$(zeros 60)
    enclave+=$(echo "$key$auth" | unhex | sha256sum | cut -c 1-64)$(zeros 32)
    echo "$head" | unhex > "$tdx/head"
    echo "$enclave" | unhex > "$tdx/enclave"
    chain=${pck_chain:-$(cat "$tdx/pck.pem" "$tdx/ca.pem" "$tdx/root.pem" | hex)}
    certification=$enclave$(raw_signature "$tdx/pck.key" "$tdx/enclave")
    certification+=$(le16 "$((${#auth} / 2))")$auth${inner_type:-0500}$(le32 "$((${#chain} / 2))")$chain
    key=$(raw_signature "$tdx/quote.key" "$tdx/head")$key${outer_type:-0600}
    key+=$(le32 "$((${#certification} / 2))")
    key+=$certification
    echo "$head$(le32 "$((${#key} / 2))")$key" | unhex > "$1"
}

# sixteen FIRST SECOND THIRD REST: components in JSON.
sixteen()
{
    local text="{\"svn\":$1},{\"svn\":$2},{\"svn\":$3}" i

    for i in {4..16}; do
        text+=",{\"svn\":$4}"
    done
    echo "[$text]"
}

level()
{
    printf '{"tcb":{"sgxtcbcomponents":%s,"pcesvn":%s,"tdxtcbcomponents":%s},' \
        "$(sixteen "$1" "$1" "$1" "$1")" "$2" "$(sixteen "$3" 0 "$4" 0)"
    printf '"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"%s","advisoryIDs":["INTEL-SA-00001"]}' "$5"
}

svn_level()
{
    printf '{"tcb":{"isvsvn":%s},"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"%s"}' "$1" "$2"
}

# The whole as Intel answers: the object and its signature.
sign_json()
{
    printf '%s' "$2" > "$tdx/body"
    printf '{"%s":%s,"signature":"%s"}' "$1" "$2" "$(raw_signature "${3:-$tdx/signer.key}" "$tdx/body")"
}

dates='"issueDate":"2025-01-01T00:00:00Z","nextUpdate":"2090-01-01T00:00:00Z"'

tcb_info()
{
    local module
    module="\"mrsigner\":\"$(zeros 48)\",\"attributes\":\"$(zeros 8)\",\"attributesMask\":\"ffffffffffffffff\""

    printf '{"id":"TDX","version":3,%s,"fmspc":"%s","pceId":"0000","tcbType":0,' "$dates" "$fmspc"
    printf '"tcbEvaluationDataNumber":17,"tdxModule":{%s},"tdxModuleIdentities":[' "$module"
    printf '{"id":"TDX_01",%s,"tcbLevels":[%s,%s]}],' "$module" "$(svn_level 5 UpToDate)" \
        "$(svn_level 2 OutOfDate)"
    printf '"tcbLevels":[%s,%s,%s]}' "$(level 5 11 5 6 UpToDate)" \
        "$(level 4 10 3 5 SWHardeningNeeded)" "$(level 3 5 0 0 OutOfDate)"
}

qe_identity()
{
    printf '{"id":"TD_QE","version":2,%s,"tcbEvaluationDataNumber":17,' "$dates"
    printf '"miscselect":"00000000","miscselectMask":"ffffffff","attributes":"11%s",' "$(zeros 15)"
    printf '"attributesMask":"fbffffffffffffff%s","mrsigner":"%064d","isvprodid":2,' "$(zeros 8)" 7
    printf '"tcbLevels":[%s,%s]}' "$(svn_level 6 UpToDate)" "$(svn_level 4 OutOfDate)"
}

# revocation_list NAME ISSUER [SERIAL…]: $tdx/NAME, in DER.
revocation_list()
{
    local name=$1 issuer=$2 serial

    shift 2
    : > "$tdx/index"
    for serial; do
        printf 'R\t350101000000Z\t250101000000Z\t%s\tunknown\t/CN=x\n' "$serial" >> "$tdx/index"
    done
    printf '[ca]\ndefault_ca = it\n[it]\ndatabase = %s\ndefault_md = sha256\n' "$tdx/index" > "$tdx/crl"
    openssl ca -gencrl -config "$tdx/crl" -keyfile "$tdx/$issuer.key" -cert "$tdx/$issuer.pem" \
        ${crl_dates:--crldays 3650} 2> /dev/null | openssl crl -outform DER -out "$tdx/$name"
}
