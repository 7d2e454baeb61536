#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: the evidence in the NV memory follows a change of policy, and is renewed when it is asked for
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
need tpm2_nvread openssl jq

verify=$(ours cocotpm-verify)
localca=$(ours swtpm_localca)
cd "$TMP"
openssl genrsa -out owner.key 2048 2> /dev/null
openssl pkey -in owner.key -pubout -out owner.pem
fingerprint=$(openssl pkey -pubin -in owner.pem -outform der | sha256sum | cut -d' ' -f1)
coco_world "seal.recovery-key=$fingerprint"
nonce=$(openssl rand -hex 32)
words="id=$id,platform=emulator:$TMP/tpmvm,chain=$TMP/chip/chain.pem"
cp instance.policy first.policy
policy_instance chip coco.img "seal.recovery-key=$fingerprint" cocovm.takeover=yes > second.policy
policy_driver chip tpm.img second.policy > second.driver
mv driver.policy first.driver
cmp -s first.policy second.policy && fail "one policy twice"
printf 'statedir = %s\nsigningkey = %s/signkey.pem\nissuercert = %s/issuercert.pem\n' \
    "$TMP/ca" "$TMP/ca" "$TMP/ca" > ca.conf
: > ca.options

# on STATE OPTION…: the state that is there.
on_state()
{
    "$setup" --tpm2 --tpm "$swtpm socket" --tpmstate "$TMP/state" "$@"
}

# certify NAME STATEMENT: by the driver's policy NAME.driver, into the folder NAME.
certify()
{
    mkdir -p "$1"
    "$localca" --attested-request "$2" --policy "$1.driver" --nonce "$nonce" --dir "$1" \
        --chain "$TMP/chip/chain.pem" --configfile ca.conf --optsfile ca.options > said ||
        { cat said; fail "no certificate for $2"; }
}

# read_evidence NAME DRIVER-POLICY: what the NV memory holds, as NAME.{statement,report,vek}.
read_evidence()
{
    cp "$2" driver.policy
    coco_swtpm
    coco_launch vm
    coco_driver vm
    tpm vm tpm2_nvread 0x0100c0c0 -o "$1.statement" || fail "no statement"
    tpm vm tpm2_nvread 0x0100c0c1 -o "$1.report" || fail "no report"
    tpm vm tpm2_nvread 0x0100c0c2 -o "$1.vek" || fail "no certificate"
    tpm vm tpm2_nvreadpublic 0x0100c0c0 > "$1.public"
    coco_driver_stop vm
    stop swtpm
}

# judged STATUS WORDS CERTIFICATES EVIDENCE: with the policy of the certificates.
judged()
{
    local status=0

    "$verify" ek "$3/ek-rsa2048.crt" --ca ca/issuercert.pem --policy "$3.driver" \
        --chain "$TMP/chip/chain.pem" --trust-owner --statement "$4.statement" \
        --report "$4.report" --vek "$4.vek" > verdict 2>&1 || status=$?
    [ "$status" = "$1" ] || { cat verdict; fail "$3 with $4: status $status"; }
    grep -Eq -- "$2" verdict || { cat verdict; fail "$3 with $4: no '$2'"; }
}

mkdir state
"$setup" --tpm2 --tpm "$swtpm socket" --tpmstate "$TMP/state" --lock-nvram --nonce "$nonce" \
    --birth-statement first.json --cocotpm \
    "policy=first.policy,$words,recovery-key=owner.pem,deliver=secrets" > made 2>&1 ||
    { cat made; fail "provisioning"; }
certify first first.json
read_evidence old first.driver
judged 0 '^accepted' first old

echo "a change that the owner signs brings evidence of the new policy with it"
on_state --change-policy --cocotpm "$words,policy=second.policy" > request
openssl dgst -sha256 -sign owner.key -out signature request
on_state --change-policy --json --lock-nvram --nonce "$nonce" --birth-statement second.json \
    --cocotpm "$words,policy=second.policy,recovery-key=owner.pem,signature=signature" > changed ||
    fail "not changed"
jq -e --arg digest "$(sha256sum < second.policy | cut -d' ' -f1)" \
    '."policy-digest" == $digest and ([.nv[].index] == ["0x0100c0c0", "0x0100c0c1", "0x0100c0c2"])' \
    changed > /dev/null || { cat changed; fail "the JSON does not say what was made"; }
certify second second.json
read_evidence new second.driver
grep -q writelocked new.public || fail "--lock-nvram locked nothing"
judged 0 '^accepted' second new
# What was is told from what is, either way.
judged 1 '^rejected: policy_digest' first new
judged 1 '^rejected: policy_digest' second old

echo "asked for, it is made again; for the policy that is there alone"
on_state --renew-evidence --cocotpm "$words,policy=second.policy" > renewed || fail "not renewed"
grep -q 'NVRAM area 0x100c0c0 for evidence' renewed || { cat renewed; fail "it does not say so"; }
read_evidence again second.driver
cmp -s again.report new.report && fail "the report is the old one"
# The statement is another one, so the certificate that names the one before is none for it.
judged 1 '^rejected: ek_evidence' second again
on_state --renew-evidence --nonce "$nonce" --birth-statement second.json \
    --cocotpm "$words,policy=second.policy" > /dev/null
certify second second.json
read_evidence again second.driver
judged 0 '^accepted' second again
expect_fail 'not the one that this state is under' \
    on_state --renew-evidence --cocotpm "$words,policy=first.policy"
expect_fail 'needs --cocotpm' on_state --renew-evidence
expect_fail 'exclude each other' on_state --renew-evidence --inspect --cocotpm "$words"
expect_fail 'belong together' on_state --renew-evidence --nonce "$nonce" \
    --cocotpm "$words,policy=second.policy"
expect_fail 'needs the signature' on_state --change-policy --nonce "$nonce" --birth-statement none \
    --cocotpm "$words,policy=first.policy"
