#!/bin/bash
# test: a witness of three members in networks of their own: leader, majority, members cut off
# sanitizers: no
# idle: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need ip unshare etcd etcdctl openssl
if [ -z "${IN_NETWORK:-}" ]; then
    # Nothing of this is seen outside: networks and mounts of our own, down to the last process.
    unshare -n -m true 2> /dev/null || skip "networks of one's own need root"
    [ -z "${own_tmp:-}" ] || rmdir "$TMP"
    IN_NETWORK=yes exec unshare -n -m "$0" "$@"
fi
. "$(dirname "$0")/../lib_etcd.sh"

tool=$(ours sealed_tool)
work=$(mktemp -d -p /dev/shm coco.XXXXXX 2> /dev/null) || work=$(mktemp -d "$TMP/work.XXXXXX")
at_exit rm -rf "$work"
cd "$work"

mount -t tmpfs none /run || skip "no /run of one's own"
ip link set lo up
ip link add switch type bridge 2> /dev/null || skip "this kernel has no bridges"
ip addr add 10.99.0.254/24 dev switch
ip link set switch up
for i in 0 1 2; do
    ip netns add "m$i"
    ip link add "port$i" type veth peer name eth0 netns "m$i" || skip "this kernel has no veth"
    ip link set "port$i" master switch up
    ip -n "m$i" addr add 10.99.0.$((i + 1))/24 dev eth0
    ip -n "m$i" link set eth0 up
    ip -n "m$i" link set lo up
    etcd_at[i]=10.99.0.$((i + 1)):2379
    etcd_peer_at[i]=10.99.0.$((i + 1)):2380
done
etcd_certificates 10.99.0.1 10.99.0.2 10.99.0.3
for i in 0 1 2; do
    etcd_member "$i" ip netns exec "m$i"
done

on()
{
    local dir=$1

    shift
    mkdir -p "$dir"
    "$tool" --dir "$dir" --witness "$urls" --pin "$pin" --cert client.pem --key client.key "$@"
}

answered()
{
    on "$@" > out 2> err || { grep -q away err && return 1; bad=yes; }
}

steps()
{
    bad=
    retry answered "$@" || fail "the cluster does not answer: $(cat err)"
    [ -z "$bad" ] || fail "'$*' was refused: $(cat err)"
}

shows()
{
    steps "$1" open show
    grep -q "ok show $2 " out || fail "$1: $(cat out), where $2 was expected"
}

# Which one leads, by its own word; a cluster between leaders has none for a moment.
leader()
{
    local i

    for i in 0 1 2; do
        if ETCDCTL_API=3 etcdctl --endpoints "https://${etcd_at[$i]}" --cacert ca.pem \
            --cert client.pem --key client.key endpoint status -w fields 2> /dev/null |
            awk -F' : ' '/"MemberID"/ { me = $2 } /"Leader"/ { lead = $2 }
                         END { exit !(me != "" && me == lead) }'; then
            echo "$i"
            return
        fi
    done
    return 1
}

has_leader()
{
    lead=$(leader)
}

# waits_until CUT HEAL WHAT: a save waits while CUT holds, and goes on by itself after HEAL.
waits_until()
{
    rm -f go
    mkfifo go
    start writer bash -c "exec '$tool' --dir a --witness '$urls' --pin '$pin' --cert client.pem \
        --key client.key open pause save=1 < go"
    exec 9> go
    retry grep -q 'ok pause' "$TMP/writer.log" || fail "the writer does not open"
    $1
    echo >&9
    retry grep -q 'waits since' "$TMP/writer.log" || fail "$3: the save does not wait"
    ! grep -q 'ok save' "$TMP/writer.log" || fail "$3: acknowledged without a majority"
    $2
    wait_end writer || fail "$3: the writer failed: $(cat "$TMP/writer.log")"
    exec 9>&-
    grep -q 'ok save' "$TMP/writer.log" || fail "$3: the save was not acknowledged"
    : > "$TMP/writer.log"
}

steps a make
steps a open save=2
number=2
shows a $number

for _ in 1 2; do
    retry has_leader || fail "the cluster has no leader"
    echo "the leader, member $lead, is cut off from all: the others witness"
    ip link set "port$lead" down
    steps a open save=1
    number=$((number + 1))
    ip link set "port$lead" up
    shows a $number
done

retry has_leader || fail "the cluster has no leader"
echo "the leader, member $lead, is killed"
stop "m$lead" KILL || true
steps a open save=1
number=$((number + 1))
etcd_member "$lead" ip netns exec "m$lead"
shows a $number

cut_majority()
{
    ip link set port0 down
    ip link set port1 down
}
heal_majority()
{
    ip link set port0 up
    ip link set port1 up
}
echo "a majority is cut off: the save waits, and goes on"
waits_until cut_majority heal_majority "majority cut off"
number=$((number + 1))
shows a $number

echo "we reach each member, and none of them another: no member witnesses by itself"
isolate()
{
    for i in 0 1 2; do bridge link set dev "port$i" isolated on; done
}
join()
{
    for i in 0 1 2; do bridge link set dev "port$i" isolated off; done
}
if bridge link set dev port0 isolated on 2> /dev/null; then
    bridge link set dev port0 isolated off
    waits_until isolate join "members cut off from each other"
    number=$((number + 1))
    shows a $number
else
    echo "(this kernel cannot isolate the ports of a bridge)"
fi

echo "killed while nobody witnesses: before or after, and a copy is fenced all the same"
cp -r a copy
cut_majority
start writer bash -c "exec '$tool' --dir copy --witness '$urls' --pin '$pin' --cert client.pem \
    --key client.key open save=1"
retry grep -q 'away' "$TMP/writer.log" || true
stop writer KILL || true
heal_majority
steps a open save=1
number=$((number + 1))
shows a $number
expect_fail 'older state or a fork' on copy open

echo "all are cut off and all restarted: nothing is lost"
for i in 0 1 2; do ip link set "port$i" down; done
for i in 0 1 2; do stop "m$i" KILL || true; done
for i in 0 1 2; do ip link set "port$i" up; done
for i in 0 1 2; do etcd_member "$i" ip netns exec "m$i"; done
shows a $number
