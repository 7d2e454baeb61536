#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: what swtpm_setup says it can do, and what it refuses in words before anything is made
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
need jq

setup=$(ours swtpm_setup)
swtpm=$(ours swtpm)
cd "$TMP"
mkdir state

# refused WORDS OPTION…: with these words, without a start, and nothing is made.
refused()
{
    local words=$1

    shift
    expect_fail "$words" "$setup" --tpm2 --tpm "$swtpm socket" "$@"
    "$setup" --tpm2 --tpm "$swtpm socket" "$@" 2>&1 | finds 'Starting vTPM' && fail "$*: started"
    [ -z "$(ls -A state)" ] || fail "$*: made $(ls -A state)"
}

# A libtpms without profiles has none to choose; one with them lists them.
"$swtpm" socket --tpm2 --print-capabilities > swtpm.json
"$setup" --tpm "$swtpm socket" --print-capabilities > setup.json
jq -e '.type == "swtpm_setup" and (.features | index("cmdarg-reconfigure-pcr-banks"))' setup.json \
    > /dev/null || fail "not the JSON that callers read"
for bits in 2048 3072 4096; do
    [ "$(grep -c "\"rsa-keysize-$bits\"" swtpm.json || true)" = \
      "$(grep -c "\"tpm2-rsa-keysize-$bits\"" setup.json || true)" ] || fail "RSA $bits: not what swtpm says"
done
if ! grep -q cmdarg-profile swtpm.json; then
    ! grep -q cmdarg-profile setup.json || fail "profiles are announced, and there are none"
    [ "$("$setup" --print-profiles)" = "[ ]" ] || fail "profiles are listed"
    echo '{"Name":"custom"}' > profile
    refused 'need libtpms 0.10' --tpm-state "$TMP/state" --profile '{"Name":"custom"}'
    refused 'need libtpms 0.10' --tpm-state "$TMP/state" --profile-name default-v1
    refused 'need libtpms 0.10' --tpm-state "$TMP/state" --profile-file profile
    refused 'need libtpms 0.10' --tpm-state "$TMP/state" --profile-remove-disabled check
fi
"$setup" --version > /dev/null || fail "--version fails"

# Of several faults the program's is named first, without a word of a start.
for state in "$TMP/none" "$TMP/state"; do
    "$setup" --tpm2 --tpm /bin/true --tpm-state "$state" > said 2>&1 && fail "made by /bin/true"
    [ "$(cat said)" = "swtpm at /bin/true does not support TPM 2" ] || { cat said; fail "other words"; }
done
[ -z "$(ls -A state | grep -v '^\.lock$' || true)" ] || fail "left: $(ls -A state)"
