#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: many setups at once against one CA, and setups killed at any moment, leave whole TPMs or none
# slow: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

# More of both by hand: SETUP_MANY=200 SETUP_KILLS=500 tests/run integration/setup_many
many=${SETUP_MANY:-6}
kills=${SETUP_KILLS:-8}
need openssl
setup=$(ours swtpm_setup)
localca=$(ours swtpm_localca)
swtpm=$(ours swtpm)
cd "$TMP"

printf 'statedir = %s\nsigningkey = %s/signkey.pem\nissuercert = %s/issuercert.pem\n' \
    "$TMP/ca" "$TMP/ca" "$TMP/ca" > ca.conf
: > ca.opts
printf 'create_certs_tool = %s\ncreate_certs_tool_config = %s\ncreate_certs_tool_options = %s\n' \
    "$localca" "$TMP/ca.conf" "$TMP/ca.opts" > conf

make_tpm()
{
    "$setup" --tpm2 --tpm-state "$TMP/$1" --tpm "$swtpm socket" --config conf --create-ek-cert \
        --write-ek-cert-files "$TMP/$1.certs" --overwrite --logfile "$1.log" > /dev/null
}

# good_ca NAME…: the certificates of these verify, and no number was given twice.
good_ca()
{
    local name cert

    cat ca/swtpm-localca-rootca-cert.pem ca/issuercert.pem > chain.pem
    : > serials
    for name in "$@"; do
        for cert in "$name.certs"/*.crt; do
            openssl x509 -inform der -in "$cert" -out cert.pem
            openssl verify -CAfile chain.pem cert.pem > /dev/null || fail "$cert does not verify"
            openssl x509 -in cert.pem -noout -serial >> serials
        done
    done
    [ -z "$(sort serials | uniq -d)" ] || fail "a serial number was given twice"
}

# At once, the CA is not there yet.
names=()
for ((i = 0; i < many; i++)); do
    mkdir "m$i" "m$i.certs"
    names+=("m$i")
    make_tpm "m$i" &
    jobs_pids[i]=$!
done
for ((i = 0; i < many; i++)); do
    wait "${jobs_pids[i]}" || { cat "m$i.log"; fail "setup $i of $many"; }
    [ -s "m$i/tpm2-00.permall" ] || fail "setup $i made no state"
done
good_ca "${names[@]}"
[ "$(wc -l < serials)" = $((2 * many)) ] || fail "certificates are missing"

# How long one takes here, in milliseconds: kills are spread over a little more than that.
begin=$(date +%s%3N)
mkdir -p k k.certs
make_tpm k
span=$((($(date +%s%3N) - begin) * 5 / 4 + 20))

# session_gone ID: no process of it is left. One that was killed holds its locks until it has ended.
session_gone()
{
    # What ends while it is looked at is gone too.
    { cat /proc/[0-9]*/stat 2> /dev/null || true; } | sed 's/.*) //' |
        awk -v id="$1" '$4 == id && $1 != "Z" { found = 1 } END { exit found }'
}

# Killed: its process group, at a random moment.
whole=0
: > serials.all
for ((i = 0; i < kills; i++)); do
    rm -rf k
    mkdir -p k k.certs
    # A third of the runs has to make the CA as well.
    if [ $((i % 3)) = 0 ]; then
        rm -rf ca
        : > serials.all
    fi
    moment=$((RANDOM % span))
    status=0
    # The shell's word on what was killed is not wanted.
    {
        setsid bash -c 'echo $$ > session; exec "$@"' -- \
            timeout -s KILL "$((moment / 1000)).$(printf '%03d' $((moment % 1000)))" "$setup" \
            --tpm2 --tpm-state "$TMP/k" --tpm "$swtpm socket" --config conf \
            --create-ek-cert --write-ek-cert-files "$TMP/k.certs" --logfile k.log || status=$?
    } > /dev/null 2>&1
    retry session_gone "$(cat session)" || fail "killed at $moment ms: it does not end"
    if [ -e k/tpm2-00.permall ]; then
        whole=$((whole + 1))
        "$setup" --tpm2 --tpm-state "$TMP/k" --tpm "$swtpm socket" --reconfigure --pcr-banks sha256 \
            --logfile k2.log > /dev/null || { cat k2.log; fail "killed at $moment ms: no whole state"; }
        good_ca k
        cat serials >> serials.all
    elif [ "$status" = 0 ]; then
        fail "success was said, but there is no state"
    fi
    rm -rf k.certs
    mkdir k.certs
    make_tpm k || { cat k.log; fail "killed at $moment ms: no TPM can be made after it"; }
    good_ca k
    cat serials >> serials.all
    [ -z "$(sort serials.all | uniq -d)" ] || fail "killed at $moment ms: a serial number twice"
    [ -z "$(find k -name '.swtpm_setup.*')" ] || fail "killed at $moment ms: its folder is left"
done
echo "$many at once; $kills killed within $span ms, $whole of them after they were done"
