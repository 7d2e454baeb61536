#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: medians of a full provisioning beside Debian's swtpm_setup, alternating (a table)
# alone: yes
# sanitizers: no
# Figures, not limits: only what does not work fails. BENCH_QUICK=0 takes the full counts.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

[ -x /usr/bin/swtpm_setup ] || skip "Debian's swtpm_setup is not installed"
runs=5
[ "${BENCH_QUICK:-1}" != 0 ] || runs=25
cd "$TMP"

# prepare SIDE SETUP SWTPM LOCALCA: each with a CA of its own program's making.
prepare()
{
    mkdir "$1.ca"
    printf 'statedir = %s\nsigningkey = %s/signkey.pem\nissuercert = %s/issuercert.pem\n' \
        "$TMP/$1.ca" "$TMP/$1.ca" "$TMP/$1.ca" > "$1.ca.conf"
    printf '%s\n' '--platform-manufacturer Fedora' '--platform-version 2.1' '--platform-model QEMU' \
        > "$1.opts"
    printf 'create_certs_tool = %s\ncreate_certs_tool_config = %s\ncreate_certs_tool_options = %s\n' \
        "$4" "$TMP/$1.ca.conf" "$TMP/$1.opts" > "$1.conf"
    printf '%s\n%s\n' "$2" "$3" > "$1.programs"
}

provision()
{
    local side=$1 programs

    mapfile -t programs < "$side.programs"
    rm -rf "$side.state"
    mkdir "$side.state"
    "${programs[0]}" --tpm2 --tpm-state "$TMP/$side.state" --tpm "${programs[1]} socket" \
        --config "$side.conf" --create-ek-cert --create-platform-cert --lock-nvram --vmid bench \
        > "$side.log" 2>&1 || { cat "$side.log"; fail "$side"; }
}

prepare ours "$(ours swtpm_setup)" "$(ours swtpm)" "$(ours swtpm_localca)"
prepare theirs /usr/bin/swtpm_setup /usr/bin/swtpm /usr/bin/swtpm_localca
for side in ours theirs; do
    provision $side
    : > $side.times
done
for ((run = 0; run < runs; run++)); do
    for side in ours theirs; do
        begin=$(date +%s%N)
        provision $side
        echo $((($(date +%s%N) - begin) / 1000)) >> $side.times
    done
done

median()
{
    sort -n "$1.times" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
echo "full provisioning (two EKs, their certificates, a platform's; the CA is there), $runs runs:"
awk -v ours="$(median ours)" -v theirs="$(median theirs)" 'BEGIN {
    printf "ours %.1f ms, theirs %.1f ms: %.2f\n", ours / 1000, theirs / 1000, ours / theirs }'
