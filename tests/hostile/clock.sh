#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a host that sets the wall clocks of both VMs back and forward, by seconds or by decades, makes
# no expired certificate good, opens no limit and ends no session; the TPM's own time goes on
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

DAY=86400 YEAR=31536000
release=$(sed -n 's/^#define RELEASE_TIME //p' "$SRC/src/cocotransport/session/protocol.c")
[ "$release" -gt 1700000000 ] || fail "no time of the release"

# set_clock NAME SECONDS: off by so much; set_time NAME TIME: it is that time.
set_clock()
{
    local hex

    hex=$(printf '%016x' "$2")
    for ((at = 14; at >= 0; at -= 2)); do
        printf '%s' "${hex:at:2}"
    done | unhex | dd of="$TMP/$1.clock" bs=8 conv=notrunc status=none
}
set_time()
{
    set_clock "$1" $(($2 - $(date +%s)))
}
both()
{
    set_clock tpm "$1"
    set_clock vm "$1"
}
# on NAME COMMAND…: what it starts has that clock.
clock=$(ours clock.so)
on()
{
    local name=$1

    shift
    CLOCK_FILE=$TMP/$name.clock LD_PRELOAD=$clock "$@"
}
both 0
[ "$(on vm date +%Y)" = "$(date +%Y)" ] || fail "the honest clock is off"
set_time vm 0
[ "$(on vm date -u +%Y)" = 1970 ] || fail "the clock cannot be set"
both 0

# Certificates from a month before the release on; an expired one ended a year before that.
set_time chip $((release - 30 * DAY))
SNP_PKI=$TMP/pki
on chip world
TPM_WORDS=,timeout=2
on tpm tpm_start
attacker_start
on vm driver_start
pcr_extend "$(digest 1)"
pcr_check "honest"

# ---- the TPM's own time, and its count of wrong tries ----

readclock()
{
    tpm readclock | sed -n "s/^ *$1: //p" | head -n 1
}
tries()
{
    local count

    count=$(tpm getcap properties-variable | sed -n 's/.*TPM2_PT_LOCKOUT_COUNTER: //p')
    echo $((count))
}
wrong_try()
{
    tpm dictionarylockout -s -n 5 -t 3600 -l 3600
    tpm nvdefine 0x1500016 -C o -s 8 -p right -a 'authread|authwrite|ownerwrite' > "$TMP/nv.log"
    printf ABCDEFGH | tpm nvwrite 0x1500016 -C 0x1500016 -P right -i -
    ! tpm nvread 0x1500016 -C 0x1500016 -P wrong -s 8 > "$TMP/nv.log" 2>&1 || fail "a wrong password was taken"
    [ "$(tries)" = 1 ] || fail "$(tries) tries counted, not one"
}
# steady WHAT COMMAND…: which sets the clock; TPM time does not jump, and a try is not forgotten.
steady()
{
    local what=$1 before now jump

    shift
    before=$(readclock time)
    for jump in $((2 * YEAR)) $((-2 * YEAR)) 7200 -7200; do
        "$@" "$jump"
        now=$(readclock time)
        [ "$now" -ge "$before" ] || fail "$what: TPM time went back from $before to $now"
        [ $((now - before)) -lt 3600000 ] || fail "$what: TPM time went from $before to $now"
        [ "$(tries)" = 1 ] || fail "$what: after a jump of $jump s $(tries) tries are counted"
    done
    "$@" 0
}
wrong_try
steady "the host's clock" both

# ---- sessions ----

connections=$(attack connections)
n=1
for jump in 3600 -3600 $YEAR $((-YEAR)) $((20 * YEAR)) $((-20 * YEAR)) $((-$(date +%s))); do
    both "$jump"
    n=$((n + 1))
    pcr_extend "$(digest $n)"
done
pcr_check "clocks that jump in a session"
[ "$(attack connections)" = "$connections" ] || fail "a jump of the clocks ended the session"
# Set to 1970: the time of the release is the least there is, so the same launch is proved again.
attack cut
pcr_extend "$(digest 9)"
pcr_check "resumed in 1970"
both 0
attack cut
pcr_extend "$(digest 10)"
pcr_check "resumed"
report "clocks set in a session, or while resuming" "-" "lives on, exactly once"
stop driver_tpm || fail "the driver ended with $?"

# ---- certificates ----

# Beyond the end of a good one: refused, by either side alone, and nothing is used up.
vm_launch chip second "$TMP/coco.img"
set_clock vm $((20 * YEAR))
on vm driver_refused "vek_validity" second
set_clock vm 0
set_clock tpm $((20 * YEAR))
on vm driver_refused "evidence invalid \\(vek_validity" second
both 0
on vm driver_start second
stop driver_tpm || fail "the driver ended with $?"
report "clocks beyond a certificate's end" "asks for none" "refused while it is so"

# Back to when an expired one was good: the release is later, and nobody believes more than that.
chip_do chip config --expired
vm_launch chip third "$TMP/coco.img"
for time in $((release - 3 * YEAR)) $((release - 2 * YEAR)) 0; do
    set_time vm $time
    set_time tpm $time
    on vm driver_refused "vek_validity" third
    # The CoCoTPM alone, to a client that asks nothing.
    for ((tries = 0; tries < 60; tries++)); do
        "$(ours rogue)" nothing "$TMP/coco.sock" "$TMP/driver.policy" "$ID" "emulator:$TMP/third" \
            > "$TMP/said" 2> "$TMP/rogue.log" || fail "$(cat "$TMP/rogue.log")"
        grep -q "too many reports" "$TMP/said" || break
        sleep 0.5
    done
    grep -q "^status 4: vek_validity" "$TMP/said" || fail "an expired certificate at $time: $(cat "$TMP/said")"
done
chip_do chip config
both 0
report "clocks set back to before a VCEK's end" "asks for none" "refused: vek_validity"

# ---- limits ----

# Jumps back and forth while somebody says nothing, and while somebody asks without end.
jumps()
{
    local jump

    while :; do
        for jump in 3600 -3600 $YEAR $((-YEAR)); do
            both "$jump"
            sleep 0.05
        done
    done
}
start jumps jumps
vm_launch chip one "$TMP/coco.img"
"$(ours rogue)" silent "$TMP/coco.sock" "$TMP/driver.policy" "$ID" "emulator:$TMP/one" > "$TMP/said" ||
    fail "a silent client"
[ "$(cat "$TMP/said")" = closed ] || fail "a silent client: $(cat "$TMP/said")"
stop coco || fail "swtpm ended with $?"
rm -f "$TMP/coco.sock"
TPM_WORDS=,timeout=600 on tpm tpm_start
"$(ours rivals)" flood "$TMP/coco.sock" "$TMP/driver.policy" "$ID" "emulator:$TMP/one" > "$TMP/said" ||
    fail "a flood"
read -r _ reports _ _ _ turned _ seconds < "$TMP/said"
[ "$reports" -ge 8 ] && [ "$reports" -le $((8 + seconds + 1)) ] && [ "$turned" -gt 0 ] ||
    fail "a flood under jumps of the clock: $(cat "$TMP/said")"
stop jumps || true
both 0
report "clocks that jump, and the limits" "has none" "time-out and one report a second hold"

# ---- plain swtpm, for its part, keeps the TPM's time too ----

mkdir "$TMP/plain"
on tpm plain_swtpm
TPM_AT=p
wrong_try
steady "plain swtpm" set_clock tpm
report "clocks set, and the TPM's own time" "goes on, tries are counted" "goes on, tries are counted"
