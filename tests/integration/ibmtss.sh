#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: IBM's TSS tools start the TPM, make keys, sign, certify, and keep data in NV on our socket
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need tssstartup tssgetrandom tsscreateprimary tsscreate tssload tsssign tssverifysignature \
    tssnvdefinespace tssstartauthsession tssquote
swtpm=$(ours swtpm)
cd "$TMP"
mkdir state tss
port=$(free_port)
# One connection a tool, as these tools are to swtpm: no simulator's framing.
export TPM_INTERFACE_TYPE=socsim TPM_SERVER_TYPE=raw TPM_SERVER_NAME=127.0.0.1 \
    TPM_COMMAND_PORT=$port TPM_DATA_DIR=$TMP/tss TPM_ENCRYPT_SESSIONS=0
printf 'what is signed' > message
printf 'sixteen bytes...' > data

# tss TOOL OPTION…: must succeed.
tss()
{
    "tss$1" "${@:2}" > "tss.log" 2>&1 || { cat tss.log; fail "tss$*"; }
}

serve()
{
    start swtpm "$swtpm" socket --tpm2 --tpmstate dir="$TMP/state" \
        --server type=tcp,port="$port" --ctrl type=unixio,path="$TMP/c" --flags "$1"
    wait_socket swtpm "$port"
}

serve not-need-init
tss startup -c
tss getrandom -by 16 -of random
[ "$(stat -c %s random)" = 16 ] || fail "not 16 random bytes"

# A primary key, a key below it that signs, by a session with encrypted parameters.
tss createprimary -hi o -st -ecc nistp256 -pwdk storage
tss startauthsession -se h -hs 80000000
tss create -hp 80000000 -si -ecc nistp256 -pwdp storage -pwdk mine -opr key.private -opu key.public \
    -se0 02000000 61
tss load -hp 80000000 -ipr key.private -ipu key.public -pwdp storage -se0 02000000 61
tss sign -hk 80000001 -halg sha256 -ecc -if message -os signature -pwdk mine -se0 02000000 01
tss verifysignature -hk 80000001 -halg sha256 -if message -is signature -ecc
printf x >> message
! tssverifysignature -hk 80000001 -halg sha256 -if message -is signature -ecc > tss.log 2>&1 ||
    fail "a signature of something else is good"
! tsssign -hk 80000001 -halg sha256 -ecc -if message -os none -pwdk other > tss.log 2>&1 ||
    fail "a wrong password signs"

# A quote over a PCR that was extended.
tss pcrextend -ha 16 -halg sha256 -ic measured
tss pcrread -ha 16 -halg sha256 -of pcr
[[ $(hex < pcr) =~ [1-9a-f] ]] || fail "PCR 16 is empty"
tss quote -hp 16 -hk 80000001 -halg sha256 -salg ecc -pwdk mine -os quote.signature -oa quote
tss verifysignature -hk 80000001 -halg sha256 -if quote -is quote.signature -ecc

# NV memory, which outlives the process.
tss nvdefinespace -hi o -ha 01500020 -sz 16 -pwdn secret
tss nvwrite -ha 01500020 -pwdn secret -if data
! tssnvread -ha 01500020 -pwdn wrong -sz 16 -of read > tss.log 2>&1 || fail "a wrong password reads"
tss flushcontext -ha 80000001
tss flushcontext -ha 80000000
tss shutdown -c
stop swtpm || fail "swtpm does not end with success"

# Once more with swtpm's own Startup.
serve startup-clear
tss nvread -ha 01500020 -pwdn secret -sz 16 -of read
cmp data read || fail "NV memory has other bytes after a restart"
tss nvundefinespace -hi o -ha 01500020
! tssnvread -ha 01500020 -pwdn secret -sz 16 -of read > tss.log 2>&1 || fail "the index is there"
stop swtpm || fail "swtpm does not end with success"
