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
port=$(free_port 3)
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

# A crowd for which it has not the descriptors: they wait, with a line a second, and the others go on.
# What the CoCoTPM is told is no ClientHello, so that it answers nobody.
start narrow prlimit --nofile=40 "$relay" --listen "tcp:127.0.0.1:$((port + 2))" \
    --to "unixio:$TMP/coco.sock"
wait_socket narrow "$((port + 2))"
head -c 16 /dev/zero > "$TMP/hello"
before=$SECONDS
start loris "$(ours loris)" --to "tcp:127.0.0.1:$((port + 2))" --count 100 --hello "$TMP/hello"
retry grep -q "Too many open files" "$TMP/narrow.log" || fail "there are descriptors enough"
sleep 2
stop loris || fail "loris ended with $?"
[ "$(wc -l < "$TMP/narrow.log")" -le $((SECONDS - before + 5)) ] ||
    fail "a crowd fills the relay's log: $(wc -l < "$TMP/narrow.log") lines"
come_through()
{
    "$(ours cocotpm-operator)" --to "tcp:127.0.0.1:$((port + 2))" --id "$ID" \
        --operator-psk-file "$TMP/operator.psk" status > "$TMP/status" 2>&1
}
retry come_through || fail "nobody comes through after the crowd: $(cat "$TMP/status")"
stop narrow || fail "the relay ended with $?"
pcr_check "beside a crowd"

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
