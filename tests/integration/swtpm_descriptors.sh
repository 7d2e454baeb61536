#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: descriptors, root and user of swtpm: --fd, fd=, clientfd, terminate, --chroot, --runas, notification
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need socat perl
swtpm=$(ours swtpm)
ioctl=$(ours swtpm_ioctl)
cd "$TMP"
random=80010000000c0000017b0004
good='^8001000000100000000000'

# ask SOCKET: GetRandom on a connection of its own.
ask()
{
    unhex <<< "$random" | timeout 60 socat -t 60 - "unix-connect:$1" | hex
}

# options: what every swtpm here has.
options=(--tpm2 --tpmstate dir="$TMP/state" --flags startup-clear --pid file="$TMP/pid")

fresh()
{
    rm -rf state pid
    mkdir state
}

# on_pair NAME REQUEST SIZE OPTION…: a swtpm on one end of a pair of sockets, %FD%; a request
# on the other, which is closed after the answer.
on_pair()
{
    local name=$1

    fresh
    perl -MSocket -e '$^F = 99; ($request, $size) = splice(@ARGV, 0, 2);
        socketpair(A, B, AF_UNIX, SOCK_STREAM, 0) or die;
        if (!fork()) {
            close(A); open(STDOUT, ">&STDERR"); $fd = fileno(B);
            s/%FD%/$fd/ for @ARGV; exec @ARGV }
        close(B); syswrite(A, pack("H*", $request));
        while ($size > 0 && ($n = sysread(A, $r, $size)) > 0) { print unpack("H*", $r); $size -= $n }
        ' "$2" "$3" "$swtpm" socket "${options[@]}" "${@:4}" > answer 2>> "$name.log"
    # It may have ended meanwhile.
    pids[$name]=$(cat pid 2> /dev/null) || unset "pids[$name]"
}

# --fd and fd=: a connected descriptor; swtpm ends when its other end is closed.
on_pair by_fd "$random" 16 --fd %FD%
[[ $(cat answer) =~ $good ]] || fail "--fd answers nothing"
retry test ! -e pid || fail "--fd: swtpm outlives its client"
on_pair by_server_fd "$random" 16 --server type=tcp,fd=%FD%
[[ $(cat answer) =~ $good ]] || fail "--server fd= answers nothing"
retry test ! -e pid || fail "--server fd=: swtpm outlives its client"
for option in "--fd 2" "--server type=tcp,fd=2" "--ctrl type=unixio,clientfd=2"; do
    # shellcheck disable=SC2086
    expect_fail '3 or above' "$swtpm" socket --tpm2 --tpmstate dir=state $option
done
# A file is no channel.
status=0
"$swtpm" socket --tpm2 --tpmstate dir=state --flags startup-clear --fd 9 9< answer > out 2>&1 ||
    status=$?
[ "$status" = 1 ] || fail "--fd of a file ends with $status"

# --server fd= of a socket that listens: client after client.
listen='$^F = 99; socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un(shift)) or die;
    listen(S, 1); $fd = fileno(S); s/%FD%/$fd/ for @ARGV; exec @ARGV'
mkdir listened
start listening perl -MSocket -e "$listen" "$TMP/s2" "$swtpm" socket --tpm2 \
    --tpmstate dir="$TMP/listened" --flags startup-clear --server type=unixio,fd=%FD% \
    --ctrl type=unixio,path="$TMP/c"
wait_socket listening "$TMP/c"
for _ in 1 2; do
    [[ $(ask "$TMP/s2") =~ $good ]] || fail "a socket that listens: no answer"
done
"$ioctl" --unix "$TMP/c" -s
wait_end listening || fail "a socket that listens: it ends with a failure"

# --ctrl clientfd=: a connected control channel. Its end ends swtpm with terminate only.
capability=00000001
on_pair by_clientfd $capability 8 --ctrl type=unixio,clientfd=%FD% --server "type=unixio,path=$TMP/s"
[ "$(cat answer)" = 000000000001ffff ] || fail "clientfd= answers $(cat answer)"
[[ $(ask "$TMP/s") =~ $good ]] || fail "swtpm went with its control client"
stop by_clientfd
on_pair by_clientfd $capability 8 --ctrl type=unixio,clientfd=%FD%,terminate \
    --server "type=unixio,path=$TMP/s"
[ "$(cat answer)" = 000000000001ffff ] || fail "clientfd=,terminate answers $(cat answer)"
retry test ! -e pid || fail "terminate: swtpm outlives its control client"
# The same for a control socket that is connected to.
fresh
start by_path "$swtpm" socket "${options[@]}" --ctrl "type=unixio,path=$TMP/c,terminate" \
    --server "type=unixio,path=$TMP/s"
wait_socket by_path "$TMP/c"
"$ioctl" --unix "$TMP/c" -c | finds 0x || fail "terminate answers nothing"
wait_end by_path || fail "terminate: it ends with a failure"
[ ! -e c ] && [ ! -e s ] || fail "the sockets stay"

