#!/bin/bash
# test: a driver refuses a CoCoTPM for each point of its claims and its evidence alone, by the check
# that is meant to, and has shown nothing of its own by then
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

data=$(printf 'ab%.0s' {1..32})
floor="bootloader:10 snp:23 microcode:84"
coco_world "cocovm.host-data=$data"
policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" "cocotpm.host-data=$data" \
    "cocotpm.min-tcb-genoa=$floor" > "$TMP/driver.policy"
vm_launch chip good "$TMP/coco.img" -- --host-data "$data"

# The contrast: whoever answers is a TPM to a tool that talks to plain swtpm.
mkdir "$TMP/plain"
start plain "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/plain" --flags not-need-init,startup-clear \
    --server "type=unixio,path=$TMP/plain.tpm" --ctrl "type=unixio,path=$TMP/plain.tpm.ctrl"
wait_socket plain "$TMP/plain.tpm.ctrl"
tpm plain tpm2_getrandom --hex 4 > "$TMP/random" || fail "a tool asks plain swtpm who it is"
stop plain || true

echo none > "$TMP/lie"
start impostor "$(ours impostor)" "$TMP/lie" "$TMP/impostor.sock" "$TMP/instance.policy" "$id" \
    "emulator:$TMP/vm"
wait_socket impostor "$TMP/impostor.sock"
LINK=unixio:$TMP/impostor.sock

# vm [OPTION…]: the VM that the impostor runs in is the right image with the right HOST_DATA.
vm()
{
    vm_launch chip vm "$TMP/tpm.img" -- --host-data "$data" "$@"
}

said_something()
{
    [ -s "$TMP/impostor.log" ]
}

# elsewhere CHIP: the same on another chip, until the next of this kind.
elsewhere()
{
    chip_do "${where:-chip}" stop --guest "$TMP/vm" > "$TMP/stop.log"
    where=$1
    vm_launch "$where" vm "$TMP/tpm.img" -- --host-data "$data"
}

# honest: to the truth the driver answers with ATTACH, so that nothing else is what it refuses.
honest()
{
    echo none > "$TMP/lie"
    : > "$TMP/impostor.log"
    coco_refused good "internal error (no TPM)"
    retry said_something || fail "the honest case: the driver has said nothing"
    [ "$(cat "$TMP/impostor.log")" = "none: ATTACH" ] || fail "$(cat "$TMP/impostor.log")"
}

# refused WORDS ATTACK [OPTION…]: the driver says why, and the impostor has not heard from it.
refused()
{
    local words=$1 attack=$2

    shift 2
    : > "$TMP/impostor.log"
    coco_refused good "$words" "$@"
    retry said_something || fail "$attack: the impostor has not been asked"
    ! finds ATTACH < "$TMP/impostor.log" || fail "$attack: the driver has shown its evidence"
    echo "report: $attack | another TPM is taken for it | refused: ${check:-${words//.\*/ }}"
}

# lie WORD WORDS ATTACK [OPTION…]
lie()
{
    echo "$1" > "$TMP/lie"
    shift
    refused "$@"
    echo none > "$TMP/lie"
}

# evidence CHECK ATTACK: of the VM as it is now.
evidence()
{
    local check=$1

    refused "CoCoTPM's evidence is refused: $1: " "$2"
}

vm
honest

# What it says of itself.
lie version "speaks version 0 of the protocol" "a CoCoTPM of an older protocol"
lie psk "another kind of link secret" "a CoCoTPM with another kind of secret"
lie uuid "is another instance" "a CoCoTPM of another instance"
lie hello "answers another HELLO" "an answer to another HELLO"
lie policy "policy-digest: " "a CoCoTPM with another policy"
lie silent "policy.* is missing" "a CoCoTPM that does not name its policy"
lie burnt "told to keep it" "a policy that vouches for what is not so" --keep-evidence
unhex <<< "${id//-/}00000000000000ff$(printf '07%.0s' {1..56})" > "$TMP/later"
lie none "stale or forked state: .* rules out" "a CoCoTPM that hides an older state" \
    --receipt "$TMP/later"
lie tag "is no answer" "a command in an answer's place"
lie size "is no answer" "an answer longer than its record"
lie cut "cut short" "an answer without its last byte"
lie short "cut short" "an answer without its claims"

# What it proves.
lie missing "evidence_kind" "a CoCoTPM without evidence"
lie certificate "evidence_kind" "a CoCoTPM with a certificate alone"
lie kinds "evidence_kind" "evidence of two kinds"
lie role "report_data" "a CoCoTPM with a client's evidence"
lie relay "report_data" "a CoCoTPM's evidence of another channel"
lie data "report_data" "a CoCoTPM's evidence of no channel"
lie claims "report_data" "claims that the evidence is not over"
honest

# What the launch was told by a host that lies in one point.
vm_launch chip vm "$TMP/coco.img" -- --host-data "$data"
evidence measurement "a CoCoTPM with another image"
vm_launch chip vm "$TMP/tpm.img" -- --host-data "$(printf 'cd%.0s' {1..32})"
evidence host_data "a CoCoTPM with other HOST_DATA"
vm --policy 0xb0000
evidence policy_no_debug "a CoCoTPM that may be debugged"
vm --policy 0x70000
evidence policy_no_migrate_ma "a CoCoTPM with a migration agent"
vm --vmpl 3
evidence vmpl_expected "a CoCoTPM's report of VMPL 3"
vm --vmpl 4294967295
evidence vmpl_expected "a CoCoTPM's report that the host asked for"

# What the processor is.
chip_start other
elsewhere other
evidence same_chip "a CoCoTPM on another genuine chip"
chip_do other certificates | unhex > "$TMP/certs"
elsewhere chip
vm --certs "$TMP/certs"
evidence hwid_matches_chip_id "another chip's certificate beside a CoCoTPM's report"
vm --no-certs
evidence vek_parse "a CoCoTPM without a VCEK certificate"
vm
chip_do chip config --tcb 0:10:0:22:84
evidence tcb_floor_reported "a CoCoTPM on firmware below the floor"
chip_do chip config --tcb 0:10:0:23:84 --expired
evidence vek_validity "a CoCoTPM with an expired VCEK certificate"
chip_do chip config --mask-chip-id
evidence chip_id_nonzero "a CoCoTPM on a chip that does not show itself"
chip_do chip config
chip_do chip vlek --csp-id CN=provider
evidence chain_issuer_for_kind "a CoCoTPM with a VLEK"
chip_do chip vlek
SNP_PKI=$TMP/pki chip_start forged
elsewhere forged
evidence vek_signed_by_ask "a CoCoTPM on a chip under another root"

elsewhere chip
honest
