#!/bin/bash
# test: swtpm's own formats with fsync and backup: on the disk before the answer, whole after damage
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need tpm2_nvread
swtpm=$(ours swtpm)
shim=$BUILD/tests/fault/faults.so
state=$TMP/state/tpm2-00.permall
export TPM2TOOLS_TCTI="swtpm:path=$TMP/s"
mkdir "$TMP/state"

# serve WORDS [RECORD]: words of --tpmstate more; RECORD: what is done to the folder goes there.
serve()
{
    local preload=()

    rm -f "$TMP/s" "$TMP/s.ctrl"
    : > "$TMP/swtpm.log"
    [ -z "${2:-}" ] || preload=(env "FAULT_DIR=$TMP/state" FAULT_HOW=record "FAULT_LOG=$2"
        "LD_PRELOAD=$shim")
    start swtpm "${preload[@]}" "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state$1" \
        --server "type=unixio,path=$TMP/s" --ctrl "type=unixio,path=$TMP/s.ctrl" \
        --flags not-need-init,startup-clear
    wait_socket swtpm "$TMP/s"
    retry tpm2_getrandom --hex 4 > /dev/null 2>&1 || fail "the TPM does not answer"
}

write_value()
{
    printf '%s' "$1" | tpm2_nvwrite 0x1500016 -C o -i -
}

value()
{
    tpm2_nvread 0x1500016 -C o -s 8
}

# How often the state was replaced, and how often brought to the disk before that.
replaced()
{
    grep -c '^rename TMP2-00.permall tpm2-00.permall' "$1"
}

synced()
{
    awk '/^sync TMP2-00.permall/ { ready = 1 }
         /^write TMP2-00.permall/ { ready = 0 }
         /^rename TMP2-00.permall/ { count += ready; ready = 0 }
         END { print count + 0 }' "$1"
}

echo "fsync: each change is on the disk before its name is, and without the option none is"
serve ,fsync "$TMP/with"
tpm2_nvdefine -Q 0x1500016 -C o -s 8 -a 'ownerread|ownerwrite'
write_value ABCDEFGH
stop swtpm || true
[ "$(replaced "$TMP/with")" -ge 3 ] || fail "$(replaced "$TMP/with") stores seen"
[ "$(replaced "$TMP/with")" = "$(synced "$TMP/with")" ] || fail "not every store was synced"
serve "" "$TMP/without"
write_value 12345678
stop swtpm || true
[ "$(replaced "$TMP/without")" -ge 1 ] || fail "no store was seen"
[ "$(synced "$TMP/without")" = 0 ] || fail "synced without being asked to"

echo "killed after the answer: what was answered is there"
serve ,fsync
write_value KILLED00
stop swtpm KILL || true
serve ,fsync
[ "$(value)" = KILLED00 ] || fail "found $(value)"

echo "backup: a damaged state is read from the one before, and that is said"
stop swtpm || true
serve ,backup
write_value OLDER000
write_value NEWER000
stop swtpm || true
[ -s "$state.bak" ] || fail "there is no backup"
cp "$state" "$TMP/good"
cp "$state.bak" "$TMP/good.bak"
for damage in flip cut empty; do
    cp "$TMP/good" "$state"
    cp "$TMP/good.bak" "$state.bak"
    case $damage in
    flip) printf '\377' | dd of="$state" bs=1 seek=2 conv=notrunc 2> /dev/null ;;
    cut) truncate -s 100 "$state" ;;
    empty) : > "$state" ;;
    esac
    serve ,backup
    grep -q 'The backup of the permanent state is used' "$TMP/swtpm.log" ||
        fail "$damage: nothing is said: $(cat "$TMP/swtpm.log")"
    found=$(value)
    [ "$found" = OLDER000 ] || [ "$found" = NEWER000 ] || fail "$damage: found $found"
    stop swtpm || true
done
cp "$TMP/good" "$state"
serve ,backup
[ "$(value)" = NEWER000 ] || fail "a good state was not used"
! grep -q 'backup' "$TMP/swtpm.log" || fail "the backup was used for a good state"
stop swtpm || true

echo "without the option a damaged state is refused, and so is the option for a single file"
truncate -s 100 "$state"
expect_fail 'permall|state' "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
    --server "type=unixio,path=$TMP/s" --flags not-need-init,startup-clear
for option in fsync backup; do
    expect_fail "does not support '$option'" "$swtpm" socket --tpm2 --tpmstate \
        "backend-uri=file://$TMP/single,$option" --server "type=unixio,path=$TMP/s"
done
