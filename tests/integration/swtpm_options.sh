#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: what swtpm prints about itself, going to the background, log, pid file, sandbox, chardev errors
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

swtpm=$(ours swtpm)
cd "$TMP"
mkdir state

# The whole line is what consumers compare, but for the key sizes of this libtpms.
"$swtpm" socket --tpm2 --print-cap | sed 's/"rsa-keysize-[0-9]*", //g' > caps
cat > wanted << 'LINE'
{ "type": "swtpm", "features": [ "tpm-1.2", "tpm-2.0", "tpm-send-command-header", "flags-opt-startup", "flags-opt-disable-auto-shutdown", "ctrl-opt-terminate", "cmdarg-seccomp", "cmdarg-key-fd", "cmdarg-pwd-fd", "cmdarg-print-states", "cmdarg-chroot", "cmdarg-migration", "nvram-backend-dir", "nvram-backend-file", "cmdarg-print-info", "tpmstate-opt-lock", "tpmstate-dir-backend-opt-backup", "tpmstate-dir-backend-opt-fsync", "cmdarg-pcap", "systemd-notify" ], "profiles": { "names": [ ], "algorithms": { }, "commands": { } }, "version": "0.11.0" }
LINE
diff wanted caps || fail "--print-capabilities says something else"
[ "$("$swtpm" socket --tpm2 --print-states --tpmstate dir=state)" = \
    '{ "type": "swtpm", "states": [] }' ] || fail "--print-states of an empty folder"
: > linear
"$swtpm" socket --tpm2 --print-states --tpmstate backend-uri=file://"$TMP/linear" > states 2>&1
[ "$(cat states)" = '{ "type": "swtpm", "states": [] }' ] && [ ! -s linear ] ||
    fail "--print-states of an empty file: $(cat states)"
"$swtpm" socket --tpm2 --print-info 1 | finds '"family":"2.0"' || fail "--print-info"
[ "$("$swtpm" --version | wc -l)" = 2 ] || fail "--version has two lines"

# When -d returns, the TPM serves; the pid file is there, and goes with the process.
"$swtpm" socket --tpm2 --tpmstate backend-uri=dir://"$TMP/state" --flags startup-clear -d \
    --server type=unixio,path="$TMP/s" --ctrl type=unixio,path="$TMP/c" \
    --pid file="$TMP/pid" --log file="$TMP/log",level=20
adopt swtpm "$TMP/pid"
listening "$TMP/s" || fail "-d returned before anybody listened"
"$(ours swtpm_ioctl)" --unix "$TMP/c" -c > out
grep -qE '^ Ctrl Cmd: length 4' log || fail "level 20 shows no control command"
"$swtpm" socket --tpm2 --print-states --tpmstate dir=state | finds '{"name": "permall", "size": [0-9]*}' ||
    fail "--print-states while a swtpm runs"
if ! grep -q "^.define SANITIZERS 1" "$BUILD/config.h"; then
    grep -q '^Seccomp:.*2' "/proc/$(pid_of swtpm)/status" || fail "no sandbox"
fi
"$(ours swtpm_ioctl)" --unix "$TMP/c" -s
retry gone "$(pid_of swtpm)" || fail "CMD_SHUTDOWN does not end it"
[ ! -e "$TMP/pid" ] || fail "the pid file stays"

# Level 20 shows libtpms at work, in the log and indented behind the prefix; level 1 none of it.
for level in 1 20; do
    rm -f log
    start leveled "$swtpm" socket --tpmstate dir="$TMP/state" --flags startup-clear \
        --ctrl type=unixio,path="$TMP/c" --log file="$TMP/log",level=$level,prefix=PRE
    wait_socket leveled "$TMP/c"
    "$(ours swtpm_ioctl)" --unix "$TMP/c" -s
    wait_end leveled || fail "it ends with a failure"
    [ ! -s leveled.log ] || fail "something is said beside the log at level $level"
    ! grep -vq '^PRE' log || fail "a line without the prefix"
    count=$(grep -cE '^PRE {4,7}TPM_' log) || true
    [ $((count > 100)) = $((level == 20)) ] || fail "$count lines of libtpms at level $level"
done

# With -d too a failure is the caller's.
expect_fail 'not' "$swtpm" socket --tpm2 --tpmstate dir="$TMP/none/none" --flags startup-clear -d \
    --server type=unixio,path="$TMP/s"
expect_fail 'character device' "$swtpm" chardev --tpm2 --tpmstate dir=state --chardev /etc/passwd
expect_fail 'libtpms 0.10' "$swtpm" socket --tpm2 --tpmstate dir=state --profile name=x \
    --server type=unixio,path="$TMP/s"
