# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What the shell tests share. A test begins
#
#   #!/bin/bash
#   # test: one sentence
#   set -euo pipefail
#   . "$(dirname "$0")/../lib.sh"
#
# and has then: $SRC and $BUILD (source and build tree, absolute), $TMP (a folder of its own,
# with a short name because socket paths are short), and the functions below. It leaves by its
# end (passed), fail (failed) or skip (77). Whatever `start` started is ended at the exit.

SRC=${SRC:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
BUILD=${BUILD:-$SRC/build}
export SRC BUILD
if [ -z "${TMP:-}" ] || [ -z "${IN_TESTS_RUN:-}" ]; then
    TMP=$(mktemp -d "${TMPDIR:-/tmp}/coco.XXXXXX")
    own_tmp=yes
fi
export TMP

# How long to wait for what surely comes, on however loaded a machine: only a hang takes longer.
PATIENCE=${PATIENCE:-120}

declare -A pids=()           # NAME → process id of what was started
exit_commands=()

# Ends the test as failed. What it says is said once more at the very end, behind the logs.
fail()
{
    echo "failed: $*" | tee -a "$TMP/failed" >&2
    exit 1
}

# unexpected STATUS FILE LINE COMMAND: a command that fails where none may (set -e) mostly says nothing.
unexpected()
{
    [ -s "$TMP/failed" ] || echo "failed: $2, line $3: status $1 of: $4" > "$TMP/failed"
}
set -E
trap 'unexpected "$?" "${BASH_SOURCE[0]#"$SRC/"}" "$LINENO" "$BASH_COMMAND"' ERR

# Ends the test as skipped, with the reason.
skip()
{
    echo "skip: $*"
    exit 77
}

# need TOOL…: skips when one is not there.
need()
{
    local tool

    for tool in "$@"; do
        command -v "$tool" > /dev/null || skip "$tool is not installed"
    done
}

# own_mounts "$@": starts the test anew; what it mounts then is seen by nobody else, and goes with its
# last process.
own_mounts()
{
    need unshare mount
    [ -z "${IN_MOUNTS:-}" ] || return 0
    unshare -m true 2> /dev/null || skip "mounts of one's own need root"
    [ -z "${own_tmp:-}" ] || rmdir "$TMP"
    IN_MOUNTS=yes exec unshare -m "$0" "$@"
}

# ours NAME: the path of a program of this build.
ours()
{
    local path

    for path in "$BUILD"/src/*/"$1" "$BUILD/$1" "$BUILD"/tests/*/"$1" "$SRC/samples/$1"; do
        if [ -x "$path" ] && [ ! -d "$path" ]; then
            echo "$path"
            return
        fi
    done
    echo "failed: the build has no program $1" >&2
    return 1
}

# vectors: the folder of the shared vectors, or skip.
vectors()
{
    local folder=${COCOTPM_VECTORS:-$SRC/../shared/vectors}

    [ -d "$folder" ] || return 1
    (cd "$folder" && pwd)
}

# at_exit COMMAND…: to be run when the test ends, last one first.
at_exit()
{
    exit_commands=("$(printf '%q ' "$@")" "${exit_commands[@]}")
}

# keep_in_memory: a folder in $kept that sessions may be kept in. Every Linux has a tmpfs there, so
# without one the test fails.
keep_in_memory()
{
    [ "$(df --output=fstype /dev/shm 2> /dev/null | tail -n 1)" = tmpfs ] ||
        fail "a tmpfs on /dev/shm is needed"
    kept=$(mktemp -d /dev/shm/coco.XXXXXX)
    at_exit rm -rf "$kept"
}

# alive PID: a process that is there and is no zombie.
alive()
{
    local state

    state=$(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2> /dev/null) || return 1
    [ -n "$state" ] && [ "$state" != Z ] && [ "$state" != X ]
}

# retry COMMAND…: until it succeeds, at most $PATIENCE seconds. What has been waited for long is
# asked for less often, up to four times a second, as each time starts processes.
retry()
{
    local retry_end=$((SECONDS + PATIENCE)) retry_pause=20 retry_seconds

    until "$@"; do
        [ "$SECONDS" -lt "$retry_end" ] || return 1
        printf -v retry_seconds '0.%03d' "$retry_pause"
        sleep "$retry_seconds"
        [ "$retry_pause" -ge 250 ] || retry_pause=$((retry_pause + 4))
    done
}

# start NAME COMMAND…: in the background, what it says in $TMP/NAME.log.
start()
{
    local name=$1

    shift
    "$@" < /dev/null >> "$TMP/$name.log" 2>&1 &
    pids[$name]=$!
}

# adopt NAME PIDFILE: a process that went to the background by itself is ended at the exit too.
adopt()
{
    retry test -s "$2" || fail "$1 wrote no pid file"
    pids[$1]=$(cat "$2")
}

# pid_of NAME
pid_of()
{
    echo "${pids[$1]}"
}

# wait_end NAME: until it has ended; its exit status (0 when it was adopted).
wait_end()
{
    local pid=${pids[$1]}

    unset "pids[$1]"
    if ! retry gone "$pid"; then
        kill -KILL "$pid" 2> /dev/null || true
        fail "$1 does not end"
    fi
    wait "$pid" 2> /dev/null || { local status=$?; [ "$status" = 127 ] || return "$status"; }
}

gone()
{
    ! alive "$1"
}

# stop NAME [SIGNAL]: ends it and waits; its exit status.
stop()
{
    kill "-${2:-TERM}" "${pids[$1]}" 2> /dev/null || true
    wait_end "$1"
}

# listening PATH|PORT: somebody listens on this Unix socket or TCP port (found without connecting).
listening()
{
    local hex

    case $1 in
    *[!0-9]*)
        awk -v path="$1" '$4 == "00010000" && $8 == path { found = 1 } END { exit !found }' \
            /proc/net/unix ;;
    *)
        hex=$(printf '%04X' "$1")
        cat /proc/net/tcp /proc/net/tcp6 2> /dev/null |
            awk -v port=":$hex\$" '$4 == "0A" && $2 ~ port { found = 1 } END { exit !found }' ;;
    esac
}

