#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a receipt cut short, of another instance, of a later time or changed in one field never holds,
# at HELLO, in a running session, or as a file; and a TPM that is told nothing is the same as before
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

OTHER=0b0e4a70-6d3e-4f55-8f1c-3b9a2f1d7c42
world
provision other "$OTHER" "$TMP/instance.policy"
tpm_start
tpm_start other other "$OTHER"
attacker_start

# Honest: kept in one session, shown in the next, and asked in the running one.
kept=(--receipt "$TMP/honest" --check-socket "$TMP/check")
DRIVER_WORDS=("${kept[@]}")
driver_start
tpm nvdefine 0x1500020 -C o -a "ownerread|ownerwrite|nt=counter" > "$TMP/nv.log"
tpm nvincrement 0x1500020 -C o
stop driver_tpm || fail "the driver ended with $?"
[ "$(stat -c %s "$TMP/honest")" = 80 ] || fail "not one receipt was kept"
cp "$TMP/honest" "$TMP/first"
vm_launch chip otherVM "$TMP/coco.img"
DRIVER_WORDS=(--receipt "$TMP/others")
DRIVER_ID=$OTHER driver_start otherVM tpm2 other
TPM_AT=tpm2 tpm changeauth -c owner ""
stop driver_tpm2 || fail "the driver ended with $?"

# forged NAME OFFSET HEX: the honest receipt with these bytes in it (UUID 0, epoch 16, lineage 24,
# generation 40, chain hash 48).
forged()
{
    cp "$TMP/first" "$TMP/$1"
    unhex <<< "$3" | dd of="$TMP/$1" bs=1 seek="$2" conv=notrunc status=none
}
# The field of 8 bytes at OFFSET, N more.
later()
{
    printf '%016x' $((16#$(slice "$TMP/first" "$1" 8) + $2))
}
flipped()
{
    printf '%02x' $((16#$(slice "$TMP/first" "$1" 1) ^ 1))
}
forged epoch1 16 "$(later 16 1)"
forged epoch9 16 "$(later 16 1000000)"
forged epoch0 16 "$(later 16 -1)"
forged last 16 ffffffffffffffff
forged lineage 24 "$(flipped 24)"
forged generation1 40 "$(later 40 9)"
forged generation9 40 ffffffffffffffff
forged chain 48 "$(flipped 48)"
forged chain_end 79 "$(flipped 79)"

# ask FILE: CHECK_RECEIPT by the driver that runs.
ask()
{
    "$(ours cocotpm-driver)" --check-receipt "$1" --check-socket "$TMP/check" --id "$ID"
}

# refused NAME ATTACK: at HELLO, by the CoCoTPM; the launch is not used up.
vm_launch chip second "$TMP/coco.img"
refused()
{
    cp "$TMP/$1" "$TMP/shown"
    DRIVER_WORDS=(--receipt "$TMP/shown")
    driver_refused "the receipt is not of this state's history" second
    cmp "$TMP/$1" "$TMP/shown" || fail "$2: the receipt was changed"
}
refused epoch1 "the next epoch"
refused epoch9 "a later epoch"
refused last "the last epoch there can be"
refused epoch0 "an earlier epoch with the lineage of this one"
refused lineage "another lineage"
refused generation1 "a later generation"
refused generation9 "the last generation there can be"
refused chain "another chain hash, first byte"
refused chain_end "another chain hash, last byte"

# Of no whole receipts: refused before anything is said.
cat "$TMP/first" "$TMP/first" > "$TMP/twice"
for size in 1 79 81 159; do
    head -c $size "$TMP/twice" > "$TMP/shown"
    DRIVER_WORDS=(--receipt "$TMP/shown")
    driver_refused "are no receipts" second
done
! grep -q "attached: epoch 2" "$TMP/coco.log" || fail "attached with a receipt that is none"

# In the running session: asked with each of them anew, as the driver detaches.
DRIVER_WORDS=(--check-socket "$TMP/check")
driver_start second
ask "$TMP/first" > "$TMP/asked" || fail "the honest receipt does not hold"
for name in "$TMP/others" "$TMP/nothing"; do
    expect_fail "no receipt of this instance" ask "$name"
done
head -c 79 "$TMP/first" > "$TMP/shown"
expect_fail "are no receipts" ask "$TMP/shown"
tpm getrandom --hex 4 > "$TMP/random" || fail "a file without a receipt cost the TPM"
expect_fail "stale or forked state" ask "$TMP/generation1"
retry grep -q "the TPM is lost" "$TMP/driver_tpm.log" || fail "the driver goes on after status 5"
! tpm getrandom --hex 4 > "$TMP/random" 2>&1 || fail "a tool goes on after status 5"
stop driver_tpm || true

# The other instance's receipt with this UUID on it: there is no such history here.
cp "$TMP/others" "$TMP/renamed"
head -c 16 "$TMP/first" | dd of="$TMP/renamed" bs=1 conv=notrunc status=none
vm_launch chip third "$TMP/coco.img"
cp "$TMP/renamed" "$TMP/shown"
DRIVER_WORDS=(--receipt "$TMP/shown")
driver_refused "the receipt is not of this state's history" third

# The honest one is as good as ever.
DRIVER_WORDS=(--receipt "$TMP/honest")
driver_start third
[ "$((16#$(tpm nvread 0x1500020 -C o | hex)))" = 1 ] || fail "the counter is not what it was"
pcr_extend "$(digest 1)"
pcr_check "after all that"
stop driver_tpm || fail "the driver ended with $?"
report "a receipt of a later epoch or generation" "-" "status 5"
report "a receipt with another lineage or chain" "-" "status 5"
report "a receipt of another instance" "-" "none of this one's, or status 5"
report "a receipt cut short or too long" "-" "refused, no word is sent"
