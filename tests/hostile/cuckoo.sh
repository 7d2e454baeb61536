#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a host that ends the driver's TLS itself, as a public key allows, and shows evidence that
# genuine TPM VMs made on other links, or swaps their reports and certificates, is refused, and told nothing
# sanitizers: no
# idle: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

OTHER=0b0e4a70-6d3e-4f55-8f1c-3b9a2f1d7c42
world
tpm_start

# On plain swtpm whoever answers is the TPM.
plain_start
plain_start other_plain 2
plain_extend 1
plain_is "honest" 1
plain_attack redirect "unixio:$TMP/p2"
plain_extend 2
plain_is "another TPM" 1

# Another genuine TPM VM with the same image and policy, on another genuine chip.
chip_start chip2
vm_launch chip2 tpmvm2 "$TMP/tpm.img"
mkdir "$TMP/other"
"$(ours swtpm_setup)" --tpm2 --tpm "$(ours swtpm) socket" --tpmstate "$TMP/other" \
    --cocotpm "policy=$TMP/instance.policy,id=$OTHER,platform=emulator:$TMP/tpmvm2" \
    --logfile "$TMP/setup2.log" > "$TMP/setup2.out" 2>&1 || fail "$(cat "$TMP/setup2.log")"
start other "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$TMP/other" --log "file=$TMP/other.log" \
    --cocotpm "type=unixio,path=$TMP/other.sock,id=$OTHER,platform=emulator:$TMP/tpmvm2"
wait_socket other "$TMP/other.sock"
# The host's own launch of the tenant's image: its link's key is the tenant's.
vm_launch chip spy "$TMP/coco.img"
policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" cocotpm.same-chip=no > "$TMP/any.policy"
cp "$TMP/driver.policy" "$TMP/own.policy"

# show WHAT WORDS ATTACK: the driver has to name the check, and to say nothing more. Reports are made
# once a second (protocol, section 3), of which the host takes more than its share.
show()
{
    local tries

    for ((tries = 0; tries < 60; tries++)); do
        rm -f "$TMP/evil.sock"
        : > "$TMP/cuckoo.log"
        start cuckoo "$(ours cuckoo)" "$1" "$TMP/evil.sock" \
            "$TMP/coco.sock,$TMP/any.policy,$ID,emulator:$TMP/spy" \
            "$TMP/other.sock,$TMP/any.policy,$OTHER,emulator:$TMP/spy"
        wait_socket cuckoo "$TMP/evil.sock"
        ! driver_try || fail "$3: the driver was let in"
        wait_end cuckoo || fail "$3: $(cat "$TMP/cuckoo.log")"
        grep -q "too many reports" "$TMP/cuckoo.log" || break
        # Each try takes up to three: as many come together meanwhile.
        sleep 3
    done
    [ "$(cat "$TMP/cuckoo.log")" = "then closed" ] ||
        fail "$3: the driver went on: $(cat "$TMP/cuckoo.log")"
    grep -Eq -- "$2" "$TMP/driver_tpm.log" ||
        fail "$3: the driver does not say '$2' but: $(cat "$TMP/driver_tpm.log")"
    report "$3" "another TPM is taken for it" "refused: ${4:-$2}"
}

for policy in own any; do
    cp "$TMP/$policy.policy" "$TMP/driver.policy"
    show genuine report_data "genuine evidence of another channel ($policy chip)"
    show earlier report_data "a report of an earlier handshake ($policy chip)"
done
show report 'hwid_matches_chip_id|report_signature' "another genuine VM's report" "not its certificate's"
show table 'hwid_matches_chip_id|report_signature' "another genuine VM's certificates" "not its report's"
show evidence report_data "another VM's report and certificates"
show all "report_data" "another VM's claims and evidence"
show no-report "no report|evidence" "a certificate without a report" "no report"
show nothing "no evidence|no report|evidence" "no evidence at all" "no evidence"
show own measurement "evidence of the tenant's image"
rm -f "$TMP/evil.sock"

# The launch that saw all that is not used up.
cp "$TMP/own.policy" "$TMP/driver.policy"
attacker_start
driver_start
pcr_extend "$(digest 1)"
pcr_check "honest"
stop driver_tpm || fail "the driver ended with $?"

# Where the link has a secret, the host does not get that far.
policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" link.psk=secret > "$TMP/driver.policy"
head -c 32 /dev/urandom > "$TMP/key"
stop attacker || true
rm -f "$TMP/evil.sock" "$TMP/evil.ctl"
: > "$TMP/cuckoo.log"
start cuckoo "$(ours cuckoo)" genuine "$TMP/evil.sock" \
    "$TMP/coco.sock,$TMP/any.policy,$ID,emulator:$TMP/spy" \
    "$TMP/other.sock,$TMP/any.policy,$OTHER,emulator:$TMP/spy"
wait_socket cuckoo "$TMP/evil.sock"
vm_launch chip second "$TMP/coco.img"
DRIVER_WORDS=(--psk-file "$TMP/key")
driver_refused "no key is shared" second
! wait_end cuckoo || fail "the host has a key: $(cat "$TMP/cuckoo.log")"
report "the same where the link has a secret" "has none" "refused: no shared key"
