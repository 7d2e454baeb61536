#!/bin/bash
# test: redirection to another genuine CoCoTPM, splicing of two sessions and reflection of a
# whole handshake are refused
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

OTHER=0b0e4a70-6d3e-4f55-8f1c-3b9a2f1d7c42

world
tpm_start
provision other "$OTHER" "$TMP/instance.policy"
tpm_start other other "$OTHER"
attacker_start

# Honest: each reaches its own.
driver_start
pcr_extend "$(digest 1)"
pcr_check "honest"
vm_launch chip otherVM "$TMP/coco.img"
DRIVER_ID=$OTHER driver_start otherVM tpm2 other
[ "$(TPM_AT=tpm2 pcr_read)" != "$pcr_value" ] || fail "two instances are one"

# A new launch, whose link is bent to the other genuine CoCoTPM: the wrong instance.
attack redirect "unixio:$TMP/other.sock"
vm_launch chip third "$TMP/coco.img"
driver_refused "no key is shared" third tpm3

# A session that is resumed at the other one: refused there, and goes on when it is let through.
before=$(attack connections)
tried_elsewhere()
{
    [ "$(attack connections)" -gt $((before + 2)) ]
}
attack cut
tpm getrandom --hex 4 > "$TMP/random" &
waiting=$!
retry tried_elsewhere || fail "the driver does not try to resume"
attack redirect "unixio:$TMP/coco.sock"
wait $waiting || fail "the session did not come back"
pcr_check "after a redirected RESUME"

# Records of the one session in the other.
attack replay c 0 3
pcr_extend "$(digest 2)"
pcr_check "a record of an older session"

# The handshake reflected: the client gets its own bytes as the server's.
stop driver_tpm
vm_launch chip fourth "$TMP/coco.img"
attack c 0 reflect
driver_refused "." fourth tpm4
[ "$(attack pending)" = 0 ] || fail "nothing was reflected"
vm_launch chip fifth "$TMP/coco.img"
driver_start fifth tpm5

# ---- the same on plain swtpm ----

plain_start
plain_start other_plain 2
plain_extend 1
plain_is "honest" 1
plain_attack redirect "unixio:$TMP/p2"
plain_extend 2
plain_is "redirected" 1
report "redirect to another CoCoTPM" "the other one answers" "refused: no shared key"
report "redirect a RESUME" "the other one answers" "refused; goes on at home"
plain_attack redirect "unixio:$TMP/p"
raw_open "$TMP/q"
raw_say "$READ_COMMAND"
raw_answer
plain_attack replay c 0 0
raw_answer
plain_here "spliced" 1 1
raw_close
report "splice two sessions" "runs again" "session ends, exactly once"
plain_attack c next reflect
plain_extend 3
[ "$answer" = "$(extend_command "$(digest 3)")" ] || fail "plain swtpm: reflect: $answer"
report "reflect the handshake" "own bytes taken for an answer" "refused"
