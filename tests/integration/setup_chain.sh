#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: every kind of EK, IAK and IDevID lies where Windows and the TCG's profiles look for it
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need jq script tpm2_nvread tpm2_createek tpm2_getekcertificate tpm2_createprimary openssl certtool
setup=$(ours swtpm_setup)
swtpm=$(ours swtpm)
localca=$(ours swtpm_localca)
cd "$TMP"
printf 'statedir = %s\nsigningkey = %s/signkey.pem\nissuercert = %s/issuercert.pem\n' \
    "$TMP/ca" "$TMP/ca" "$TMP/ca" > ca.conf
printf '%s\n' '--platform-manufacturer Fedora' '--platform-version 2.1' '--platform-model QEMU' > ca.opts
printf 'create_certs_tool = %s\ncreate_certs_tool_config = %s\ncreate_certs_tool_options = %s\n' \
    "$localca" "$TMP/ca.conf" "$TMP/ca.opts" > conf
export TSS2_LOG=all+NONE

# made NAME OPTION…: a TPM that runs.
made()
{
    local name=$1

    shift
    mkdir "$name"
    "$setup" --tpm2 --tpm-state "$TMP/$name" --tpm "$swtpm socket" --config conf --vmid vm:1 \
        --create-ek-cert --create-platform-cert --json "$@" > "$name.json" 2> "$name.said" ||
        { cat "$name.said"; fail "$name"; }
    start tpm "$swtpm" socket --tpm2 --tpmstate dir="$TMP/$name" --server type=unixio,path="$TMP/s" \
        --ctrl type=unixio,path="$TMP/s.ctrl" --flags not-need-init,startup-clear
    wait_socket tpm "$TMP/s"
    export TPM2TOOLS_TCTI="swtpm:path=$TMP/s"
}

ended()
{
    stop tpm || true
    rm -f s s.ctrl
}

