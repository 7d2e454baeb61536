#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: each option of swtpm socket and each word of --cocotpm, added by the host alone: refused, or
# the TPM is the same and accepts nobody more
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"

swtpm=$(ours swtpm)
rogue=$(ours rogue)
world
head -c 32 /dev/zero > "$TMP/zeroes"
head -c 32 /dev/urandom > "$TMP/key"
printf '[floors]\nsvn-floor = 0\n' > "$TMP/low.floors"
printf '[floors]\nsvn-floor = 9\n' > "$TMP/high.floors"
head -c 100 /dev/urandom > "$TMP/noise"
mkdir "$TMP/empty"

# Outcome, option, words of the refusal or why it is harmless. All of --help has to be here.
options=(
    "refused|-p 23456|cannot be given"
    "refused|--port 23456|cannot be given"
    "refused|--server type=unixio,path=$TMP/x|cannot be given"
    "refused|-f 0|cannot be given"
    "refused|--fd 0|cannot be given"
    "refused|--ctrl type=unixio,path=$TMP/x|cannot be given"
    "refused|--key file=$TMP/key,format=binary|cannot be given"
    "refused|--migration-key pwdfile=$TMP/key|cannot be given"
    "refused|--locality reject-locality-4|cannot be given"
    "refused|--locality allow-set-locality|cannot be given"
    "refused|--flags not-need-init|cannot be given"
    "refused|--flags startup-state|cannot be given"
    "refused|--flags startup-clear|cannot be given"
    "refused|--flags startup-none|cannot be given"
    "refused|--flags disable-auto-shutdown|cannot be given"
    "refused|--migration incoming|cannot be given"
    "refused|--migration release-lock-outgoing|cannot be given"
    "refused|--pcap file=$TMP/pcap|cannot be given"
    "refused|--seccomp action=none|cannot be given"
    "refused|--seccomp action=log|cannot be given"
    "harmless|--seccomp action=kill|what it is anyway"
    "refused|--profile name=null|profile"
    "refused|--tpmstate dir=$TMP/nothing|No such file"
    "refused|--tpmstate dir=$TMP/empty|tpm2-00.sealed"
    "refused|--tpmstate backend-uri=file://$TMP/noise|dir="
    "harmless|--tpmstate dir=$TMP/state,backup|the sealed state makes its own copies"
    "harmless|--tpmstate dir=$TMP/state,mode=0666|the state is sealed"
    "harmless|--terminate|there is no data connection"
    "harmless|-t|there is no data connection"
    "harmless|--tpm2|said twice"
    "harmless|--log file=$TMP/more.log,level=20|commands are not shown"
    "refused|--log file=$TMP/text,prefix=/what/the/host/likes|cannot be given"
    "refused|--log file=$TMP/text,truncate|cannot be given"
    "harmless|--log fd=2|to the standard error, as without it"
    "harmless|--pid file=$TMP/more.pid|a file of the host's"
    "refused|--pid file=$TMP/text --pcap file=$TMP/pcap|cannot be given"
    "harmless|-r root|a user of the VM"
    "harmless|--runas root|a user of the VM"
    "refused|--runas nobody-of-this-name|there is no user"
    "refused|-R $TMP/nothing|chroot|nothing"
    "refused|--chroot $TMP/nothing|chroot|nothing"
    "harmless|--daemon --pid file=$TMP/daemon.pid|who started it does not wait"
    "harmless|-d --pid file=$TMP/daemon.pid|who started it does not wait"
    "prints|--print-capabilities|features"
    "prints|--print-states|states"
    "prints|--print-profiles|"
    "prints|--print-info 1|"
    "prints|--version|TPM emulator"
    "prints|-v|TPM emulator"
    "prints|--help|Usage"
    "prints|-h|Usage"
    "refused|--nonsense|nonsense"
)

# The same for what --cocotpm is made of; "type" and "path" are there, and are said anew.
words=(
    "refused|type=tcp|port="
    "refused|type=pipe|type="
    "refused|fd=0|exclude each other"
    "harmless|mode=0666|who connects has to have the key"
    "refused|mode=abc|mode"
    "harmless|port=1234|for other types"
    "harmless|bindaddr=0.0.0.0|for other types"
    "harmless|cid=1|for other types"
    "refused|id=00000000-0000-0000-0000-000000000001|instance"
    "refused|id=12|UUID"
    "refused|operator-psk-file=$TMP/zeroes|zeroes"
    "refused|operator-psk-file=$TMP/nothing|nothing"
    "harmless|operator-psk-file=$TMP/key|the operator may ask to stop, nothing else"
    "refused|owner-secret-fd=99|owner secret"
    "refused|owner-secret-file=$TMP/nothing|owner secret"
    "harmless|owner-secret-file=$TMP/key|the sealed policy asks for none"
    "refused|platform=emulator:$TMP/nobody|nobody"
    "refused|platform=sev|secrets/coco|SEV"
    "refused|platform=none|platform"
    "refused|platform=emulator:$TMP/cocovm|seal|image|key|open"
    "refused|certs=$TMP/nothing|nothing"
    "harmless|certs=$TMP/noise|the client judges it, and the platform's own comes first"
    "harmless|floors=$TMP/low.floors|floors only raise"
    "harmless|floors=$TMP/high.floors|they are for the states of other images"
    "refused|floors=$TMP/noise|floors"
    "refused|timeout=0|timeout"
    "refused|timeout=601|timeout"
    "harmless|timeout=600|eight half-open links as ever"
    "refused|provision=99|provision|descriptor"
    "refused|policy=$TMP/instance.policy|policy"
    "refused|psk=bootstrap|psk"
    "refused|psk-file=$TMP/zeroes|psk-file"
    "refused|takeover=yes|takeover"
    "refused|roots=$TMP/noise|roots"
    "refused|freshness=none|freshness"
)

