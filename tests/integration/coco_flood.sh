#!/bin/bash
# test: links that say nothing, or one byte, keep nobody out, cost bounded memory and are let go
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

coco_world
coco_provision
port=$(free_port)
start swtpm "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" --cocotpm \
    "type=tcp,port=$port,id=$id,platform=emulator:$TMP/tpmvm,timeout=3"
wait_socket swtpm "$port"
coco_launch one
LINK="tcp:127.0.0.1:$port" coco_driver one

descriptors()
{
    find "/proc/$(pid_of swtpm)/fd" -mindepth 1 | wc -l
}
tpm one tpm2_getrandom --hex 4 > "$TMP/random"
quiet=$(descriptors)

silent=()
for ((i = 0; i < 60; i++)); do
    exec {fd}<> "/dev/tcp/127.0.0.1/$port"
    silent+=("$fd")
    case $((i % 3)) in
    1) printf '\x16' >&"$fd" 2> /dev/null || true ;;
    2) printf 'GET / HTTP/1.1\r\n\r\n' >&"$fd" 2> /dev/null || true ;;
    esac
done
few()
{
    [ "$(descriptors)" -le $((quiet + 8)) ]
}
retry few || fail "60 links that are not attached take $(descriptors) descriptors ($quiet before)"

# The attached session has not noticed, and a stranger with a good key is heard as ever.
tpm one tpm2_getrandom --hex 4 > "$TMP/random"
coco_launch two
start driver-two "$driver" --link "tcp:127.0.0.1:$port" --policy "$TMP/driver.policy" --id "$id" \
    --platform "emulator:$TMP/two" --server "type=unixio,path=$TMP/two.tpm"
! wait_end driver-two || fail "a second launch was let in beside the first"
grep -q busy "$TMP/driver-two.log" || fail "not busy: $(cat "$TMP/driver-two.log")"

# The time-out lets go of all that were left.
none()
{
    [ "$(descriptors)" -le "$quiet" ]
}
retry none || fail "$(descriptors) descriptors after the time-out, $quiet before"
for fd in "${silent[@]}"; do
    exec {fd}>&-
done
tpm one tpm2_getrandom --hex 4 > "$TMP/random"

# A thousand at once, and handshakes as fast as they come: no command is lost, what they cost is
# bounded, and given back.
memory()
{
    awk '/^VmRSS/ { print $2 }' "/proc/$(pid_of swtpm)/status"
}
before=$(memory)
for words in "--count 1000" "--count 16 --flood"; do
    # shellcheck disable=SC2086
    start loris "$(ours loris)" --to "tcp:127.0.0.1:$port" \
        --hello "$SRC/tests/fuzz/corpus/preauth/client-hello" $words
    retry grep -q crowded "$TMP/loris.log" || fail "loris $words: no crowd"
    for ((i = 0; i < 5; i++)); do
        tpm one tpm2_pcrextend "16:sha256=$(printf '%064d' 1)" || fail "a command was lost"
        retry few || fail "loris $words: $(descriptors) descriptors, $quiet before"
    done
    [ "$(memory)" -lt $((before + 16384)) ] ||
        fail "loris $words: $(memory) KiB of memory, $before before"
    stop loris || fail "loris ended with $?: $(cat "$TMP/loris.log")"
    grep -q '^[1-9][0-9]* connections' "$TMP/loris.log" || fail "nobody came: $(cat "$TMP/loris.log")"
    retry none || fail "$(descriptors) descriptors after loris $words, $quiet before"
    rm -f "$TMP/loris.log"
done
value=$(printf '%064d' 0)
for ((i = 0; i < 10; i++)); do
    value=$(unhex <<< "$value$(printf '%064d' 1)" | sha256sum | cut -d' ' -f1)
done
[ "$(pcr one 16)" = "$value" ] || fail "PCR 16 does not hold ten extensions"
coco_driver_stop one
stop swtpm
