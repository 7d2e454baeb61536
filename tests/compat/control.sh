#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: each control command by its bytes, good and odd, in each state, beside Debian's swtpm
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

theirs=/usr/bin/swtpm
need $theirs socat
mine=$(ours swtpm)
cd "$TMP"

# What is asked in each state, one connection each: control commands have no length, so that one
# write is one command. None of these starts or ends the TPM.
requests=(
    "00000004 get the established bit"
    "00000004 00 with a byte more"
    "00000005 00 locality 0"
    "00000005 03 locality 3"
    "00000005 04 locality 4"
    "00000005 05 no locality"
    "00000005 ff no locality at all"
    "00000005 cut short"
    "00000006 hash start"
    "00000007 00000004 01020304 hash data"
    "00000007 00000000 hash no data"
    "00000008 hash end"
    "00000008 hash end once more"
    "00000007 00000002 0102 data after the end"
    "00000009 cancel"
    "0000000b 03 reset the bit"
    "0000000b 05 reset by no locality"
    "0000000b reset, cut short"
    "0000000c 00000000 00000004 00000000 a state of no kind"
    "0000000c 00000000 cut short"
    "0000000d 00000000 00000001 00000004 01020304 a permanent state of four bytes"
    "0000000d 00000000 00000007 00000004 01020304 a state of no kind"
    "0000000d 00000000 00000001 00000000 no state"
    "0000000d 00000000 cut short"
    "0000000f how keys are set"
    "00000010 a data channel that is not sent along"
    "00000011 00000000 ask for the buffer size"
    "00000011 00000800 a buffer of 2 KiB"
    "00000011 00000001 a buffer too small"
    "00000011 00010000 a buffer too large"
    "00000000 command zero"
    "000000ff no command"
    "80000001 no command either"
)

# request PROGRAM HEX: what comes back until the channel is closed, on one line.
request()
{
    unhex <<< "$1" | timeout 60 socat -t 60 - "UNIX-CONNECT:$TMP/c" | hex
}

# ask_all STATE
ask_all()
{
    local line words

    for line in "${requests[@]}"; do
        words=$(sed 's/^\(\([0-9a-f][0-9a-f]\)* \)*//' <<< "$line")
        echo "$1, $words (${line%"$words"}): $(request "${line%"$words"}")"
    done
}

# scenario PROGRAM OPTION…
scenario()
{
    local program=$1

    shift
    rm -rf state c s
    mkdir state
    start tpm "$program" socket --tpmstate dir="$TMP/state" --ctrl type=unixio,path="$TMP/c" \
        --server type=unixio,path="$TMP/s" "$@"
    wait_socket tpm "$TMP/c"
    ask_all off
    echo "stop while off: $(request 0000000e)"
    echo "store while off: $(request 0000000a)"
    echo "init: $(request 0000000200000000)"
    ask_all on
    echo "init once more: $(request 0000000200000000)"
    echo "store: $(request 0000000a)"
    echo "stop: $(request 0000000e)"
    ask_all stopped
    echo "stop once more: $(request 0000000e)"
    echo "init, cut short: $(request 000000020000)"
    echo "init that drops the volatile state: $(request 0000000200000001)"
    echo "shutdown: $(request 00000003)"
    wait_end tpm || fail "$program ends with a failure"
}

for version in --tpm2 ""; do
    # shellcheck disable=SC2086 # one word or none
    scenario $theirs $version > theirs.out
    # shellcheck disable=SC2086
    scenario "$mine" $version > ours.out
    # As newer versions answer (HACKING).
    sed -i '/^on, a state of no kind (0000000c/s/: 00000800/: 00000009/' theirs.out
    diff theirs.out ours.out > differences || { cat differences; fail "other answers (${version:-TPM 1.2})"; }
done
answers=$(wc -l < ours.out)

# A state that was written under one key, or whose end is gone, started with other keys: the result
# of INIT, and the words that both have in their logs.
printf 'a passphrase' > one.key
printf 'another' > other.key
# started VERSION KEYS: by $program, on the folder state
started()
{
    rm -f c log
    # shellcheck disable=SC2086 # words or none
    start tpm "$program" socket $1 --tpmstate dir="$TMP/state" --ctrl type=unixio,path="$TMP/c" \
        --log file="$TMP/log",level=1 $2
    wait_socket tpm "$TMP/c"
    echo "${1:-TPM 1.2} $2: $(request 0000000200000000)"
    grep -oE 'Wrong decryption key. Need [0-9]* bit key|Could not find [A-Za-z (0-9)]* in byte stream' log |
        sort -u || true
    grep -c 'Entering failure mode' log || true
    echo "shutdown: $(request 00000003)"
    wait_end tpm || fail "$program ends with a failure"
}
for name in theirs ours; do
    program=$theirs
    [ $name = theirs ] || program=$mine
    for version in --tpm2 ""; do
        rm -rf state
        mkdir state
        started "$version" "--key pwdfile=one.key"
        for keys in "" "--key pwdfile=other.key" "--key pwdfile=one.key,mode=aes-256-cbc" \
            "--key pwdfile=one.key"; do
            started "$version" "$keys"
        done
        truncate -s 700 state/tpm*permall
        started "$version" "--key pwdfile=one.key"
    done > $name.out
done
diff theirs.out ours.out || fail "states under other keys"
grep -q 00000101 ours.out || fail "no key was refused"
echo "$answers answers of each version are alike"
