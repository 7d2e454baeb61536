#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: swtpm_setup makes the TPMs that swtpm_setup 0.7.1 makes, and says the same about it
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need /usr/bin/swtpm /usr/bin/swtpm_setup tpm2_readpublic openssl socat
setup=$(ours swtpm_setup)
cd "$TMP"

# One CA for both; the TPM runs in Debian's swtpm, so that only the setup differs.
printf 'statedir = %s\nsigningkey = %s/signkey.pem\nissuercert = %s/issuercert.pem\n' \
    "$TMP/ca" "$TMP/ca" "$TMP/ca" > ca.conf
printf '%s\n' '--platform-manufacturer Fedora' '--platform-version 2.1' '--platform-model QEMU' > ca.opts
printf 'create_certs_tool = /usr/bin/swtpm_localca\ncreate_certs_tool_config = %s\n' "$TMP/ca.conf" > conf
printf 'create_certs_tool_options = %s\nactive_pcr_banks = sha256\n' "$TMP/ca.opts" >> conf
# Whoever comes first makes the CA and says so: neither of the two.
/usr/bin/swtpm_localca --type ek --ek "$(openssl rand -hex 256)" --dir "$TMP" --configfile ca.conf \
    --tpm-manufacturer id:1 --tpm-model m --tpm-version id:1 --tpm-spec-family 2.0 \
    --tpm-spec-level 0 --tpm-spec-revision 1 --tpm2 > /dev/null

# spoken FILE: a log without keys, folders, dates.
spoken()
{
    sed -E 's/[0-9a-f]{60,}/KEY/g; s/@ .*/@ DATE/; s#swtpm_setup\.certs\.[A-Za-z0-9]+#CERTS#; s#(ours|debian)#WHO#g' "$1" |
        grep -v 'stale\|Error getting next filename'
}

# contents DIR [OPTION…]: keys, NV areas and banks of a TPM 2, without what is random.
contents()
{
    local dir=$1 handle index

    shift
    start tpm /usr/bin/swtpm socket --tpm2 --tpmstate dir="$dir" --server type=unixio,path="$TMP/s" \
        --ctrl type=unixio,path="$TMP/s.ctrl" --flags not-need-init,startup-clear "$@"
    retry test -S "$TMP/s.ctrl" || fail "no socket"
    export TPM2TOOLS_TCTI="swtpm:path=$TMP/s"
    retry tpm2_getrandom -o /dev/null 4 2> /dev/null || fail "Debian's swtpm does not take $dir"
    tpm2_getcap pcrs
    for handle in $(tpm2_getcap handles-persistent | tr -d '-'); do
        echo "== $handle"
        tpm2_readpublic -c "$handle" | grep -vE '^ *(rsa|x|y|name|qualified name): '
    done
    for index in $(tpm2_getcap handles-nv-index | tr -d '-'); do
        tpm2_nvreadpublic "$index" | grep -v 'name:'
        tpm2_nvread -C p "$index" > area
        case $index in
        0x1C00004 | 0x1C00017) hex < area; echo ;;
        *) openssl asn1parse -inform der -in area | grep -vE 'TIME|BIT STRING' | sed '5d' |
               sed -E 's/^ *[0-9]+:d=/d=/; s/l= *[0-9]+/l=/' ;;
        esac
    done
    stop tpm || true
    rm -f "$TMP/s" "$TMP/s.ctrl"
}

# asked HEX: the TPM 1.2's answer.
asked()
{
    unhex <<< "$1" | socat -t 10 - "UNIX-CONNECT:$TMP/s" | hex
}

# contents12 DIR [OPTION…]: what TPM_GetCapability (Part 3, 7.1) says of NV areas, flags and the
# owner of a TPM 1.2. The size of an area goes with the random number of its certificate.
contents12()
{
    local dir=$1 index

    shift
    start tpm /usr/bin/swtpm socket --tpmstate dir="$dir" --server type=unixio,path="$TMP/s" \
        --ctrl type=unixio,path="$TMP/s.ctrl" --flags not-need-init,startup-clear "$@"
    retry test -S "$TMP/s.ctrl" || fail "no socket"
    echo "areas $(asked 00c100000012000000650000000d00000000)"
    echo "permanent flags $(asked 00c10000001600000065000000040000000400000108)"
    echo "owner $(asked 00c10000001600000065000000050000000400000111)"
    for index in 1000f000 1000f002; do
        echo "0x$index $(asked "00c100000016000000650000001100000004$index" | sed 's/........$//')"
    done
    stop tpm || true
    rm -f "$TMP/s" "$TMP/s.ctrl"
}

compare12()
{
    contents12 debian > debian.txt
    contents12 ours > ours.txt
    diff debian.txt ours.txt || fail "$1: differs"
    grep -Eq "$2" ours.txt || fail "$1: $(cat ours.txt)"
}

