#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: identities of every odd size and content, binders and key shares that are none, and a recorded
# ClientHello: the answer is that to a wrong key, or none, and whoever is attached goes on
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

TPM_WORDS=,timeout=600
honest_session

zeroes()
{
    printf "%0$((2 * $1))d" 0
}

# block BYTES-OF-THE-LENGTH HEX: the bytes with their length before them.
block()
{
    printf "%0$((2 * $1))x%s" $((${#2} / 2)) "$2"
}

# The parts of a ClientHello (RFC 8446, 4.1.2 and 4.2), to be changed one by one; the PSK extension
# is the last.
share=$(printf '09%.0s' {1..32})
binder=$(printf 'ab%.0s' {1..32})
hello()
{
    local identities binders extensions body

    identities=$(block 2 "${listed:-$(block 2 "$1")00000000}")
    binders=$(block 2 "${bound:-$(block 1 "$binder")}")
    extensions=002b0003020304000a00040002001d
    extensions+=0033$(block 2 "$(block 2 "001d$(block 2 "$share")")")
    extensions+=002d00020101
    extensions+=0029$(block 2 "$identities$binders")
    body=0303$(zeroes 32)00000413011303"0100"$(block 2 "$extensions")
    body=01$(block 3 "$body")
    echo "160301$(block 2 "$body")"
}

# heard HEX: what comes back to these bytes before the link ends or a while has passed.
heard()
{
    # A link that ends before all is said is an answer too.
    { unhex <<< "$1" 2> /dev/null || true; } |
        { socat -t 1 -T 5 - "UNIX-CONNECT:$TMP/coco.sock" 2> "$TMP/socat.log" || true; } | hex
}

# A recorded ClientHello is answered, since its binder is good; nobody can go on from there.
attack cut
pcr_extend "$(digest 2)"
size=$((16#$(slice "$TMP/wire" 3 2)))
recorded=$(slice "$TMP/wire" 0 $((size + 5)))
[[ $recorded = 160301* ]] || fail "the record does not begin with a ClientHello"
[[ $(heard "$recorded") = 160303* ]] || fail "a recorded ClientHello is not answered"
report "a recorded ClientHello" "-" "ends with the handshake"

# The answer to a wrong key: that identity, another binder.
wrong=1503030002022f
last=${recorded: -64}
other=$(printf '%064d' 7)
[ "$last" != "$other" ] || fail "the binder is $other"
[ "$(heard "${recorded:0:-64}$other")" = "$wrong" ] ||
    fail "a wrong binder: $(heard "${recorded:0:-64}$other")"

# same WHAT: so is this.
same()
{
    local said

    said=$(heard "$(hello "$2")")
    [ "$said" = "$wrong" ] || fail "$1: answered with '$said', not like a wrong key"
}
# Any other alert, or the end of the link, and nothing of a handshake.
refused()
{
    local said

    said=$(heard "$2")
    [[ $said = 15030[1-3]000202?? || -z $said ]] ||
        fail "$1: answered with '$said'"
}

coco=436f436f54504d01               # "CoCoTPM", version 1
for size in 1 2 31 32 73 74 75 255 256 512 3000; do
    same "an identity of $size zero bytes" "$(zeroes $size)"
    same "an identity of $size bytes" "$(printf "%0$((2 * size))d" 0 | tr 0 e)"
done
same "an identity that is cut short" "0018$coco"
same "a NUL behind the name" "0019${coco}01${ID//-/}000020$(zeroes 32)03040001"
same "the name, and zeroes" "$coco$(zeroes 80)"
same "role 0" "0019${coco}00${ID//-/}0020$(zeroes 32)03040001"
same "role 255" "0019${coco}ff${ID//-/}0020$(zeroes 32)03040001"
same "the operator's, where there is none" "0019${coco}02${ID//-/}0020$(zeroes 32)03040001"
same "a number of a key to resume with" "0021${coco}03${ID//-/}ffffffffffffffff0020$(zeroes 32)03040001"
same "another target protocol" "0019${coco}01${ID//-/}0020$(zeroes 32)03030001"
report "identities of odd sizes and contents, NULs" "-" "as a wrong key"

refused "an identity of no bytes" "$(hello "")"
refused "an identity beyond a record's bound" "$(hello "$(zeroes 4000)")"
huge=$(hello "$(zeroes 16000)")
refused "an identity of 16,000 bytes" "$huge"
# 65,535 bytes: in four records, as no record can be that long.
huge=$(hello "$(zeroes 16)")
huge=$(printf '01%06x%s' 65600 "$(zeroes 16000)")
refused "an identity of 65,535 bytes" "160301$(block 2 "$huge")$(zeroes 49000)"
listed=$(zeroes 20) refused "a list of empty identities" "$(hello 00)"
listed=ffff01 refused "an identity that is longer than its list" "$(hello 00)"
listed=$(for _ in {1..150}; do printf 000101; zeroes 4; done) \
    refused "150 identities" "$(hello 00)"
bound=00 refused "an empty binder" "$(hello 00)"
bound=$(block 1 "$(zeroes 64)") refused "a binder of 64 bytes" "$(hello 01)"
bound=$(block 1 "$binder")$(block 1 "$binder") refused "more binders than identities" "$(hello 01)"
share=$(zeroes 32) refused "a key share of zeroes" "$(hello 01)"
share=01 refused "a key share of one byte" "$(hello 01)"
refused "a ClientHello cut into two records" "${recorded/160301????/1603010040}"
report "an empty or a huge identity, odd binders" "-" "refused, link ended"


pcr_extend "$(digest 3)"
pcr_check "after all of them"
[ "$(attack connections)" = 2 ] || fail "they cost the session"
stop driver_tpm || fail "the driver ended with $?"
