#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: swtpm_ioctl and the control channel say what Debian's say, command by command
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

theirs=/usr/bin/swtpm
[ -x "$theirs" ] && [ -x /usr/bin/swtpm_ioctl ] || skip "Debian's swtpm is not installed"
swtpm=$(ours swtpm)
ioctl=$(ours swtpm_ioctl)
cd "$TMP"
printf 'abcdefgh' > input

# one SWTPM IOCTL NAME: every command in a fixed order, with output and status.
one()
{
    local server=$1 client=$2 name=$3

    mkdir "$TMP/$name"
    start "$name" "$server" socket --tpm2 --tpmstate dir="$TMP/$name" \
        --ctrl type=unixio,path="$TMP/$name.ctrl" --server type=unixio,path="$TMP/$name.data"
    wait_socket "$name" "$TMP/$name.ctrl"
    call()
    {
        local status=0

        echo "== $*"
        "$client" --unix "$TMP/$name.ctrl" "$@" < input 2>&1 || status=$?
        echo "status $status"
    }
    for state in off on; do
        call -c; call -e; call -g; call -b 0; call -l 0; call -l 1; call -l 5; call -r 3; call -r 9
        call -v; call -C; call -h words; call -h -; call --info 7; call --info 1; call --info xx
        call --save permanent "$TMP/$name.permanent"; call --save savestate "$TMP/$name.saved"
        call --save nonsense "$TMP/$name.x"
        if [ "$state" = off ]; then
            call -b 3000
            call -i
        fi
    done
    call -b 4096
    call --load permanent "$TMP/$name.permanent"
    call --stop; call --stop
    call --load permanent "$TMP/$name.permanent"
    call -i
    call -c -i
    call -s
    wait_end "$name" || fail "$name does not end with success"
}

# What may differ: the bit of LOCK_STORAGE that 0.8 added, and a line end that Debian's forgets.
normal()
{
    sed -e 's/0x1ffff/0xffff/' -e "s,$TMP/[a-z]*,PATH,g" \
        -e 's/\(.\)status \([0-9]*\)$/\1\nstatus \2/' "$1"
}

one "$theirs" /usr/bin/swtpm_ioctl dd > dd.out
one "$theirs" "$ioctl" do > do.out
one "$swtpm" /usr/bin/swtpm_ioctl od > od.out
one "$swtpm" "$ioctl" oo > oo.out
for pair in do od oo; do
    diff <(normal dd.out) <(normal $pair.out) > $pair.diff ||
        { cat $pair.diff; fail "$pair differs from Debian's with Debian's"; }
done
cmp -s <(stat -c %a "$TMP/dd.permanent") <(stat -c %a "$TMP/oo.permanent") || fail "mode of blobs"

# The requests themselves, noted by a server that answers each with success. States and what is to
# be hashed may come in several writes.
cat > noting.pl << 'PERL'
use Socket;
my %answers = ('00000001' => '000000000001ffff', '00000004' => '0000000001000000',
    '0000000c' => '00000000000000000000000400000004' . '01020304', '0000000f' => '0000000000000003',
    '00000011' => '00000000000010000000080000001000', '00000012' => '000000000000000500000005' . '6162636400');
socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0])) or die; listen(S, 5);
while (accept(C, S)) {
    my $r = '';
    while (sysread(C, $r, 70000, length($r))) {
        my ($code, $a, $b, $c) = unpack('N4', $r . "\0" x 16);
        next if length($r) < ($code == 13 ? 16 + $c : $code == 7 ? 8 + $a : 4);
        my $h = unpack('H*', $r);
        my $sum = unpack('%32C*', $r);
        open(L, '>>', 'requests'); print L length($r), ' ', substr($h, 0, 80), " $sum\n"; close(L);
        $r = '';
        syswrite(C, pack('H*', $answers{substr($h, 0, 8)} // '00000000'));
    }
    open(L, '>>', 'requests'); print L "closed\n"; close(L);
    close(C);
}
PERL
need perl
start noting perl noting.pl "$TMP/noting"
wait_socket noting "$TMP/noting"
seq 1 800 > blob
: > empty

closed()
{
    [ "$(grep -c closed requests)" -ge "$1" ]
}

noted()
{
    local client=$1 words count=0 status

    : > requests
    while read -r words; do
        status=0
        # shellcheck disable=SC2086
        "$client" --unix "$TMP/noting" $words < blob > said 2>&1 || status=$?
        # What is refused for its words alone may be refused before or after connecting.
        case $words in
        *nonsense*) ;;
        *) count=$((count + 1)); retry closed $count || fail "no request: $words" ;;
        esac
        echo "$words: $status $(cat said)"
    done << 'ROWS'
-c
-i
--stop
-e
-r 3
-v
-C
-l 4
-h abcd
-h -
-g
-b 4000
-b 0
--info 7
--save permanent saved
--save volatile saved
--save savestate saved
--load permanent blob
--load savestate empty
-s
-b nonsense
-l nonsense
-r nonsense
--info nonsense
ROWS
    grep -v closed requests
    cat saved | hex
}
noted /usr/bin/swtpm_ioctl > theirs
noted "$ioctl" > ours
[ "$(wc -l < ours)" -gt 40 ] && diff theirs ours || fail "other requests"

# Through a file key: what was saved goes to a swtpm with another key, or with none.
printf 'a passphrase' > one.key
printf 'another' > other.key
keyed()
{
    mkdir -p "$TMP/$1"
    start keyed "$swtpm" socket --tpm2 --tpmstate dir="$TMP/$1" --ctrl type=unixio,path="$TMP/keyed" \
        "${@:2}"
    wait_socket keyed "$TMP/keyed"
}
keyed one --key pwdfile=one.key
"$ioctl" --unix "$TMP/keyed" -i
"$ioctl" --unix "$TMP/keyed" --save permanent keyed.blob
stop keyed
for key in "" "--key pwdfile=other.key"; do
    # shellcheck disable=SC2086
    keyed "to${key:+her}" $key
    "$ioctl" --unix "$TMP/keyed" --load permanent keyed.blob && "$ioctl" --unix "$TMP/keyed" -i ||
        fail "a state under a file key is of no use elsewhere (${key:-no key})"
    stop keyed
done

# Without a swtpm: words and status.
for args in "-c" "--unix $TMP/none -c" "--tcp 127.0.0.1:1 -c" "--tcp :99999 -c" "/dev/null -c" \
    "$TMP/none -c" "--unix $TMP/none" "--bad"; do
    for client in /usr/bin/swtpm_ioctl "$ioctl"; do
        status=0
        # shellcheck disable=SC2086
        "$client" $args > unreached.out 2>&1 || status=$?
        [ "$status" = 1 ] || fail "$client $args ends with $status"
    done
done
