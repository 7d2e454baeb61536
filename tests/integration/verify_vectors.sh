#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: cocotpm-verify gives every SNP vector the verdict that its manifest expects
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
need jq
vectors=$(vectors) || skip "the shared vectors are not there"
verify=$(ours cocotpm-verify)
count=0

# judge NAME REPORT VEK CHAIN AT PINS EXPECTED…: one entry of a manifest.
judge()
{
    local name=$1 report=$2 vek=$3 chain=$4 at=$5 pins=$6 status=0 wanted=0
    local options=(--report "$vectors/$report" --vek "$vectors/$vek" --chain "$vectors/$chain")

    shift 6
    [ $# = 0 ] || wanted=1
    [ -z "$at" ] || options+=(--at "$at")
    if [ "$pins" = synthetic ]; then
        options+=(--root "$vectors/synthetic/ask_ark_milan.pem"
                  --root "$vectors/synthetic/ask_ark_genoa.pem"
                  --root "$vectors/synthetic/ask_ark_turin.pem")
    else
        options+=(--root amd-genoa --root amd-turin --root amd-milan)
    fi
    "$verify" report "${options[@]}" --json > "$TMP/out.json" || status=$?
    [ "$status" = "$wanted" ] || fail "$name: exit status $status ($(jq -r .reason "$TMP/out.json"))"
    jq -e --arg expected "$*" '
        ([.checks[] | select(.result == "failed") | .name]) as $failed |
        if $expected == "" then .verdict == "accepted" and .check == null and $failed == []
        else .verdict == "rejected" and .check == $failed[0] and
             (($expected / " ") - $failed == []) end' \
        "$TMP/out.json" > "$TMP/null" ||
        fail "$name: expected to fail: $*; failed: $(jq -r .check "$TMP/out.json")"
    count=$((count + 1))
}

for manifest in manifest neg synthetic; do
    while IFS=$'\t' read -r name report vek chain at pins expected; do
        # shellcheck disable=SC2086
        judge "$name" "$report" "$vek" "$chain" "${at#-}" "${pins#-}" $expected
    done < <(jq -r '.[] | [.name, .report, .vek, .ca, (.at // "-"), (.pins // "-"),
                           (.expect_fail | join(" "))] | @tsv' "$vectors/$manifest.json")
done
[ "$count" -ge 238 ] || fail "only $count entries were judged"
echo "$count entries of the manifests"

# The same certificates out of the host's table; a table that breaks its rules is unusable.
for table in "$vectors"/certtable/*.bin; do
    status=0
    "$verify" report --report "$vectors/snp/milan_virtee.report.bin" --certs "$table" \
        --root amd-milan > "$TMP/out" 2>&1 || status=$?
    case ${table##*/} in
    good_empty*) [ "$status" = 2 ] ;;
    good_*) [ "$status" = 0 ] ;;
    bad_*) [ "$status" = 2 ] ;;
    esac || fail "${table##*/}: exit status $status ($(cat "$TMP/out"))"
    status=0
    "$verify" show "$table" > "$TMP/out" 2>&1 || status=$?
    case ${table##*/} in
    good_*) [ "$status" = 0 ] ;;
    bad_*) [ "$status" = 2 ] ;;
    esac || fail "show ${table##*/}: exit status $status"
done