# certificate INDEX: read, verified to the root, as $TMP/cert.pem; its key as $TMP/cert.pub.
certificate()
{
    tpm2_nvread -C 0x01c08000 "$1" > area 2> /dev/null || tpm2_nvread "$1" > area ||
        fail "$1 cannot be read"
    openssl x509 -inform der -in area -out cert.pem || fail "$1 is no certificate"
    openssl verify -CAfile <(cat ca/*rootca-cert.pem ca/issuercert.pem) cert.pem > /dev/null ||
        fail "$1 does not verify"
    certtool -i --inder --infile area > /dev/null || fail "certtool cannot read $1"
    openssl x509 -in cert.pem -noout -pubkey > cert.pub
    tpm2_nvreadpublic "$1" > public
    grep -q 'ppwrite' public || fail "$1 is not the platform's: $(cat public)"
    grep -q 'authread' public || fail "$1 cannot be read by all"
}

# same_key HANDLE: the certificate just read is of this key.
same_key()
{
    tpm2_readpublic -c "$1" -f pem -o key.pem > /dev/null || fail "there is no key $1"
    cmp key.pem cert.pub || fail "$1: the certificate is of another key"
}

# remade ALGORITHM: as Windows and tpm2_createek do, the key comes again of its template.
remade()
{
    tpm2_flushcontext -t
    tpm2_createek -c ek.ctx -G "$1" -u ek.pem -f pem > /dev/null || fail "tpm2_createek $1"
    cmp ek.pem cert.pub || fail "$1: the template makes another key than the certificate's"
    tpm2_flushcontext -t
}

# kind NAME BITS|CURVE: the certificate says so.
kind()
{
    openssl x509 -in cert.pem -noout -text | finds "$1" || fail "the certificate's key is no $1"
}

made usual
certificate 0x01c00002
kind '2048 bit'
same_key 0x81010001
remade rsa
certificate 0x01c00016
kind P-384
same_key 0x81010016
certificate 0x01c08000
openssl x509 -in cert.pem -noout -text | finds 2.23.133.8.2 || fail "no platform certificate"
tpm2_getekcertificate -o one -o two > /dev/null 2>&1 || fail "tpm2_getekcertificate"
openssl x509 -inform der -in one -noout -pubkey > key.pem
tpm2_readpublic -c 0x81010001 -f pem -o ek.pem > /dev/null
cmp key.pem ek.pem || fail "tpm2_getekcertificate gives another key's"
# What Windows does with the chain: a challenge to the certificate's key, answered by the TPM.
printf secret > secret
tpm2_createak -C 0x81010001 -c ak.ctx -u ak.pem -f pem -n ak.name > /dev/null
tpm2_flushcontext -t
tpm2_readpublic -c 0x81010001 -o ek.tpm > /dev/null
tpm2_makecredential -Q -u ek.tpm -s secret -n "$(hex < ak.name)" -o challenge
tpm2_startauthsession --policy-session -S session
tpm2_policysecret -S session -c e > /dev/null
tpm2_flushcontext -t
tpm2_activatecredential -Q -c ak.ctx -C 0x81010001 -i challenge -o answer -P session:session ||
    fail "the challenge is not answered"
cmp secret answer || fail "the answer is another"
ended

made low --ek2keyalgo ecc_nist_p256
certificate 0x01c0000a
kind P-256
same_key 0x8101000a
remade ecc
ended

made large --ek1keyalgo rsa3072 --ek2keyalgo secp521r1 --iakkeyalgo ecc_nist_p384 \
    --idevidkeyalgo rsa2048 --lock-nvram
certificate 0x01c0001c
kind '3072 bit'
same_key 0x8101001c
certificate 0x01c00018
kind P-521
same_key 0x81010018
certificate 0x01c90100
kind P-384
same_key 0x81020001
openssl x509 -in cert.pem -noout -text | finds 'Digital Signature' || fail "the IAK cannot sign"
certificate 0x01c90200
kind '2048 bit'
same_key 0x81020000
grep -q 'writelocked' public || fail "--lock-nvram locked nothing"
for area in 0x01c0001c 0x01c00018 0x01c90100 0x01c90200 0x01c08000; do
    tpm2_nvread "$area" > area
    jq -e --arg at "$area" --arg sum "$(sha256sum < area | cut -d' ' -f1)" \
        --arg serial "$(openssl x509 -inform der -in area -noout -serial | cut -d= -f2)" \
        '.nv[] | select(.index == $at and .sha256 == $sum and .subject == "CN=vm:1"
            and (.serial | ascii_upcase) == $serial)' large.json > /dev/null ||
        fail "the JSON does not say what lies at $area"
done
for handle in 0x8101001c 0x81010018 0x81020001 0x81020000; do
    tpm2_readpublic -c "$handle" -n name > /dev/null
    jq -e --arg at "$handle" --arg name "$(hex < name)" \
        '.keys[] | select(.handle == $at and .name == $name)' large.json > /dev/null ||
        fail "the JSON does not say what key $handle is"
done
ended

# Who watches a terminal sees what takes long; the log and a pipe have whole lines only.
mkdir watched
script -qec "'$setup' --tpm2 --tpm-state '$TMP/watched' --tpm '$swtpm socket' --createek \
    --logfile '$TMP/watched.log'" /dev/null > seen < /dev/null || fail "on a terminal nothing works"
grep -q 'Making the RSA 2048 EK \.\.\.' seen || fail "nothing is shown while a key is made"
grep -q 'Making the' watched.log usual.said && fail "the log shows what is for a terminal"

# What this TPM cannot make is refused before a state is made.
if ! "$swtpm" socket --tpm2 --print-capabilities | finds rsa-keysize-4096; then
    mkdir huge
    expect_fail 'Unsupported RSA key size|failed' "$setup" --tpm2 --tpm-state "$TMP/huge" \
        --tpm "$swtpm socket" --createek --ek1keyalgo rsa4096
    [ -z "$(ls huge)" ] || fail "a state was made: $(ls huge)"
fi
echo "keys, certificates and templates belong together"
