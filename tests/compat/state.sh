#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: state that swtpm 0.7.1 writes in each mode is taken over by ours, and the other way round
# slow: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need /usr/bin/swtpm /usr/bin/swtpm_ioctl tpm2_nvread socat
mine=$(ours swtpm)
cd "$TMP"
export TPM2TOOLS_TCTI="swtpm:path=$TMP/s"

printf 000102030405060708090a0b0c0d0e0f > hex128
printf 0x000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f > hex256
head -c 32 /dev/urandom > binary
printf 'a passphrase\n' > pw

# power_on PROGRAM WHERE OPTION…
power_on()
{
    local program=$1 where=$2

    shift 2
    start tpm "$program" socket --tpmstate "$where" --server type=unixio,path="$TMP/s" \
        --ctrl type=unixio,path="$TMP/s.ctrl" --flags not-need-init,startup-clear "$@"
    retry test -S "$TMP/s.ctrl" || { cat tpm.log; fail "$program does not start: $where $*"; }
    retry /usr/bin/swtpm_ioctl --unix "$TMP/s.ctrl" -g > /dev/null 2>&1 ||
        { cat tpm.log; fail "$program does not answer: $where $*"; }
}

power_off()
{
    /usr/bin/swtpm_ioctl --unix "$TMP/s.ctrl" -s > /dev/null
    wait_end tpm || fail "it ends with an error"
    rm -f "$TMP/s" "$TMP/s.ctrl"
}

count()
{
    tpm2_nvincrement -Q -C o 0x1500016
    tpm2_nvread -C o -s 8 0x1500016 | hex
}

# TPM 1.2: each command is tag, size, ordinal, parameters; the answer as hex.
command12()
{
    unhex <<< "$1" | socat -t 60 - "UNIX-CONNECT:$TMP/s" | hex
}
nonce=$(printf '%040d' 0)
presence="00c1 0000000c 4000000a"
key_parms="00000001 0003 0001 0000000c 00000800 00000002 00000000"
make_key=("$presence 0020" "$presence 0008" "00c1 0000000a 0000006f" "00c1 0000000b 00000072 00"
    "00c1 00000036 00000078 $nonce $key_parms")
read_key="00c1 0000001e 0000007c $nonce"

first() { "first_$version"; }
again() { "again_$version" "$@"; }
first_2()
{
    tpm2_nvdefine -Q 0x1500016 -C o -s 8 -a "ownerread|ownerwrite|nt=counter"
    count > value.first
}
again_2()
{
    steps=$((steps + 1))
    [ "$(count)" = "$(printf '%016x' $((16#$(cat value.first) + steps)))" ] ||
        fail "$*: another counter"
}
first_12()
{
    local command

    for command in "${make_key[@]}"; do
        [ "$(command12 "$command" | cut -c 13-20)" = 00000000 ] || fail "TPM 1.2: $command"
    done
    command12 "$read_key" > key.first
    [ "$(cut -c 13-20 key.first)" = 00000000 ] || fail "TPM 1.2: ReadPubek"
}
again_12()
{
    [ "$(command12 "$read_key")" = "$(cat key.first)" ] || fail "$*: another key"
}

pairs=0
device=''                            # to be emptied before each pair
# matrix WHERE OPTION…: written by one, taken over by the other, and back.
matrix()
{
    local where=$1 one other

    shift
    for one in /usr/bin/swtpm "$mine"; do
        other=$mine
        [ "$one" = /usr/bin/swtpm ] || other=/usr/bin/swtpm
        for version in 2 12; do
            options=("$@")
            [ $version = 12 ] || options+=(--tpm2)
            steps=0
            rm -rf state
            mkdir state
            [ -z "$device" ] || dd if=/dev/zero of="$device" bs=1M count=1 conv=fsync status=none
            power_on "$one" "$where" "${options[@]}"
            first
            power_off
            power_on "$other" "$where" "${options[@]}"
            again "$other" "$where" "$@"
            power_off
            power_on "$one" "$where" "${options[@]}"
            again "$one" "$where" "$@"
            power_off
            pairs=$((pairs + 1))
        done
    done
}

matrix "dir=$TMP/state"
matrix "backend-uri=file://$TMP/state/file"
matrix "dir=$TMP/state,mode=0600" --key file=hex128
matrix "dir=$TMP/state" --key file=hex256,mode=aes-256-cbc,format=hex
matrix "dir=$TMP/state" --key file=binary,mode=aes-256-cbc,format=binary
matrix "dir=$TMP/state" --key pwdfile=pw
matrix "backend-uri=file://$TMP/state/file" --key pwdfile=pw,mode=aes-256-cbc,kdf=sha512

# A block device.
truncate -s 1M disk
if device=$(losetup --find --show "$TMP/disk" 2> losetup.log); then
    at_exit losetup -d "$device"
    matrix "backend-uri=file://$device"
fi
echo "$pairs states went there and back"
[ -n "$device" ] || skip "all but block devices was tried: $(cat losetup.log)"