# systemd is told when the TPM serves.
fresh
start notify socat -u "unix-recv:$TMP/notify" "create:$TMP/notified"
retry test -S notify || fail "socat does not listen"
start notifying env NOTIFY_SOCKET="$TMP/notify" "$swtpm" socket "${options[@]}" \
    --server "type=unixio,path=$TMP/s"
retry grep -q '^READY=1' notified || fail "systemd was not told"
[[ $(ask "$TMP/s") =~ $good ]] || fail "ready, but not serving"
# --pid file: written before, and removed at the end.
[ "$(cat pid)" = "$(pid_of notifying)" ] || fail "another pid in the pid file"
stop notifying || fail "SIGTERM does not end it with success"
[ ! -e pid ] || fail "the pid file stays"
stop notify || true

# --pid fd=: written, and removed at the end by its name.
fresh
start pid_by_fd "$swtpm" socket --tpm2 --tpmstate dir="$TMP/state" --flags startup-clear --pid fd=5 \
    --server "type=unixio,path=$TMP/s" 5> pid
wait_socket pid_by_fd "$TMP/s"
[ "$(cat pid)" = "$(pid_of pid_by_fd)" ] || fail "another pid through the descriptor"
stop pid_by_fd INT || fail "SIGINT does not end it with success"
[ ! -e pid ] || fail "the pid file of the descriptor stays"

# The environment where no option says it.
fresh
port=$(free_port)
start environment env TPM_PATH="$TMP/state" TPM_PORT="$port" "$swtpm" socket --tpm2 --server type=tcp \
    --flags startup-clear
wait_socket environment "$port"
[ -s state/tpm2-00.permall ] || fail "TPM_PATH is not heeded"
stop environment || fail "SIGTERM does not end it with success"

# --seccomp: the kernel shows whether there is a filter.
if ! grep -q "^.define SANITIZERS 1" "$BUILD/config.h"; then
    for pair in kill:2 log:2 none:0; do
        fresh
        start filtered "$swtpm" socket "${options[@]}" --seccomp "action=${pair%:*}" \
            --server "type=unixio,path=$TMP/s"
        wait_socket filtered "$TMP/s"
        [[ $(ask "$TMP/s") =~ $good ]] || fail "no answer with --seccomp action=${pair%:*}"
        for status in /proc/"$(pid_of filtered)"/task/*/status; do
            [ "$(sed -n 's/^Seccomp:[[:space:]]*//p' "$status")" = "${pair#*:}" ] ||
                fail "--seccomp action=${pair%:*}: $(grep Seccomp "$status")"
        done
        stop filtered || fail "it ends with a failure"
    done
fi

# LeakSanitizer needs a /proc in the new root.
! grep -q "^.define SANITIZERS 1" "$BUILD/config.h" || exit 0
# --chroot and --runas need root; the user has to reach what it is given.
if [ "$(id -u)" != 0 ] || ! id nobody > /dev/null 2>&1; then
    echo "neither --chroot nor --runas was tried: that needs root, and a user nobody"
    exit
fi
for user in nobody 65534; do
    rm -rf jail
    mkdir -p jail/state
    chown -R nobody jail
    start jailed "$swtpm" socket --tpm2 --chroot "$TMP/jail" --runas "$user" \
        --tpmstate dir=/state --flags startup-clear --server type=unixio,path=/s \
        --ctrl type=unixio,path=/c --pid file=/pid --log file=/log
    retry test -S jail/c || { cat jailed.log; fail "--chroot: no socket in the new root"; }
    # The socket is listed under the name that it was bound to.
    retry test -s jail/state/tpm2-00.permall || fail "--chroot: no state in the new root"
    pid=$(pid_of jailed)
    [ "$(readlink "/proc/$pid/root")" = "$TMP/jail" ] || fail "--chroot: it is in another root"
    [ "$(sed -n 's/^Uid:\t//p' "/proc/$pid/status")" = "$(printf '65534\t65534\t65534\t65534')" ] ||
        fail "--runas $user: $(grep Uid "/proc/$pid/status")"
    for file in s c pid log state/tpm2-00.permall; do
        [ "$(stat -c %U "jail/$file")" = nobody ] || fail "--runas $user: $file belongs to another"
    done
    "$ioctl" --unix "$TMP/jail/c" -s || fail "--chroot: no control channel"
    wait_end jailed || fail "--chroot: it ends with a failure"
    [ ! -e jail/pid ] && [ ! -e jail/s ] || fail "--chroot: files stay"
done
expect_fail 'chroot' "$swtpm" socket --tpm2 --chroot "$TMP/none" --tpmstate dir=/ \
    --server type=unixio,path=/s
expect_fail 'no user' "$swtpm" socket --tpm2 --runas nosuchuserhere --tpmstate dir=state \
    --server "type=unixio,path=$TMP/s"
