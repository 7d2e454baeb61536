#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a link that is cut as often as it comes back, with refusals forged between, or while the VM
# has no room for a thread or a descriptor, costs the driver neither its rest nor the TPM
# sanitizers: no
# idle: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

honest_session

# back N: the link has come back that often.
back()
{
    [ "$(grep -c "is back" "$TMP/driver_tpm.log")" = "$1" ]
}
# connected N: that many links at least were opened.
connected()
{
    [ "$(attack connections)" -ge "$1" ]
}

# No room for the thread that resumes (its stack has 8 MiB): later, then.
room=$(awk '/^VmSize:/ { print $2 * 1024 }' "/proc/$(pid_of driver_tpm)/status")
prlimit --pid "$(pid_of driver_tpm)" "--as=$((room + 1048576)):"
attack cut
retry grep -q "^resuming: .*thread" "$TMP/driver_tpm.log" || fail "a thread was made all the same"
alive "$(pid_of driver_tpm)" || fail "the driver ended for want of a thread"
prlimit --pid "$(pid_of driver_tpm)" --as=unlimited:
retry back 1 || fail "the link does not come back"
pcr_extend "$(digest 2)"
pcr_check "no room for a thread"

# No descriptor for a program that connects: it waits, and the log has a line a second for each socket.
lowest=0
while [ -e "/proc/$(pid_of driver_tpm)/fd/$lowest" ]; do
    lowest=$((lowest + 1))
done
prlimit --pid "$(pid_of driver_tpm)" "--nofile=$lowest:"
before=$SECONDS
(tpm getrandom --hex 8 > "$TMP/random" && echo served > "$TMP/served") &
waiting=$!
retry grep -q "Too many open files" "$TMP/driver_tpm.log" || fail "there are descriptors enough"
sleep 1
[ "$(grep -c "Too many open files" "$TMP/driver_tpm.log")" -le $((2 * (SECONDS - before + 2))) ] ||
    fail "who connects fills the log: $(wc -l < "$TMP/driver_tpm.log") lines"
prlimit --pid "$(pid_of driver_tpm)" --nofile=1024:
wait "$waiting" || fail "who waited is not served"
pcr_check "no descriptor for a client"

# Refusals that are forged, 17 in all, but never 16 in a row: nothing is asked of the TPM meanwhile.
refused()
{
    local i

    for ((i = 0; i < 2 * $1; i++)); do
        attack s 0 inject 15030300020233
    done
    attack cut
    retry back "$2" || fail "$3: the link does not come back"
    [ "$(attack pending)" = 0 ] || fail "$3: not all met a handshake"
}
refused 9 2 "forged refusals"
refused 8 3 "forged refusals, again"
pcr_extend "$(digest 3)"
pcr_check "refusals of which none is the 16th in a row"

# Each link cut as soon as it is resumed, before it has carried an answer.
for _ in {1..20}; do
    attack s 3 cut-after
done
first=$(attack connections)
before=$SECONDS
attack cut
retry connected $((first + 8)) || fail "the driver does not come again"
[ $((SECONDS - before)) -ge 6 ] || fail "the driver opens links as fast as the host cuts them"
stop attacker || true
attacker_start
pcr_extend "$(digest 4)"
pcr_check "links cut as soon as they are resumed"
stop driver_tpm || fail "the driver ended with $?"
stop coco || fail "swtpm ended with $?"
report "a link that never stays, refusals forged between" "-" "opened ever slower, exactly once"
