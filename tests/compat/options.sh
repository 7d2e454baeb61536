#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: good, bad, odd and missing values of swtpm's options end or serve as with Debian's swtpm
# slow: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

theirs=/usr/bin/swtpm
[ -x "$theirs" ] || skip "Debian's swtpm is not installed"
need socat
mine=$(ours swtpm)
umask 022
digits=000102030405060708090a0b0c0d0e0f
cd "$TMP"

# fresh NAME: a folder with what the rows below name, and the current one.
fresh()
{
    rm -rf "${TMP:?}/$1"
    mkdir -p "$TMP/$1/st" "$TMP/$1/folder"
    cd "$TMP/$1"
    printf '%s' "$digits" > k128
    printf '0x%s\n' "$digits" > k128x
    printf '%s' "$digits$digits" > k256
    printf 'zz%s' "${digits:2}" > kbad
    printf 0001 > kshort
    printf '%032d' 0 > kbin
    printf 'passphrase\n' > pw
    : > empty
    touch -d "1 minute ago" ./*      # the clock of files stands still for some milliseconds
}

# Whether it serves or how it ends, and what it made, with modes.
run()
{
    local name=$1 program=$2 end

    shift 2
    fresh "$name"
    : > "$TMP/run.log"
    start run "$program" "$@"
    retry listening_or_gone "$TMP/$name/s" "$(pid_of run)" || fail "$name: hangs: $*"
    if listening "$TMP/$name/s"; then
        # The sockets are there first: an answer says that the rest is too.
        printf '\x80\x01\0\0\0\x0a\0\0\x01\x81' |
            timeout "$PATIENCE" socat -t "$PATIENCE" - "UNIX-CONNECT:$TMP/$name/s" > "$TMP/answer"
        [ -s "$TMP/answer" ] && echo serves
        find . -newer empty ! -name s ! -type d -printf '%p %m\n' | sort
        stop run || { end=$?; echo "ended with $end"; }
    else
        wait_end run || { end=$?; echo "ended with $end"; }
    fi
    cd "$TMP"
}

# A row: options; then, behind a bar, words that both have to say.
count=0
while IFS='|' read -r line words; do
    [ -n "$line" ] || continue
    # shellcheck disable=SC2086
    set -- $line
    case $1 in
    socket | chardev | none) ;;
    *) set -- socket --tpm2 --tpmstate dir=st --flags startup-clear \
        --server type=unixio,path="$TMP/NAME/s" "$@" ;;
    esac
    for name in theirs ours; do
        program=$theirs
        [ $name = theirs ] || program=$mine
        run $name "$program" "${@//NAME/$name}" > "$name.out"
        [ -z "$words" ] || grep -qF -- "$words" run.log ||
            { cat run.log; fail "$name does not say '$words' to '$line'"; }
    done
    diff theirs.out ours.out || { cat run.log; fail "something else happens with '$line'"; }
    count=$((count + 1))
done << 'ROWS'
none|Unsupported TPM interface type 'none'
socket --tpm2 --tpmstate dir=st --print-states
socket --tpm2 --print-states|--tpmstate option is required for --print-states
chardev --tpm2 --tpmstate dir=st
chardev --tpm2 --tpmstate dir=st --chardev none|Cannot open none: No such file or directory
chardev --tpm2 --tpmstate dir=st --vtpm-proxy --server port=1
chardev --tpm2 --tpmstate dir=st -t
chardev --tpm2 --tpmstate dir=st -f 99
--tpm2
--tpm
extra|Unknown parameter 'extra'
--nonsense
-x
--log
--log fd=99
--log fd=x
--log level=x
--log level=20,file=log
--log file=log,prefix=ABC,truncate
--log file=log,foo=1|Unknown option 'foo=1'
--log file=log,file=other
--log file=|Unknown option 'file='
--log file=folder
--log ,
--pid file=pid
--pid file=none/pid|No such file or directory
--pid fd=99
--pid foo|Unknown option 'foo'
--pid ,
--pid file=folder
--locality reject-locality-4=TRUE
--locality allow-set-locality,reject-locality-4=0
--locality foo|Unknown option 'foo'
--flags not-need-init
--flags startup-none
--flags startup-clear=false
--flags startup-clear,foo|Unknown option 'foo'
--flags startup-deactivated --tpmstate dir=none
--seccomp action=none
--seccomp action=foo|Unsupported seccomp log action foo
--seccomp foo|Unknown option 'foo'
--seccomp ,
--runas nosuchuserhere
--runas root
-p 70000
-p -1
-p x
--fd 0
--fd x
--fd 99|Bad file descriptor
--key file=k128
--key file=k128x
--key file=k256,mode=aes-256-cbc
--key file=k128,mode=aes-256-cbc
--key file=kbad|Could not parse key hex string into 16 byte buffer.
--key file=kshort
--key file=kbin,format=binary,mode=aes-256-cbc
--key file=kbin,format=binary|Key is larger than buffer (32 > 16).
--key file=kshort,format=binary
--key file=k128,format=foo|Unknown key format 'foo'.
--key file=k128,mode=foo|Unknown encryption mode 'foo'.
--key file=none|Unable to open file none
--key fd=99|Unable to read key
--key fd=x
--key pwdfile=pw
--key pwdfile=pw,kdf=sha512,mode=aes-cbc
--key pwdfile=pw,kdf=foo|Unknown kdf 'foo'.
--key pwdfile=pw,remove
--key file=k128,remove=true
--key file=k128,remove=false
--key file=k128,foo=1|Unknown option 'foo=1'
--key mode=aes-cbc|Either file=, fd=, pwdfile=, or pwdfd= is required for key option
--migration-key file=k128
--migration-key file=kbad|Could not parse key hex string into 16 byte buffer.
--tpmstate dir=none|SWTPM_NVRAM_Lock_Dir: Could not open lockfile: No such file or directory
--tpmstate dir=none|Could not initialize libtpms.
--tpmstate dir=k128|Could not open lockfile: Not a directory
--tpmstate dir=|Unknown option 'dir='
--tpmstate foo|Unknown option 'foo'
--tpmstate mode=0600|The dir or backend-uri parameters is required for the tpmstate option.
--tpmstate dir=st,mode=0600
--tpmstate dir=st,mode=640
--tpmstate dir=st,mode=1000
--tpmstate dir=st,mode=8
--tpmstate dir=st,dir=none
--tpmstate dir=st,backend-uri=foo://x
--tpmstate backend-uri=dir://st
--tpmstate backend-uri=foo://st|SWTPM_NVRAM_Init: Unsupported backend.
--tpmstate backend-uri=file://st/f|Formatting 'file://st/f' as new linear NVRAM store
--tpmstate backend-uri=file://pw|Formatting 'file://pw' as new linear NVRAM store
--tpmstate backend-uri=file://none/f|SWTPM_NVRAM_LinearFile_Open: Could not open file
--tpmstate backend-uri=file:///dev/null
--server type=foo,port=1
--server type=unixio
--server type=tcp|No valid port number provided for TCP socket
--server port=70000|TCP socket port outside valid range
--server port=x
--server port=0,bindaddr=foo|Could not parse the bind address 'foo'
--server port=0,bindaddr=fe80::1|Missing interface name for link local address
--server port=0,bindaddr=fe80::1,ifname=nosuch|Could not convert interface name 'nosuch' to index
--server type=unixio,path=none/s|No such file or directory
--server type=unixio,path=folder|Address already in use
--server type=unixio,path=x,mode=1000
--server type=unixio,path=x,uid=nosuchuserhere|User 'nosuchuserhere' does not exist
--server type=unixio,path=x,gid=nosuchgrouphere|Group 'nosuchgrouphere' does not exist
--server type=unixio,path=x,terminate|Unknown option 'terminate'
--server type=unixio,fd=0|Bad filedescriptor 0
--ctrl type=unixio|Missing path and fd options for UnixIO
--ctrl type=unixio,path=c
--ctrl type=unixio,path=c,mode=0600
--ctrl type=unixio,path=c,foo=1|Unknown option 'foo=1'
--ctrl type=unixio,fd=99|Bad filedescriptor 99
--ctrl type=unixio,clientfd=1|Bad filedescriptor 1
--ctrl type=tcp
--ctrl type=tcp,port=0
--ctrl type=tcp,port=0,bindaddr=::1
--ctrl type=foo
--ctrl path=c
--ctrl foo|Unknown option 'foo'
ROWS
[ "$count" -gt 100 ] || fail "only $count rows were played"
echo "$count command lines"

# What 0.7.1 goes on with (HACKING): there is no state that was saved.
mkdir unsaved
expect_fail "Startup says" "$(ours swtpm)" socket --tpm2 --tpmstate dir="$TMP/unsaved" \
    --server type=unixio,path="$TMP/unsaved.s" --flags startup-state
