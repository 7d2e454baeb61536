#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: state blobs go from swtpm 0.7.1 to ours and back, in clear, encrypted and under a migration key
# slow: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

theirs=/usr/bin/swtpm
need $theirs /usr/bin/swtpm_ioctl /usr/bin/swtpm_bios
mine=$(ours swtpm)
cd "$TMP"
printf 'file key' > file
printf 'migration key' > migration
printf 'another key' > other

extend="8002 00000041 00000182 00000010 00000009 40000009 0000 00 0000
    00000001 000b $(printf '11%.0s' {1..32})"
read_pcr="8001 00000014 0000017e 00000001 000b 03 000001"
presence="00c1 0000000c 4000000a"

# run NAME PROGRAM OPTION…
run()
{
    local name=$1 program=$2

    shift 2
    rm -rf "${TMP:?}/$name" "$TMP/$name.s" "$TMP/$name.c"
    mkdir "$TMP/$name"
    start "$name" "$program" socket --tpmstate dir="$TMP/$name" \
        --server type=unixio,path="$TMP/$name.s" --ctrl type=unixio,path="$TMP/$name.c" "$@"
    wait_socket "$name" "$TMP/$name.c"
}

ask()
{
    unhex <<< "$2" | timeout 60 socat -t 60 - "UNIX-CONNECT:$TMP/$1.s" | hex
}

control()
{
    local name=$1

    shift
    /usr/bin/swtpm_ioctl --unix "$TMP/$name.c" "$@"
}

end()
{
    control "$1" -s
    wait_end "$1" || fail "$1 ends with a failure: $*"
}

# What is kept in volatile state: PCR 16; TPM 1.2 has its physical presence and PCR 16 too.
first()
{
    if [ "$version" = 2 ]; then
        /usr/bin/swtpm_bios --tpm2 --unix "$TMP/a.s" -o
        [[ $(ask a "$extend") =~ ^80020000001300000000 ]] || fail "the extend failed"
    else
        /usr/bin/swtpm_bios --unix "$TMP/a.s"
        [[ $(ask a "00c1 00000022 00000014 00000010 $(printf '22%.0s' {1..20})") =~ \
            ^00c40000001e00000000 ]] || fail "the extend failed"
    fi
}

value()
{
    if [ "$version" = 2 ]; then
        ask "$1" "$read_pcr"
    else
        ask "$1" "00c1 0000000e 00000015 00000010"
    fi
}

moves=0
# move FROM TO VERSION OPTION…: the state goes by the control channel, the PCR with it.
move()
{
    local from=$1 to=$2 before kind

    version=$3
    shift 3
    [ "$version" = 12 ] || set -- --tpm2 "$@"
    run a "$from" "$@"
    control a -i
    first
    before=$(value a)
    [ "$(cut -c 13-20 <<< "$before")" = 00000000 ] || fail "no PCR: $before"
    for kind in permanent volatile; do
        control a --save $kind "$TMP/$kind.blob"
    done
    end a
    run b "$to" "$@"
    for kind in permanent volatile; do
        control b --load $kind "$TMP/$kind.blob" || fail "$to refuses the $kind state of $from: $*"
    done
    control b -i || fail "$to does not start with the state of $from: $*"
    [ "$(value b)" = "$before" ] || fail "another PCR: $from to $to, $*"
    end b
    moves=$((moves + 1))
}

for pair in "$theirs $mine" "$mine $theirs"; do
    for version in 2 12; do
        # shellcheck disable=SC2086
        move $pair $version
        # shellcheck disable=SC2086
        move $pair $version --key pwdfile=file,mode=aes-256-cbc \
            --migration-key pwdfile=migration,mode=aes-256-cbc
    done
    # shellcheck disable=SC2086
    move $pair 2 --key pwdfile=file
    # shellcheck disable=SC2086
    move $pair 2 --migration-key pwdfile=migration,mode=aes-256-cbc,kdf=sha512
done

# What the answer to GET_STATEBLOB says of itself, asked for in clear or not, under each key.
heads()
{
    local keys flag

    for keys in "" "--key pwdfile=file" "--migration-key pwdfile=migration" \
        "--key pwdfile=file,mode=aes-256-cbc --migration-key pwdfile=migration,mode=aes-256-cbc"; do
        # shellcheck disable=SC2086
        run h "$1" --tpm2 --flags startup-clear $keys
        for flag in 0 1; do
            unhex <<< "0000000c 0000000$flag 00000001 00000000" |
                timeout 60 socat -t 60 - "UNIX-CONNECT:$TMP/h.c,readbytes=28" > answer
            echo "$keys $flag: $(slice answer 0 28)"
        done
        end h
    done
}
heads "$theirs" > heads.theirs
heads "$mine" > heads.ours
diff heads.theirs heads.ours || fail "blobs that say something else of themselves"

# Of the last run: blobs under a migration key that the taker has not, or has another of.
for program in "$theirs" "$mine"; do
    run c "$program" --tpm2
    ! control c --load permanent "$TMP/permanent.blob" > none.out 2>&1 ||
        fail "$program takes an encrypted state without a key"
    end c
    run c "$program" --tpm2 --migration-key pwdfile=other,mode=aes-256-cbc,kdf=sha512
    ! control c --load permanent "$TMP/permanent.blob" > wrong.out 2>&1 ||
        fail "$program takes a state with another key"
    sed 's/.*: //' none.out wrong.out >> "results.$(basename "$(dirname "$program")")"
    end c
done
diff results.bin results.swtpm || fail "other result codes"
echo "$moves states moved"
