#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: plain swtpm serves unmodified tpm2-tools, and keeps its state
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need tpm2_getrandom
swtpm=$(ours swtpm)
mkdir "$TMP/state"
export TPM2TOOLS_TCTI="swtpm:path=$TMP/s"

serve()
{
    start swtpm "$swtpm" socket --tpm2 --tpmstate dir="$TMP/state" \
        --server type=unixio,path="$TMP/s" --ctrl type=unixio,path="$TMP/s.ctrl" \
        --flags not-need-init,startup-clear --pid file="$TMP/pid" "$@"
    retry test -S "$TMP/s.ctrl" || fail "swtpm makes no socket"
    retry tpm2_getrandom -o /dev/null 4 2> /dev/null || fail "no answer"
}

cd "$TMP"
serve
[ "$(cat "$TMP/pid")" = "$(pid_of swtpm)" ] || fail "the pid file names another process"
tpm2_getrandom --hex 32 | finds -E '^[0-9a-f]{64}$' || fail "getrandom"
tpm2_pcrread sha256:0,16 > pcr.1
tpm2_createprimary -Q -C o -G ecc -c prim.ctx
tpm2_flushcontext -t
tpm2_create -Q -C prim.ctx -G ecc -u key.pub -r key.priv
tpm2_flushcontext -t
tpm2_load -Q -C prim.ctx -u key.pub -r key.priv -c key.ctx
tpm2_flushcontext -t
echo words > msg
tpm2_sign -Q -c key.ctx -g sha256 -o sig msg
tpm2_verifysignature -c key.ctx -g sha256 -m msg -s sig || fail "a good signature is refused"
echo other > msg
if tpm2_verifysignature -c key.ctx -g sha256 -m msg -s sig 2> /dev/null; then
    fail "a signature over other words is taken"
fi
tpm2_flushcontext -t
tpm2_nvdefine -Q 0x1500016 -C o -s 8 -a "ownerread|ownerwrite|nt=counter"
tpm2_nvincrement -Q 0x1500016 -C o
before=$(tpm2_nvread 0x1500016 -C o | od -An -tx1)
tpm2_pcrextend 16:sha256="$(printf '%064d' 1)"
tpm2_pcrread sha256:0,16 > pcr.2
if cmp -s pcr.1 pcr.2; then
    fail "an extend changes nothing"
fi
stop swtpm || fail "SIGTERM does not end it with success"
[ ! -e "$TMP/pid" ] || fail "the pid file stays"
[ ! -e "$TMP/s" ] || fail "the socket stays"
[ -s "$TMP/state/tpm2-00.permall" ] || fail "no state"

serve
[ "$(tpm2_nvread 0x1500016 -C o | od -An -tx1)" = "$before" ] || fail "the counter is another"
tpm2_pcrread sha256:0,16 | cmp -s - pcr.1 || fail "PCRs after a start are not as at the first"

# A second one on the same state is kept out, with the words that callers look for.
if "$swtpm" socket --tpm2 --tpmstate dir="$TMP/state" --server type=unixio,path="$TMP/s2" \
    --flags not-need-init > second.log 2>&1; then
    fail "two processes on one state"
fi
grep -q "SWTPM_NVRAM_Lock_Dir: Could not lock access to lockfile" second.log ||
    { cat second.log; fail "the lock is refused in other words"; }
stop swtpm
