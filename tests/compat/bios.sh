#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: swtpm_bios does and says what Debian's does, with a TPM 2 and a TPM 1.2
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

[ -x /usr/bin/swtpm_bios ] || skip "Debian's swtpm is not installed"
swtpm=$(ours swtpm)
bios=$(ours swtpm_bios)
cd "$TMP"

# one BIOS NAME [--tpm2]: the same calls to a TPM of its own.
one()
{
    local program=$1 name=$2 status words

    shift 2
    mkdir "$TMP/$name"
    start "$name" "$swtpm" socket "$@" --tpmstate dir="$TMP/$name" \
        --server type=unixio,path="$TMP/$name.s" --flags not-need-init
    wait_socket "$name" "$TMP/$name.s"
    for words in "" "-cs" "-ea" "-u" "-n" "-s" "-d" "-o" "-ea" "-c" "-cs -u"; do
        status=0
        echo "== $words"
        # shellcheck disable=SC2086
        "$program" "$@" --unix "$TMP/$name.s" $words 2>&1 || status=$?
        echo "status $status"
    done
    stop "$name" || fail "swtpm does not end with success"
}

for tpm in "" --tpm2; do
    # shellcheck disable=SC2086
    one /usr/bin/swtpm_bios d$tpm $tpm > theirs
    # shellcheck disable=SC2086
    one "$bios" o$tpm $tpm > ours
    diff theirs ours || fail "other words or statuses (${tpm:-TPM 1.2})"
done
# The requests themselves, their order and what is said of refusals: noted by a TPM that answers
# each with success, or with the code that the file "codes" has for it (a line: ordinal code).
cat > noting.pl << 'PERL'
use Socket;
my ($path) = @ARGV;
socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($path)) or die; listen(S, 5);
while (accept(C, S)) {
    open(F, '<', 'codes'); my %codes = map { split } <F>; close(F);
    open(L, '>>', 'requests');
    while (sysread(C, my $r, 4096)) {
        my $h = unpack('H*', $r);
        my $code = substr($h, 12, 8);
        $h = substr($h, 0, 54) if $code eq '00000129';         # its end is random
        syswrite(L, "$h\n");                                  # there before the answer is
        my $answer = $h =~ /^00c1/ ? '00c4' : '8001';
        if ($code eq '00000065' && !$codes{$code}) {           # the permanent flags
            $answer .= '00000022' . '00000000' . '00000014' . '001f' . ($codes{flags} // '00') x 18;
        } else {
            $answer .= '0000000a' . ($codes{$code} // '00000000');
        }
        syswrite(C, pack('H*', $answer));
    }
    close(L); close(C);
}
PERL
need perl
: > codes
start noting perl noting.pl "$TMP/noting"
wait_socket noting "$TMP/noting"

noted()
{
    local program=$1 words status

    shift
    for words in "" -s -d -n -o -u -cs -ea "-c -o -n" "-n -o" "-o -cs" "-d -u" "-s -cs -u -ea" "-d -c"; do
        : > requests
        status=0
        # shellcheck disable=SC2086
        "$program" "$@" --unix "$TMP/noting" $words > said 2> said.of || status=$?
        echo "$words: $status"
        # A misspelling of 0.7.1.
        sed 's/Imcremental/Incremental/' said said.of requests
    done
}

for codes in "" "flags 01" "4000000a 00000003" "flags 01|0000006f 00000007" "00000099 00000026" \
    "00000144 00000100" "00000142 00000101|00000129 0000098e" "00000065 00000009|00000053 00000009"; do
    tr '|' '\n' <<< "$codes" > codes
    for tpm in "" --tpm2; do
        # shellcheck disable=SC2086
        noted /usr/bin/swtpm_bios $tpm > theirs
        # shellcheck disable=SC2086
        noted "$bios" $tpm > ours
        [ -s ours ] && diff theirs ours || fail "other requests or words (${tpm:-TPM 1.2}, $codes)"
    done
done

status=0
"$bios" --tpm2 --unix "$TMP/none" > out 2>&1 || status=$?
[ "$status" = 255 ] || fail "an unreachable TPM gives status $status"
status=0
"$bios" --nonsense > out 2>&1 || status=$?
[ "$status" = 1 ] || fail "wrong usage gives status $status"
