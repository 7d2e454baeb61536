#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: the driver extends a measurement list into PCR 10 and follows it; it tells systemd when it is ready
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
need socat

le32()
{
    printf '%02x%02x%02x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24))
}

# entry PCR DATA [violation]: appended to the list; PCR 10 is expected to follow.
expected=$(printf '0%.0s' {1..64})
entry()
{
    local data digest sha1

    data=$(printf '%s' "$2" | hex)
    digest=$(printf '%s' "$2" | sha256sum | cut -d' ' -f1)
    sha1=$(printf '%s' "$2" | sha1sum | cut -d' ' -f1)
    if [ -n "${3:-}" ]; then
        sha1=$(printf '0%.0s' {1..40})
        digest=$(printf 'f%.0s' {1..64})
    fi
    # Whole, or not at all, as the kernel gives it.
    unhex <<< "$(le32 "$1")$sha1$(le32 6)$(printf ima-ng | hex)$(le32 ${#2})$data" > "$TMP/entry"
    cat "$TMP/list" "$TMP/entry" > "$TMP/list.new"
    mv "$TMP/list.new" "$TMP/list"
    expected=$(unhex <<< "$expected$digest" | sha256sum | cut -d' ' -f1)
}

pcr10_there()
{
    [ "$(pcr one 10)" = "$expected" ]
}

coco_world
coco_provision
coco_swtpm
: > "$TMP/list"
entry 10 "boot_aggregate"
entry 10 "/bin/sh"
entry 10 "a file that was open for writing" violation
coco_launch one
start notify socat -u "UNIX-RECV:$TMP/notify" "CREATE:$TMP/notified"
retry test -S "$TMP/notify" || fail "socat does not listen"
NOTIFY_SOCKET=$TMP/notify coco_driver one --ima "$TMP/list"
retry grep -q READY=1 "$TMP/notified" || fail "systemd was not told"
retry pcr10_there || fail "PCR 10 is $(pcr one 10), not $expected"
entry 10 "/bin/ls"
entry 10 "/bin/cat"
retry pcr10_there || fail "PCR 10 does not follow the list"

# Half an entry is none; a list that is broken, or tells of other PCRs, cannot be followed.
cp "$TMP/list" "$TMP/good"
good=$expected
head -c 30 "$TMP/entry" >> "$TMP/list"
sleep 1.5
[ "$(pcr one 10)" = "$expected" ] || fail "half an entry was extended"
cp "$TMP/good" "$TMP/list"
entry 11 "of another PCR"
tpm_fails()
{
    ! tpm one tpm2_getrandom 8 > /dev/null 2>&1
}
retry tpm_fails || fail "the TPM goes on beside a list that it cannot follow"
grep -q "another PCR than 10" "$TMP/driver-one.log" || fail "the driver does not say why"
stop driver-one || true

# One that can be read no more, or has become shorter, hides what was measured.
for harm in gone shorter; do
    coco_launch one
    cp "$TMP/good" "$TMP/list"
    expected=$good
    coco_driver one --ima "$TMP/list"
    retry pcr10_there || fail "PCR 10 is $(pcr one 10), not $expected"
    if [ "$harm" = gone ]; then
        rm "$TMP/list"
    else
        head -c 40 "$TMP/good" > "$TMP/list.new"
        mv "$TMP/list.new" "$TMP/list"
    fi
    retry tpm_fails || fail "$harm: the TPM goes on beside a list that it cannot follow"
    grep -q "the TPM is lost: --ima: .*list" "$TMP/driver-one.log" || fail "$harm: the driver does not say why"
    stop driver-one || true
done
expect_fail "count twice" "$driver" --link "unixio:$TMP/link" --policy "$TMP/driver.policy" --id "$id" \
    --server "type=unixio,path=$TMP/x" --ima --resume /dev/shm/x
expect_fail "list.none" "$driver" --link "unixio:$TMP/link" --policy "$TMP/driver.policy" --id "$id" \
    --platform "emulator:$TMP/one" --server "type=unixio,path=$TMP/x" --ima "$TMP/list.none"
stop swtpm
