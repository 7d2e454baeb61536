#!/bin/bash
# test: every word a host could add to the TPM VM's command line to weaken it is an error
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

swtpm=$(ours swtpm)
mkdir "$TMP/state"
head -c 32 /dev/zero > "$TMP/key"

# refused PATTERN OPTION…: with --cocotpm, which alone would fail later and in other words.
refused()
{
    local pattern=$1

    shift
    ! "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
        --cocotpm "type=unixio,path=$TMP/link,platform=emulator:$TMP/nobody" "$@" \
        > "$TMP/out" 2>&1 || fail "accepted: $*"
    grep -q -e "$pattern" "$TMP/out" || fail "$*: expected \"$pattern\", got: $(cat "$TMP/out")"
    [ -z "$(ls -A "$TMP/state")" ] || fail "$* left something in the state's folder"
}

refused "nobody"                                # the contrast: only the platform is missing
refused "--server cannot" --server "type=unixio,path=$TMP/s"
refused "--ctrl cannot" --ctrl "type=unixio,path=$TMP/c"
refused "(--port) cannot" -p 12345
refused "(--fd) cannot" -f 0
refused "--flags cannot" --flags not-need-init
refused "--key cannot" --key "file=$TMP/key"
refused "--migration-key cannot" --migration-key "file=$TMP/key"
refused "--migration cannot" --migration incoming
refused "--locality cannot" --locality allow-set-locality

# form PATTERN TEXT: what --cocotpm itself may not be.
form()
{
    ! "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" --cocotpm "$2" > "$TMP/out" 2>&1 ||
        fail "accepted: --cocotpm $2"
    grep -q -e "$1" "$TMP/out" || fail "$2: expected \"$1\", got: $(cat "$TMP/out")"
}

form "type=" "path=$TMP/link"
form "path=" "type=unixio"
form "port=" "type=tcp"
form "exclude" "type=unixio,path=$TMP/link,fd=0"
form "no UUID" "type=unixio,path=$TMP/link,id=12"
form "timeout" "type=unixio,path=$TMP/link,timeout=0"
form "policy" "type=unixio,path=$TMP/link,policy=$TMP/p"
form "psk" "type=unixio,path=$TMP/link,psk=bootstrap"
! "$swtpm" socket --tpmstate "dir=$TMP/state" --cocotpm "type=unixio,path=$TMP/link" \
    > "$TMP/out" 2>&1 || fail "accepted without --tpm2"
grep -q -e "--tpm2" "$TMP/out" || fail "no word about --tpm2"