listening_or_gone()
{
    listening "$1" || gone "$2"
}

# wait_socket NAME PATH|PORT: until what `start NAME` started listens there; fails when it ended.
wait_socket()
{
    retry listening_or_gone "$2" "${pids[$1]}" || fail "$1 does not listen on $2"
    if ! listening "$2"; then
        cat "$TMP/$1.log" >&2 2> /dev/null || true
        fail "$1 ended before it listened on $2"
    fi
}

# free_port [COUNT]: a TCP port (the first of COUNT in a row) nobody listens on and no other
# test of this run is given.
free_port()
{
    local claims=${PORT_CLAIMS:-$TMP/ports} count=${1:-1} port next

    mkdir -p "$claims"
    while :; do
        port=$((20000 + RANDOM % 12000))
        for ((next = port; next < port + count; next++)); do
            mkdir "$claims/$next" 2> /dev/null || continue 2
            ! listening "$next" || continue 2
        done
        echo "$port"
        return
    done
}

# hex < BYTES: lower case digits. unhex < DIGITS: bytes; blanks are skipped.
hex()
{
    od -An -v -tx1 | tr -d ' \n'
}

unhex()
{
    tr -d ' \n' | tr a-f A-F | basenc --base16 -d
}

# slice FILE OFFSET COUNT: these bytes as digits.
slice()
{
    od -An -v -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'
}

# finds OPTION… WORDS: grep -q for the end of a pipe. It reads all of its input: grep -q leaves
# at the first match, and the signal that then ends the writer fails the pipe (pipefail).
finds()
{
    [ "$(grep -c "$@")" != 0 ]
}

# expect_fail WORDS COMMAND…: it must fail (not by a signal) and say WORDS, an extended
# regular expression, on either output.
expect_fail()
{
    local fail_words=$1 fail_status=0 fail_output

    shift
    fail_output=$("$@" 2>&1 < /dev/null) || fail_status=$?
    [ "$fail_status" != 0 ] || fail "succeeded, but must not: $*"
    [ "$fail_status" -lt 124 ] || fail "ended with status $fail_status: $* ($fail_output)"
    grep -Eq -- "$fail_words" <<< "$fail_output" || fail "'$*' does not say '$fail_words' but: $fail_output"
}

on_exit()
{
    local status=$? command pid

    trap - EXIT
    set +e
    for command in "${exit_commands[@]}"; do
        eval "$command"
    done
    for pid in "${pids[@]}"; do
        kill -TERM "$pid" 2> /dev/null
    done
    PATIENCE=10
    for pid in "${pids[@]}"; do
        retry gone "$pid" || kill -KILL "$pid" 2> /dev/null
    done
    if [ "$status" != 0 ] && [ "$status" != 77 ]; then
        tail -n 30 "$TMP"/*.log >&2 2> /dev/null
        cat "$TMP/failed" >&2 2> /dev/null
    fi
    [ -z "${own_tmp:-}" ] || rm -rf "$TMP"
    exit "$status"
}
trap on_exit EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