# both NAME OPTION…: the same options for both programs.
both()
{
    local name=$1 who program

    shift
    for who in debian ours; do
        program=/usr/bin/swtpm_setup
        [ $who = debian ] || program=$setup
        rm -rf $who
        mkdir $who
        "$program" --tpm-state "$TMP/$who" --tpm "/usr/bin/swtpm socket" --config conf \
            --vmid vm:1 "$@" > $who.out 2> $who.err || { cat $who.out $who.err; fail "$name: $who"; }
        spoken $who.out > $who.spoken
    done
    diff debian.spoken ours.spoken || fail "$name: says something else"
    [ "$(ls -A debian)" = "$(ls -A ours)" ] || fail "$name: other files: $(ls -A ours)"
}

compare()
{
    local name=$1 size

    contents debian "${@:2}" > debian.txt
    contents ours "${@:2}" > ours.txt
    diff debian.txt ours.txt || fail "$name: differs"
    grep -q '^0x\|^== 0x\|pcrs' ours.txt || fail "$name: nothing was compared"
}

both plain --tpm2
compare plain
both all --tpm2 --create-ek-cert --create-platform-cert --lock-nvram
compare all
both keys --tpm2 --createek --create-spk --rsa-keysize 3072 --pcr-banks sha1,sha512
compare keys
# Banks are named in the order of whoever asks, each once; an empty word asks for the default.
both banks --tpm2 --pcr-banks sha512,none,sha1 --pcr-banks sha512
compare banks
both default --tpm2 --pcr-banks ''
compare default
both ecc --tpm2 --create-spk --ecc --pcr-banks -
compare ecc
both signing --tpm2 --create-ek-cert --allow-signing
compare signing
both twice --tpm2 --create-ek-cert --allow-signing --decryption
compare twice
echo passphrase > pw
both locked --tpm2 --createek --pwdfile pw --cipher aes-256-cbc
compare locked --key pwdfile=pw,mode=aes-256-cbc
both tpm12 --createek --create-ek-cert --create-platform-cert --lock-nvram
compare12 tpm12 'areas 00c4.*1000f0001000f002'
both owned --take-ownership --owner-well-known --srk-well-known
compare12 owned 'owner .*01$'

# Certificates as files; keys by file and descriptor; the other ways to name a state.
same_files()
{
    local name

    [ "$(ls debian.files)" = "$(ls ours.files)" ] || fail "$1: other files: $(ls ours.files)"
    for name in $(ls ours.files); do
        for who in debian ours; do
            openssl asn1parse -inform der -in "$who.files/$name" | grep -vE 'TIME|BIT STRING' |
                sed '5d' | sed -E 's/^ *[0-9]+:d=/d=/; s/l= *[0-9]+/l=/' > $who.txt
        done
        diff debian.txt ours.txt || fail "$1: $name differs"
    done
}
mkdir debian.files ours.files
# The folder is another for each program, so it is named by a link.
for who in debian ours; do
    program=/usr/bin/swtpm_setup
    [ $who = debian ] || program=$setup
    ln -sfn "$TMP/$who.files" files
    rm -rf $who
    mkdir $who
    "$program" --tpm-state "dir://$TMP/$who" --tpm "/usr/bin/swtpm socket" --config conf --tpm2 \
        --vmid vm:1 --create-ek-cert --write-ek-cert-files "$TMP/files" > $who.out 2>&1 ||
        { cat $who.out; fail "files: $who"; }
    spoken $who.out > $who.spoken
