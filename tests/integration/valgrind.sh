#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: memcheck finds nothing in a TPM's life, in the control client, in a setup with certificates
# slow: yes
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need valgrind
cd "$TMP"
mkdir state other made ca
printf 'a passphrase' > key
ioctl=$(ours swtpm_ioctl)
# What a program still holds at its end is not lost; libraries hold much.
memcheck=(valgrind -q --error-exitcode=77 --leak-check=full --errors-for-leak-kinds=definite
    --trace-children=yes --log-file="$TMP/memcheck.%p")

# clean: nothing was found so far. Of a system call that it does not know valgrind tells too.
clean()
{
    ! grep -hE '^==' memcheck.* || fail "memcheck: $1"
}

# TPM 1.2 is left out here: its self test alone takes a minute.
start tpm "${memcheck[@]}" "$(ours swtpm)" socket --tpm2 --tpmstate dir="$TMP/state" \
    --key pwdfile=key --ctrl type=unixio,path="$TMP/c" --server type=unixio,path="$TMP/d" \
    --log file="$TMP/log",level=20 --flags not-need-init
wait_socket tpm "$TMP/d"
control()
{
    "${memcheck[@]}" "$ioctl" --unix "$TMP/c" "$@" > said || fail "$*: $(cat said)"
}
"${memcheck[@]}" "$(ours swtpm_bios)" --tpm2 --unix "$TMP/d" -c -u || fail "swtpm_bios"
for words in "-h words" "--save permanent permanent" "--save volatile volatile" -v --stop \
    "--load permanent permanent" "--load volatile volatile" -i "--info 7" -s; do
    # shellcheck disable=SC2086
    control $words
done
wait_end tpm || fail "swtpm does not end with success"
grep -q 'no sandbox' log || fail "a sandbox under valgrind? $(grep -i secc log)"
clean swtpm
expect_fail 'seccomp' "${memcheck[@]}" "$(ours swtpm)" socket --tpm2 --tpmstate dir="$TMP/other" \
    --flags not-need-init --ctrl type=unixio,path="$TMP/c" --seccomp action=kill
clean "refused"

printf 'statedir = %s\nsigningkey = %s\nissuercert = %s\n' "$TMP/ca" "$TMP/ca/key" "$TMP/ca/cert" > ca.conf
printf '%s\n' '--platform-manufacturer M' '--platform-version 1' '--platform-model N' > ca.options
printf 'create_certs_tool = %s\ncreate_certs_tool_config = %s\ncreate_certs_tool_options = %s\n' \
    "$(ours swtpm_localca)" "$TMP/ca.conf" "$TMP/ca.options" > conf
# The CA's own keys would take long to make under it.
"$(ours swtpm_localca)" --type ek --ek "$(head -c 256 /dev/urandom | hex | sed 's/^./f/')" --dir "$TMP" \
    --configfile ca.conf --optsfile ca.options --tpm2 --tpm-manufacturer id:1 --tpm-model m \
    --tpm-version id:1 --tpm-spec-family 2.0 --tpm-spec-level 0 --tpm-spec-revision 1 > said
"${memcheck[@]}" --trace-children-skip='*/swtpm' "$(ours swtpm_setup)" --tpm2 --tpmstate "$TMP/made" \
    --tpm "$(ours swtpm) socket" --config conf --create-ek-cert --create-platform-cert \
    --lock-nvram > said 2>&1 || { cat said; fail "swtpm_setup"; }
clean "swtpm_setup"
echo "$(ls memcheck.* | wc -l) processes were clean"
