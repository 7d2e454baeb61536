#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: the TPM's NV memory binds its keys to a report, a CA certifies only what was attested to it
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
need tpm2_nvread tpm2_getekcertificate jq

verify=$(ours cocotpm-verify)
localca=$(ours swtpm_localca)
cd "$TMP"
openssl genrsa -out owner.key 2048 2> /dev/null
openssl pkey -in owner.key -pubout -out owner.pem
fingerprint=$(openssl pkey -pubin -in owner.pem -outform der | sha256sum | cut -d' ' -f1)
coco_world link.psk=secret "seal.recovery-key=$fingerprint"
nonce=$(openssl rand -hex 32)

# provision FOLDER POLICY UUID KEY: by whoever runs the VM, over the CA's nonce.
provision()
{
    mkdir -p "$1"
    "$setup" --tpm2 --tpm "$swtpm socket" --tpmstate "$TMP/$1" --nonce "$nonce" --json \
        --birth-statement "$1.json" --cocotpm "policy=$TMP/$2,id=$3,recovery-key=$4,deliver=$1.secrets,platform=emulator:$TMP/tpmvm,chain=$TMP/chip/chain.pem" \
        > "$1.made" 2> "$1.said" || { cat "$1.said"; fail "provisioning $1"; }
}

# ca NAME: the configuration of a CA of its own.
ca()
{
    printf 'statedir = %s\nsigningkey = %s/signkey.pem\nissuercert = %s/issuercert.pem\n' \
        "$TMP/$1" "$TMP/$1" "$TMP/$1" > "$1.conf"
    : > "$1.options"
}

# certify CA STATEMENT FOLDER [OPTION…]
certify()
{
    local conf=$1 statement=$2 folder=$3

    shift 3
    mkdir -p "$folder"
    "$localca" --attested-request "$statement" --policy driver.policy --nonce "$nonce" \
        --chain "$TMP/chip/chain.pem" --configfile "$conf.conf" --optsfile "$conf.options" \
        --dir "$folder" "$@"
}

# judged STATUS WORDS CERTIFICATE [OPTION…]: with the evidence of the NV memory.
judged()
{
    local wanted=$1 words=$2 certificate=$3 status=0

    shift 3
    "$verify" ek "$certificate" --ca owner-ca/issuercert.pem --policy driver.policy \
        --chain "$TMP/chip/chain.pem" --trust-owner "$@" > verdict 2>&1 || status=$?
    [ "$status" = "$wanted" ] || { cat verdict; fail "$certificate: status $status"; }
    grep -Eq -- "$words" verdict || { cat verdict; fail "$certificate: no '$words'"; }
}

provision state instance.policy "$id" owner.pem
for role in evidence evidence-report evidence-certificate; do
    grep -q "\"role\" : \"$role\"" state.made || fail "$role is not in the JSON"
done

