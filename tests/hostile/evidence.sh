#!/bin/bash
# test: a CoCoVM is refused for each field of its evidence alone, and so is a CoCoTPM
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

good_data=$(printf 'ab%.0s' {1..32})
coco_world "cocovm.host-data=$good_data" "cocovm.min-tcb-genoa=bootloader:10 snp:23 microcode:84"
coco_provision
coco_swtpm

# The contrast to all that follows: plain swtpm answers a client that has shown nothing.
mkdir "$TMP/plain"
start plain "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/plain" --flags not-need-init,startup-clear \
    --server "type=unixio,path=$TMP/plain.tpm" --ctrl "type=unixio,path=$TMP/plain.tpm.ctrl"
wait_socket plain "$TMP/plain.tpm.ctrl"
tpm plain tpm2_getrandom --hex 4 > "$TMP/random" || fail "plain swtpm asks for evidence"
stop plain || true

# line ATTACK OUTCOME: of the table of tests/hostile/run --report.
line()
{
    echo "report: $1 | answers who shows nothing | $2"
}

# vm NAME [OPTION…]: a launch of the right image with the right HOST_DATA.
vm()
{
    local name=$1

    shift
    vm_launch chip "$name" "$TMP/coco.img" -- --host-data "$good_data" "$@"
}

# honest VM: it attaches, uses the TPM, and goes.
honest()
{
    coco_driver "$1"
    tpm "$1" tpm2_getrandom --hex 4 > "$TMP/random" || fail "the honest case $1: no random bytes"
    coco_driver_stop "$1"
}

# refused VM CHECK ATTACK: the CoCoTPM refuses it, and names the check.
refused()
{
    coco_refused "$1" "evidence invalid ($2: "
    line "$3" "refused: $2"
}

# either VM CHECK ATTACK: what is true of the whole chip the driver may see first, of its CoCoTPM.
either()
{
    coco_refused "$1" "evidence.* $2: \\|evidence invalid ($2: "
    line "$3" "refused: $2"
}

# The driver is content with any chip here: these are the CoCoTPM's own checks.
policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" cocotpm.same-chip=no > "$TMP/driver.policy"
vm good
honest good

# What the launch was told by a host that lies in one point.
vm debug --policy 0xb0000
refused debug policy_no_debug "a CoCoVM that may be debugged"
vm migratable --policy 0x70000
refused migratable policy_no_migrate_ma "a CoCoVM with a migration agent"
vm_launch chip foreign "$TMP/coco.img" -- --host-data "$(printf 'cd%.0s' {1..32})"
refused foreign host_data "other HOST_DATA"
vm low --vmpl 3
refused low vmpl_expected "a report of VMPL 3"
vm asked --vmpl 4294967295
refused asked vmpl_expected "a report that the host asked for"

# What the processor is.
chip_start other
vm_launch other elsewhere "$TMP/coco.img" -- --host-data "$good_data"
refused elsewhere same_chip "a CoCoVM on another genuine chip"
chip_do other certificates | unhex > "$TMP/certs"
vm mixed --certs "$TMP/certs"
refused mixed hwid_matches_chip_id "another chip's VCEK certificate"
vm bare --no-certs
refused bare vek_parse "no VCEK certificate"
chip_do chip config --tcb 0:10:0:22:84
vm old
refused old tcb_floor_reported "firmware below the floor"
chip_do chip config --tcb 0:10:0:23:84 --expired
vm expired
either expired vek_validity "an expired VCEK certificate"
chip_do chip config --mask-chip-id
vm masked
either masked chip_id_nonzero "a chip that does not show itself"
chip_do chip config
chip_do chip vlek --csp-id CN=provider
vm vlek
either vlek chain_issuer_for_kind "a VLEK in the VCEK's place"
chip_do chip vlek

# A processor that nobody vouches for: the same names, another root.
SNP_PKI=$TMP/pki chip_start forged
vm_launch forged forgery "$TMP/coco.img" -- --host-data "$good_data"
refused forgery vek_signed_by_ask "a chip under another root"

# The other way: what a driver expects of the CoCoTPM, one point at a time.
cp "$TMP/driver.policy" "$TMP/driver.good"

# expects KEY=VALUE CHECK ATTACK
expects()
{
    policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" "$1" > "$TMP/driver.policy"
    vm good
    coco_refused good "CoCoTPM's evidence is refused: $2"
    line "$3" "refused: $2"
}

expects "cocotpm.host-data=$good_data" host_data "a CoCoTPM with other HOST_DATA"
expects "cocotpm.min-tcb-genoa=bootloader:10 snp:24" tcb_floor_reported "a CoCoTPM below the TCB floor"
expects "cocotpm.chip-id=$(printf '01%.0s' {1..64})" chip_allowed "a CoCoTPM on another chip"
expects "cocotpm.author-key-digest=$(printf '01%.0s' {1..48})" author_key "a CoCoTPM of no known author"
expects "cocotpm.vmpl=1" vmpl_expected "a CoCoTPM at another VMPL"

# Nothing of all that changed the TPM or cost the honest launch.
cp "$TMP/driver.good" "$TMP/driver.policy"
honest good
stop swtpm || fail "swtpm ended with $?"