# What --help and the table of the program name, this one names too.
"$swtpm" socket --help > "$TMP/help"
sed -nE 's/^  (-.), (--[a-z0-9-]+).*/\1\n\2/p; s/^  (--[a-z0-9-]+).*/\1/p' "$TMP/help" |
    while read -r name; do
        [ "$name" != --cocotpm ] || continue
        printf '%s\n' "${options[@]}" | cut -d'|' -f2 | finds -E -- "(^| )$name( |\$)" ||
            fail "$name of --help has no row"
    done
sed -n 's/^    ROW("\([a-z-]*\)".*/\1/p' "$SRC/src/swtpm/cocotpm_options.c" | while read -r name; do
    [ "$name" != path ] || continue
    printf '%s\n' "${words[@]}" | cut -d'|' -f2 | finds -E -- "^$name=" || fail "$name= has no row"
done

# The state as provisioned, for each row anew.
cp -a "$TMP/state" "$TMP/state.good"
fresh()
{
    rm -rf "$TMP/state" "$TMP/w.sock"
    cp -a "$TMP/state.good" "$TMP/state"
    before=$(sha256sum < "$TMP/state/tpm2-00.sealed")
}

# line SUB-OPTIONS OPTION…: the command line; of two options the later counts, of two words of one
# option the earlier.
line()
{
    local more=$1

    shift
    printf '%s\n' "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" --cocotpm \
        "${more:+$more,}type=unixio,path=$TMP/w.sock,id=$ID,platform=emulator:$TMP/tpmvm" "$@"
}

refused()
{
    local name=$1 say=$2

    shift 2
    (expect_fail "$say" timeout "$PATIENCE" "$@") || wrong="$wrong $name"
    [ ! -e "$TMP/w.sock" ] || fail "$name: refused, but there is a socket"
    [ "$(sha256sum < "$TMP/state/tpm2-00.sealed")" = "$before" ] || fail "$name: the state was touched"
}

# The honest client is served; one whose image is another is not.
serves_as_ever()
{
    local name=$1 said

    shift
    rm -f "$TMP/daemon.pid"
    start words "$@"
    case $name in -d* | --daemon*) wait_end words && adopt words "$TMP/daemon.pid" ;; esac
    wait_socket words "$TMP/w.sock"
    ! "$rogue" nothing "$TMP/w.sock" "$TMP/driver.policy" "$ID" "emulator:$TMP/stranger" \
        > "$TMP/said" 2>&1 || fail "$name: another image was let in: $(cat "$TMP/said")"
    said=$("$rogue" nothing "$TMP/w.sock" "$TMP/driver.policy" "$ID" "emulator:$TMP/cocovm")
    [ "$said" = ok ] || fail "$name: the honest client was told $said"
    stop words || fail "$name: ended with $?"
}

image stranger "something else"
vm_launch chip stranger "$TMP/stranger.img"

# row ROW SUB-OPTIONS OPTION…
row()
{
    local outcome name say command

    IFS='|' read -r outcome name say <<< "$1"
    shift
    fresh
    mapfile -t command < <(line "$@")
    case $outcome in
    refused) refused "$name" "$say" "${command[@]}" ;;
    harmless) serves_as_ever "$name" "${command[@]}" ;;
    prints) timeout "$PATIENCE" "${command[@]}" 2>&1 | finds -- "$say" || fail "$name prints something else"
        [ ! -e "$TMP/w.sock" ] || fail "$name serves" ;;
    esac
    count=$((count + 1))
}

echo kept > "$TMP/text"
count=0
wrong=
row "harmless|nothing|" ""
for entry in "${options[@]}"; do
    IFS='|' read -r _ name _ <<< "$entry"
    read -r -a more <<< "$name"
    row "$entry" "" "${more[@]}"
done
for entry in "${words[@]}"; do
    IFS='|' read -r _ name _ <<< "$entry"
    row "$entry" "$name"
done
[ -z "$wrong" ] || fail "not refused as they should be:$wrong"
[ "$count" = $((1 + ${#options[@]} + ${#words[@]})) ] || fail "$count rows only"

# What is refused was not begun: no log, and no pid file to be removed.
(expect_fail nothing "$(ours cocotpm-driver)" --link "unixio:$TMP/w.sock" --policy "$TMP/nothing" --id "$ID" \
    --server "type=unixio,path=$TMP/tpm" --pid "file=$TMP/text") || fail "a driver without a policy"
[ "$(cat "$TMP/text")" = kept ] || fail "refused, but a file it names was changed"

# As loud as it goes, the log has no command.
[ -s "$TMP/more.log" ] || fail "nothing was logged"
! grep -qiE 'SWTPM_IO|TPM2_|80 ?01 ?00 ?00|Ctrl Cmd|Startup' "$TMP/more.log" || fail "the log shows commands: $(cat "$TMP/more.log")"
echo "$count command lines"

# ---- the same on plain swtpm: the host's words count ----

start plain "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/empty" --flags not-need-init,startup-clear \
    --server "type=unixio,path=$TMP/p" --log "file=$TMP/plain.log,level=20"
wait_socket plain "$TMP/p"
raw "$TMP/p" "$(extend_command "$(digest 1)")"
[ "${answer:12:8}" = 00000000 ] || fail "plain swtpm: $answer"
plain_is "honest" 1
grep -q 'SWTPM_IO_Read: length' "$TMP/plain.log" || fail "plain swtpm shows nothing of its commands"
report "each option and word, alone" "obeyed" "refused, or harmless"
