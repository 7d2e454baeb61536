#!/bin/bash
# test: a cluster of three etcd members as witness: lost members, lost majority, clones, kills
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_etcd.sh"

need mkfifo
tool=$(ours sealed_tool)
shim=$BUILD/tests/fault/faults.so
work=$(mktemp -d -p /dev/shm coco.XXXXXX 2> /dev/null) || work=$(mktemp -d "$TMP/work.XXXXXX")
at_exit rm -rf "$work"
cd "$work"

etcd_local

on()
{
    local dir=$1

    shift
    mkdir -p "$dir"
    "$tool" --dir "$dir" --witness "$urls" --pin "$pin" --cert client.pem --key client.key "$@"
}

# A member that has just started may have no leader yet: tried again until it answers.
answered()
{
    on "$@" > "$work/out" 2> "$work/err" || { grep -q away "$work/err" && return 1; bad=yes; }
}

steps()
{
    bad=
    retry answered "$@" || fail "the cluster does not answer: $(cat "$work/err")"
    [ -z "$bad" ] || fail "'$*' was refused: $(cat "$work/err")"
}

shows()
{
    steps "$1" open show
    grep -q "ok show $2 " out || fail "$1: $(cat out), where $2 was expected"
}

for i in 0 1 2; do etcd_member $i; done
echo "provisioning registers; the instance goes on"
steps a make
steps a open save=2 attach=one witnessed
shows a 2

echo "a member that is not pinned, or a client without a certificate, is no witness"
expect_fail away "$tool" --dir a --witness "$urls" --pin "sha256:$(pin_of stranger.key)" \
    --cert client.pem --key client.key open
mkdir -p naked
expect_fail away "$tool" --dir naked --witness "$urls" --pin "$pin" make
expect_fail 'has to be given as a number' "$tool" --dir naked --witness https://localhost:1 \
    --pin "$pin" make
expect_fail 'not pinned' "$tool" --dir naked --witness "$urls" make

number=2
for i in 0 1 2; do
    echo "member $i is killed, then frozen: the others witness"
    stop m$i KILL || true
    steps a open save=1
    etcd_member $i
    retry listening $((etcd_base + i)) || fail "member $i does not come back"
    kill -STOP "$(pid_of m$i)"
    steps a open save=1
    kill -CONT "$(pid_of m$i)"
    number=$((number + 2))
    shows a $number
done

echo "a majority is lost: the save waits, and goes on when it is back"
mkfifo go
start writer bash -c "exec '$tool' --dir a --witness '$urls' --pin '$pin' --cert client.pem \
    --key client.key open pause save=1 < go"
exec 9> go
retry grep -q 'ok pause' "$TMP/writer.log" || fail "the writer does not open"
stop m0 KILL || true
stop m1 KILL || true
echo >&9
retry grep -q 'waits since' "$TMP/writer.log" || fail "the save does not wait"
! grep -q 'ok save' "$TMP/writer.log" || fail "a save was acknowledged without a majority"
etcd_member 0
etcd_member 1
wait_end writer || fail "the writer failed: $(cat "$TMP/writer.log")"
exec 9>&-
grep -q 'ok save' "$TMP/writer.log" || fail "the save was not acknowledged"
number=$((number + 1))
shows a $number

echo "two from copies of one state: the older one ends at its next save"
rm -rf b && cp -r a b
start older bash -c "exec '$tool' --dir a --witness '$urls' --pin '$pin' --cert client.pem \
    --key client.key open pause save=1 < go"
exec 9> go
retry grep -q 'ok pause' "$TMP/older.log" || fail "the older one does not open"
steps b open save=1
echo >&9
status=0
wait_end older || status=$?
exec 9>&-
[ "$status" = 42 ] || fail "the older clone ended with $status: $(cat "$TMP/older.log")"
number=$((number + 1))
shows b $number
expect_fail 'older state or a fork|knows nothing' on a open

# broken HOW AT [NET]: opening and a save, broken at that call on the state, or on the network.
broken()
{
    status=0
    FAULT_DIR=$work/a FAULT_HOW=$1 FAULT_AT=$2 FAULT_NET=${3:-} LD_PRELOAD=$shim \
        on a open save=1 > out 2> err || status=$?
    acked=$(sed -n 's/ok save //p' out)
}

# judged WHAT: before or after, nothing acknowledged is lost; sets $number to what is there now.
judged()
{
    local found

    steps a open show
    found=$(sed -n 's/ok show \([0-9]*\) .*/\1/p' out)
    [ "$found" -ge "${acked:-$number}" ] && [ "$found" -le $((number + 1)) ] ||
        fail "$1: $found found, $number before, ${acked:-none} acknowledged"
    number=$found
}

# killed_at_each LEAST [NET]: up to the first call that the tool does not come to any more.
killed_at_each()
{
    local at=0 kills=0 how

    status=137
    while [ $status = 137 ]; do
        at=$((at + 1))
        for how in kill-before kill-after; do
            broken $how $at ${2:-}
            [ "$status" = 0 ] || [ "$status" = 137 ] || grep -q away err ||
                fail "$how at $at: $status: $(cat err)"
            [ "$status" != 137 ] || kills=$((kills + 1))
            judged "$how at $at"
        done
    done
    [ $kills -ge "$1" ] || fail "only $kills calls were killed at: nothing would be shown"
    echo "$kills kills at $((at - 1)) calls"
}

rm -rf a && mv b a
echo "killed before and after each call on the state of a commit: before or after"
killed_at_each 20
echo "killed before and after each connect, send, recv and close of it: the same"
killed_at_each 40 net

echo "the connection lost at each of them: another one is made, or the next member asked"
FAULT_LOG=$work/calls broken count 0 net
number=${acked:-$number}
calls=$(cat calls)
[ "$calls" -ge 20 ] || fail "only $calls calls were seen: nothing would be shown"
for ((at = 1; at <= calls; at++)); do
    broken ECONNRESET $at net
    [ "$status" = 0 ] || fail "lost at $at: $status: $(cat err)"
    [ "$acked" = $((number + 1)) ] || fail "lost at $at: $number before, ${acked:-none} acknowledged"
    judged "lost at $at"
done
echo "$calls connections lost"

echo "all members are restarted: nothing is lost"
for i in 0 1 2; do stop m$i KILL || true; done
for i in 0 1 2; do etcd_member $i; done
shows a "$number"

echo "recovered elsewhere: the old place is refused"
cp -r a old
steps a recover
shows a "$number"
grep -q recovered out || fail "the recovery is not marked"
expect_fail 'older state or a fork' on old open
