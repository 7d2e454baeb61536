#!/bin/bash
# test: a CoCoVM reaches its CoCoTPM through cocotpm-relay from Unix and TCP sockets to either, which
# has no key code; the operator may ask how the instance is, and end the session of a VM that is gone
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"
need ldd nm

relay=$(ours cocotpm-relay)
if ldd "$relay" | finds -E 'gnutls|nettle|libcrypto'; then
    fail "the relay is linked with a library of keys"
fi
if nm "$relay" 2> /dev/null | finds -E ' [Tt] (tls_|secret_|schedule_|crypto_)'; then
    fail "the relay holds key code"
fi

head -c 32 /dev/urandom > "$TMP/operator.psk"
chmod 600 "$TMP/operator.psk"
world
TPM_WORDS=",operator-psk-file=$TMP/operator.psk" tpm_start
# One behind the other: from each kind to each (those of vsock: qemu/driver_net).
port=$(free_port 2)
hops=("unixio:$TMP/relay.sock" "tcp:127.0.0.1:$port" "tcp:127.0.0.1:$((port + 1))"
    "unixio:$TMP/hop.sock" "unixio:$TMP/coco.sock")
for ((hop = 0; hop < ${#hops[@]} - 1; hop++)); do
    start "relay$hop" "$relay" --listen "${hops[hop]}" --to "${hops[hop + 1]}"
    wait_socket "relay$hop" "${hops[hop]##*:}"
done

operator()
{
    "$(ours cocotpm-operator)" --to "unixio:$TMP/relay.sock" --id "$ID" \
        --operator-psk-file "$TMP/operator.psk" "$@"
}

operator status | finds '^attached: no$' || fail "the status is wrong before attaching"
driver_start cocovm tpm relay
pcr_extend "$(digest 1)"
pcr_check "through the relay"
operator status | finds '^attached: yes$' || fail "the status is wrong after attaching"
head -c 32 /dev/urandom > "$TMP/other.psk"
expect_fail "." "$(ours cocotpm-operator)" --to "unixio:$TMP/relay.sock" --id "$ID" \
    --operator-psk-file "$TMP/other.psk" reset
pcr_check "a reset with another key"

# "This VM is gone": a new launch may attach, with clean PCRs; the old session is no more.
operator reset
vm_launch chip second "$TMP/coco.img"
driver_start second tpm2 relay
TPM_AT=tpm2
pcr_value=$(printf '0%.0s' {1..64})
pcr_check "after the reset"
operator stop
wait_end coco || fail "swtpm ended with $?"
for ((hop = 0; hop < ${#hops[@]} - 1; hop++)); do
    stop "relay$hop" || fail "relay $hop ended with $?"
done
for socket in relay hop; do
    [ ! -e "$TMP/$socket.sock" ] || fail "a relay left $socket.sock"
done
