#!/bin/bash
# test: CANCEL reaches the CoCoTPM while CreatePrimary makes an RSA key, ends that command and no
# other
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

world
tpm_start
# As coco_cancel_tunnel.sh has it: through frames of the in-band tunnel.
if [ "${through:-}" = tunnel ]; then
    tunnel_up
    driver_start cocovm tpm carrier
else
    attacker_start
    driver_start
fi

# TPM2_CreatePrimary (Part 3, 24.1): null hierarchy, a storage key of RSA 2048, which takes long.
# The search for its primes starts at hierarchy and template: "unique" makes each another one.
create()
{
    printf 80020000004700000131400000070000000940000009000000000000040000
    printf '0000001e0001000b0003007200000006008000430010080000000000'
    printf '0004%08x00000000000000' "$1"
}
FLUSH=80010000000e00000165

# Nothing runs: nothing is cancelled, then or later.
exec {control}> >(exec socat - "UNIX-CONNECT:$TMP/tpm.ctrl" > "$TMP/canceled" 2>&1)
control_pid=$!
cancel()
{
    printf '\0\0\0\011' >&"$control"
}
said()
{
    [ "$(stat -c %s "$TMP/canceled")" -ge "$1" ]
}
cancel
retry said 4 || fail "CANCEL_TPM_CMD is not answered"
[ "$(hex < "$TMP/canceled")" = 00000000 ] || fail "CANCEL_TPM_CMD: $(hex < "$TMP/canceled")"
raw "$TMP/tpm" "$(create 0)"
[ "${answer:12:8}" = 00000000 ] || fail "the honest case: $answer"
raw "$TMP/tpm" "$FLUSH${answer:20:8}"
[ "${answer:12:8}" = 00000000 ] || fail "TPM2_FlushContext: $answer"

# Whether one CANCEL meets the search for primes is a matter of luck: so there are many.
while :; do
    cancel
    sleep 0.002
done &
canceler=$!
for ((try = 1; try <= 40; try++)); do
    raw_open "$TMP/tpm"
    raw_say "$(create "$try")"
    raw_answer
    raw_close
    case ${answer:12:8} in
    00000909) break ;;
    00000000) raw "$TMP/tpm" "$FLUSH${answer:20:8}" ;;
    *) fail "CreatePrimary under CANCEL: $answer" ;;
    esac
done
kill "$canceler"
wait "$canceler" || true
[ "${answer:12:8}" = 00000909 ] || fail "no CANCEL ended the making of a key"

# The session is the same one, the next command is whole, and a key can be made.
pcr_extend "$(digest 1)"
pcr_check "after CANCEL"
raw "$TMP/tpm" "$(create 0)"
[ "${answer:12:8}" = 00000000 ] || fail "after CANCEL no key can be made: $answer"
[ "$(attack connections)" = 1 ] || fail "CANCEL cost the link"
exec {control}>&-
kill "$control_pid" 2> /dev/null || true
stop driver_tpm || fail "the driver ended with $?"