# The owner, or a CA anywhere: over its own nonce, by its own policy.
ca owner-ca
certify owner-ca state.json certs > said || { cat said; fail "the CA refuses an honest statement"; }
for file in ek-rsa2048 ek-secp384r1; do
    openssl x509 -inform der -in certs/$file.crt -out cert.pem
    openssl verify -CAfile <(cat owner-ca/*rootca-cert.pem owner-ca/issuercert.pem) cert.pem \
        > /dev/null || fail "$file does not verify"
    openssl x509 -in cert.pem -noout -subject | finds "$id" || fail "$file is not of the instance"
done
[ "$(openssl x509 -inform der -in certs/ek-rsa2048.crt -noout -serial)" != \
  "$(openssl x509 -inform der -in certs/ek-secp384r1.crt -noout -serial)" ] || fail "one serial twice"
oid=1.2.840.113556.1.8000.2554.17216.48528.62782.18042.38770.6397068.14805661.1
openssl asn1parse -inform der -in certs/ek-rsa2048.crt | finds "$oid" || fail "no extension"

# In use: anybody reads the evidence with tpm2_nvread; certificates are installed while it runs.
sed -n 's/.*"psk" : "\([^"]*\)".*/\1/p' state.secrets | base64 -d > sealed
openssl pkeyutl -decrypt -inkey owner.key -in sealed -pkeyopt rsa_padding_mode:oaep -out psk \
    -pkeyopt rsa_oaep_md:sha256 -pkeyopt "rsa_oaep_label:$(printf psk | hex)"
[ "$(jq -r .statement state.json | base64 -d | hex | grep -c "$(sha256sum < state.secrets | cut -d' ' -f1)")" = 1 ] ||
    fail "the birth statement does not name the secrets"
coco_swtpm
coco_launch vm
coco_driver vm --psk-file psk
for part in 0:statement 1:report 2:vek; do
    tpm vm tpm2_nvread "0x0100c0c${part%:*}" -o "${part#*:}" || fail "${part#*:} cannot be read"
done
[ "$(wc -c < report)" = 1184 ] || fail "the report has not its size"
"$verify" report --report report --vek vek --chain "$TMP/chip/chain.pem" --policy driver.policy \
    > said 2>&1 || { cat said; fail "the report of the NV memory does not verify"; }
evidence=(--statement statement --report report --vek vek)
judged 0 '^accepted' certs/ek-rsa2048.crt "${evidence[@]}"
judged 0 '^accepted' certs/ek-secp384r1.crt "${evidence[@]}"
judged 0 '^accepted' certs/ek-rsa2048.crt --bundle state.json --nonce "$nonce"
judged 0 'endorsement' certs/ek-rsa2048.crt "${evidence[@]}" --json

import()
{
    "$setup" --tpm2 --tcti "swtpm:path=$TMP/vm.tpm" "$@"
}
import --import-ek-cert certs/ek-rsa2048.crt --import-ek-cert certs/ek-secp384r1.crt --json > made ||
    fail "the certificates cannot be installed"
grep -q 0x01c00016 made || fail "the JSON does not name the area"
tpm vm tpm2_nvread 0x01c00002 | cmp - certs/ek-rsa2048.crt || fail "the RSA EK's certificate differs"
tpm vm tpm2_getekcertificate -o first -o second > /dev/null 2>&1 || fail "tpm2_getekcertificate"
cmp first certs/ek-rsa2048.crt || fail "tpm2_getekcertificate gives another one"
# A second time it replaces the first.
import --import-ek-cert certs/ek-rsa2048.crt > /dev/null

# A certificate alone, or one that does not say what was attested, is nothing.
judged 2 'alone says nothing' certs/ek-rsa2048.crt
modulus=$(openssl x509 -inform der -in certs/ek-rsa2048.crt -noout -modulus | cut -d= -f2)
"$localca" --type ek --ek "$modulus" --tpm2 --dir "$TMP" --configfile owner-ca.conf --vmid "$id" \
    --optsfile owner-ca.options --tpm-manufacturer id:1 --tpm-model m --tpm-version id:1 \
    --tpm-spec-family 2.0 --tpm-spec-level 0 --tpm-spec-revision 1 > /dev/null
judged 1 '^rejected: ek_binding' ek.cert "${evidence[@]}"
ca other-ca
certify other-ca state.json others > /dev/null
judged 1 '^rejected: ek_chain' others/ek-rsa2048.crt "${evidence[@]}"
head -c 1000 certs/ek-rsa2048.crt > cut
judged 1 '^rejected: ek_parse' cut "${evidence[@]}"
judged 1 '^rejected: ek_parse|^rejected: ek_purpose' owner-ca/issuercert.pem "${evidence[@]}"
{ head -c 60 statement; printf x; tail -c +62 statement; } > changed
judged 1 '^rejected: statement' certs/ek-rsa2048.crt --statement changed --report report --vek vek
# An endorsement is as old as the TPM: it is no answer to a nonce, nor is an answer an endorsement.
jq -n --arg s "$(base64 -w 0 statement)" --arg r "$(base64 -w 0 report)" --arg c "$(base64 -w 0 vek)" \
    '{format: "cocotpm-bundle", version: 1, statement: $s, report: $r, certificate: $c}' > old.json
judged 1 '^rejected: statement_kind' certs/ek-rsa2048.crt --bundle old.json --nonce "$nonce"
jq -r .statement state.json | base64 -d > birth
jq -r .report state.json | base64 -d > birth.report
judged 1 '^rejected: statement_kind' certs/ek-rsa2048.crt --statement birth --report birth.report --vek vek
expect_fail 'statement_kind' certify owner-ca old.json none

# The CA signs for nothing else.
expect_fail 'nonce' certify owner-ca state.json none --nonce "$(openssl rand -hex 32)"
expect_fail 'nonce is missing' "$localca" --attested-request state.json --policy driver.policy \
    --configfile owner-ca.conf
expect_fail 'policy is missing' "$localca" --attested-request state.json --nonce "$nonce" \
    --configfile owner-ca.conf
expect_fail 'the statement says which keys' certify owner-ca state.json none --ek "$modulus"
jq --slurpfile o old.json '.report = $o[0].report' state.json > swapped.json
expect_fail 'statement_in_report' certify owner-ca swapped.json none

# A host that runs the same image with its own policy, recovery key or UUID.
coco_driver_stop vm
stop swtpm
openssl genrsa -out host.key 2048 2> /dev/null
openssl pkey -in host.key -pubout -out host.pem
hostprint=$(openssl pkey -pubin -in host.pem -outform der | sha256sum | cut -d' ' -f1)
mv state owners
sed "s/$fingerprint/$hostprint/" instance.policy > host.policy
expect_fail 'not the one that the policy names' \
    "$setup" --tpm2 --tpm "$swtpm socket" --tpmstate "$TMP/none" --cocotpm \
    "policy=$TMP/instance.policy,id=$id,recovery-key=host.pem,deliver=no,platform=emulator:$TMP/tpmvm,chain=$TMP/chip/chain.pem"

# refused WHY: neither CA nor relying party nor driver takes what lies in state.
refused()
{
    expect_fail "$1" certify owner-ca state.json none
    if "$verify" bundle state.json --policy driver.policy --chain "$TMP/chip/chain.pem" \
        --nonce "$nonce" --trust-owner > /dev/null 2>&1; then
        fail "$1: the birth statement is accepted"
    fi
    coco_swtpm
    coco_launch vm
    coco_refused vm '' --psk-file psk
    stop swtpm
}

provision state host.policy "$id" host.pem
refused policy_digest
judged 1 '^rejected: policy_digest' certs/ek-rsa2048.crt --bundle state.json --nonce "$nonce"

# With the owner's policy all is the owner's but the UUID, which the certificate names.
rm -rf state
host_id=$(cat /proc/sys/kernel/random/uuid)
provision state instance.policy "$host_id" owner.pem
certify owner-ca state.json hosts > /dev/null
openssl x509 -inform der -in hosts/ek-rsa2048.crt -noout -subject | finds "$host_id" ||
    fail "the certificate does not say which instance it is of"
judged 1 '^rejected: ek_named' hosts/ek-rsa2048.crt "${evidence[@]}"
judged 1 '^rejected: ek_named' certs/ek-rsa2048.crt --bundle state.json --nonce "$nonce"
start swtpm "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
    --cocotpm "type=unixio,path=$TMP/link,id=$host_id,platform=emulator:$TMP/tpmvm"
wait_socket swtpm "$TMP/link"
coco_launch vm
coco_refused vm '' --psk-file psk
stop swtpm
echo "evidence read and judged, certificates installed, the host's own TPMs refused"