done
diff debian.spoken ours.spoken || fail "files: says something else"
same_files files
compare files
# Of a TPM 1.2 too, without the header that it has there; the rights of both are the same.
rm -f debian.files/* ours.files/*
for who in debian ours; do
    program=/usr/bin/swtpm_setup
    [ $who = debian ] || program=$setup
    rm -rf $who
    mkdir $who
    "$program" --tpm-state "$TMP/$who" --tpm "/usr/bin/swtpm socket" --config conf \
        --create-ek-cert --write-ek-cert-files "$TMP/$who.files" > $who.out 2>&1 ||
        { cat $who.out; fail "files of TPM 1.2: $who"; }
    (cd $who.files && stat -c '%n %a' *) > $who.modes
done
diff debian.modes ours.modes || fail "files of TPM 1.2: other files, or other rights"
same_files files12

for who in debian ours; do
    program=/usr/bin/swtpm_setup
    [ $who = debian ] || program=$setup
    rm -f $who.state
    : > $who.state
    "$program" --tpm-state "file://$TMP/$who.state" --tpm "/usr/bin/swtpm socket" --tpm2 --overwrite \
        > $who.out 2>&1 || { cat $who.out; fail "file: $who"; }
    # Ours is made beside its place, so swtpm says that it formats it.
    spoken $who.out | grep -v Formatting > $who.spoken
done
diff debian.spoken ours.spoken || fail "file: says something else"
[ "$(stat -c %s debian.state)" = "$(stat -c %s ours.state)" ] || fail "file: another size"

openssl rand -hex 32 > key
both keyfile --tpm2 --createek --keyfile key --cipher aes-256-cbc
compare keyfile --key file=key,mode=aes-256-cbc,format=hex
for who in debian ours; do
    program=/usr/bin/swtpm_setup
    [ $who = debian ] || program=$setup
    rm -rf $who
    mkdir $who
    "$program" --tpm-state "$TMP/$who" --tpm "/usr/bin/swtpm socket" --tpm2 --keyfile-fd 7 \
        --cipher aes-256-cbc 7< key > $who.out 2>&1 || { cat $who.out; fail "keyfile-fd: $who"; }
    spoken $who.out > $who.spoken
done
diff debian.spoken ours.spoken || fail "keyfile-fd: says something else"
compare keyfile-fd --key file=key,mode=aes-256-cbc,format=hex

# A state of the other program, reconfigured by each: what was made stays, the banks change.
both before --tpm2 --create-ek-cert --lock-nvram
mv debian swap
mv ours debian
mv swap ours
for who in debian ours; do
    program=/usr/bin/swtpm_setup
    [ $who = debian ] || program=$setup
    "$program" --tpm-state "$TMP/$who" --tpm "/usr/bin/swtpm socket" --tpm2 --reconfigure \
        --pcr-banks sha1,sha384 > $who.out 2>&1 || { cat $who.out; fail "reconfigure: $who"; }
    spoken $who.out > $who.spoken
done
diff debian.spoken ours.spoken || fail "reconfigure: says something else"
compare reconfigure

# --overwrite and --not-overwrite: the same words, and the same that stays. Of both the second holds.
for option in --overwrite --not-overwrite '--overwrite --not-overwrite' '--not-overwrite --overwrite'; do
    for who in debian ours; do
        program=/usr/bin/swtpm_setup
        [ $who = debian ] || program=$setup
        sha256sum < $who/tpm2-00.permall > $who.sum
        # shellcheck disable=SC2086
        "$program" --tpm-state "$TMP/$who" --tpm "/usr/bin/swtpm socket" --tpm2 $option \
            > $who.out 2>&1 || { cat $who.out; fail "$option: $who"; }
        spoken $who.out > $who.spoken
        changed=no
        sha256sum < $who/tpm2-00.permall | cmp -s - $who.sum || changed=yes
        echo "changed: $changed" >> $who.spoken
    done
    diff debian.spoken ours.spoken || fail "$option: differs"
done

# The words of failures, and their status.
mkdir d o
"$setup" --tpm2 --tpm-state "$TMP/o" --tpm "/usr/bin/swtpm socket" > /dev/null
/usr/bin/swtpm_setup --tpm2 --tpm-state "$TMP/d" > /dev/null
cases=0
while read -r line; do
    for who in d o; do
        program=/usr/bin/swtpm_setup
        [ $who = d ] || program=$setup
        status=0
        # The words are split as they stand.
        # shellcheck disable=SC2086
        "$program" ${line//DIR/$TMP/$who} > $who.text 2>&1 < /dev/null || status=$?
        { sed "s#$TMP/$who#DIR#g" $who.text; echo "status $status"; } > $who.case
    done
    diff d.case o.case || fail "differs: $line"
    cases=$((cases + 1))
done << 'END'
--tpm-state DIR --tpm2
--tpm-state DIR --tpm2 --not-overwrite
--tpm2
--tpm-state DIR --ecc
--tpm-state DIR --overwrite --tpm2 --cipher des
--tpm-state DIR --overwrite --tpm2 --keyfile /nonexistent
--tpm-state DIR --overwrite --tpm2 --config /nonexistent
--tpm-state /nonexistent --tpm2
--tpm-state DIR --tpm2 --reconfigure --createek
--tpm-state DIR --tpm2 --take-ownership
--tpm-state DIR --tpm2 --overwrite --rsa-keysize 12
--tpm-state DIR --tpm2 --overwrite --tpm /nonexistent
--tpm-state DIR --tpm2 --overwrite --tpm /bin/true
--tpm-state DIR --overwrite --runas no-such-user
--tpm-state DIR --tpm2 --overwrite --write-ek-cert-files /nonexistent
--tpm-state DIR --overwrite --rsa-keysize 3072
--tpm-state DIR --reconfigure
--tpm-state DIR --tpm2 --reconfigure --create-ek-cert
END

# What is no option is passed by.
for who in debian ours; do
    program=/usr/bin/swtpm_setup
    [ $who = debian ] || program=$setup
    rm -rf $who
    mkdir $who
    "$program" --tpm-state $who "" --tpm "/usr/bin/swtpm socket" word --tpm2 > $who.out 2> $who.err ||
        fail "words: $who $(cat $who.err)"
    spoken $who.out > $who.spoken
done
"$setup" '-?' | finds -- --tpm-state || fail "-? is no help"
diff debian.spoken ours.spoken || fail "words: says something else"
grep -q "word 'word'" ours.err || fail "words: without a warning"
echo "$cases failures compared"
