#!/bin/bash
# test: a full disk, a witness that is away, a folder that vanishes: the TPM waits, says why, goes on
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

head -c 32 /dev/urandom > "$TMP/operator.psk"
chmod 600 "$TMP/operator.psk"

operator()
{
    "$(ours cocotpm-operator)" --to "unixio:$TMP/link" --id "$id" \
        --operator-psk-file "$TMP/operator.psk" "$@"
}

serve()
{
    rm -f "$TMP/link"
    start swtpm "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" --cocotpm \
        "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm,operator-psk-file=$TMP/operator.psk"
    wait_socket swtpm "$TMP/link"
}

again()
{
    serve
    rm -f "$TMP/one"
    coco_launch one
    coco_driver one
}

end()
{
    coco_driver_stop one
    stop swtpm || fail "swtpm ended with $?"
}

tries()
{
    local count

    count=$(tpm one tpm2_getcap properties-variable | sed -n 's/.*TPM2_PT_LOCKOUT_COUNTER: //p')
    echo $((count))
}

nv()
{
    local how=$1

    shift
    tpm one "tpm2_nv$how" 0x1500016 "$@"
}

# begin_wrong: a try with a wrong password, in the background.
begin_wrong()
{
    : > "$TMP/swtpm.log"
    (! nv read -C 0x1500016 -P wrong -s 8 > "$TMP/try.log" 2>&1; echo answered > "$TMP/answered") &
    try=$!
    retry grep -q 'cannot be stored' "$TMP/swtpm.log" || fail "the log does not say that it waits"
}

says_why()
{
    operator status > "$TMP/status" || fail "no status while it waits"
    grep -Eq "$1" "$TMP/status" || fail "the status does not say '$1': $(cat "$TMP/status")"
    grep -Eq "$1" "$TMP/swtpm.log" || fail "the log does not say '$1': $(cat "$TMP/swtpm.log")"
    [ ! -e "$TMP/answered" ] || fail "answered, and not durable"
}

goes_on()
{
    wait "$try" || fail "the try was not answered"
    grep -q 'stored again' "$TMP/swtpm.log" || fail "the log does not say that it goes on"
    rm "$TMP/answered"
}

# The tool gets no answer, only the end of its link.
give_up()
{
    [ ! -e "$TMP/answered" ] || fail "answered, and not durable"
    kill "$try" 2> /dev/null || true
    wait "$try" 2> /dev/null || true
    stop driver-one KILL || true
}

# counted N: and so it is after a restart.
counted()
{
    [ "$(tries)" = "$1" ] || fail "$(tries) tries counted, not $1"
    end
    again
    [ "$(tries)" = "$1" ] || fail "$(tries) tries counted after a restart, not $1"
    [ "$(nv read -C 0x1500016 -P right -s 8)" = ABCDEFGH ] || fail "the data are lost"
}

coco_world freshness.kind=witness "freshness.witness=file:$TMP/held/by"
mkdir "$TMP/held" "$TMP/disk"
room=
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=1m none "$TMP/disk" 2> /dev/null; then
    room=yes
    at_exit umount -l "$TMP/disk"
fi
mkdir "$TMP/disk/state"
ln -s disk/state "$TMP/state"
coco_provision
again
nv define -Q -C o -s 8 -p right -a 'authread|authwrite|ownerwrite'
printf ABCDEFGH | nv write -C 0x1500016 -P right -i -
count=0
[ "$(tries)" = 0 ] || fail "$(tries) tries to begin with"

if [ -n "$room" ]; then
    echo "the disk is full: it waits; a wrong password tried meanwhile is counted when there is room"
    dd if=/dev/zero of="$TMP/disk/filler" bs=4k 2> /dev/null || true
    begin_wrong
    says_why 'No space left'
    rm "$TMP/disk/filler"
    goes_on
    count=$((count + 1))
    counted $count
else
    echo "(no tmpfs can be mounted here: the full disk is left to the runs with broken calls)"
fi

echo "the witness is away: the same"
mv "$TMP/held" "$TMP/away"
[ "$(nv read -C 0x1500016 -P right -s 8)" = ABCDEFGH ] || fail "what stores nothing waits too"
begin_wrong
says_why 'witness is away'
mv "$TMP/away" "$TMP/held"
goes_on
count=$((count + 1))
counted $count

echo "killed while it waits: the try costs what it costs, and never less than nothing"
mv "$TMP/held" "$TMP/away"
begin_wrong
stop swtpm KILL || true
mv "$TMP/away" "$TMP/held"
give_up
again
[ "$(tries)" -ge $count ] || fail "$(tries) tries counted after a kill, $count before"
count=$(tries)

echo "the folder vanishes: it waits, and SIGTERM ends it; what was moved away is whole"
cp -a "$TMP/disk/state" "$TMP/elsewhere"
rm -rf "$TMP/disk/state"
begin_wrong
says_why 'No such file'
stop swtpm || true
give_up
expect_fail 'No such file' "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
    --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm"
[ ! -e "$TMP/disk/state" ] || fail "a folder was made in the place of the one that vanished"
cp -a "$TMP/elsewhere" "$TMP/disk/state"
again
[ "$(tries)" -ge $count ] || fail "$(tries) tries counted, $count before"
end
