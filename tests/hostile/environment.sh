#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: variables of the environment, by which libraries write down keys or load programs, get
# nothing out of a CoCoTPM, a driver or the TCTI module, and nothing in
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"
module=$(ours libtss2-tcti-cocotpm.so)
once=$(ours tpm_time)
shim=$BUILD/tests/fault/faults.so
[ -e "$shim" ] || fail "the build has no $shim"
keep_in_memory
world

# What a library may be told: to keep keys, to show them, to load an object. Of the last it is seen
# that it was loaded, as that one makes a file.
openssl_config "$shim" > "$TMP/openssl.cnf"
variables=(
    "SSLKEYLOGFILE=$TMP/keys"
    GNUTLS_DEBUG_LEVEL=9
    G_MESSAGES_DEBUG=all
    "OPENSSL_CONF=$TMP/openssl.cnf" "FAULT_DIR=$TMP/none" FAULT_HOW=EIO "FAULT_LOG=$TMP/loaded"
    "TPM_PATH=$TMP/plain" TPM_PORT=1
)
none=()

# nothing_out WHAT LOG…: no keys in files and logs, nor an object loaded.
nothing_out()
{
    local what=$1

    shift
    [ ! -e "$TMP/keys" ] || fail "$what: keys were written down: $(cut -d' ' -f1 "$TMP/keys" | sort -u)"
    [ ! -e "$TMP/loaded" ] || fail "$what: an object was loaded"
    ! grep -hE 'WRITE (KEY|IV)|_SECRET' "$@" || fail "$what: keys are in a log"
}

# session WHAT [VARIABLE…]: one with these in the environment of both sides.
session()
{
    local what=$1

    shift
    rm -f "$TMP/coco.sock" "$TMP/evil.sock" "$TMP/evil.ctl"
    vm_launch chip cocovm "$TMP/coco.img"
    pcr_value=$(printf '0%.0s' {1..64})
    # To the standard error, where a library would write.
    start coco env "$@" "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$TMP/state" --cocotpm \
        "type=unixio,path=$TMP/coco.sock,id=$ID,platform=emulator:$TMP/tpmvm"
    wait_socket coco "$TMP/coco.sock"
    attacker_start
    mapfile -t line < <(driver_line)
    rm -f "$TMP/driver_tpm.pid"
    start driver_tpm env "$@" "${line[@]}" --pid "file=$TMP/driver_tpm.pid"
    retry ready_or_gone driver_tpm || fail "$what: the driver does not attach"
    [ -s "$TMP/driver_tpm.pid" ] || fail "$what: $(tail -n 5 "$TMP/driver_tpm.log")"
    pcr_extend "$(digest 1)"
    attack cut
    pcr_extend "$(digest 2)"
    pcr_check "$what"
    nothing_out "$what" "$TMP/coco.log" "$TMP/driver_tpm.log"
    stop driver_tpm || fail "$what: the driver ended with $?"

    # And without a daemon: the environment is that of the program.
    vm_launch chip other "$TMP/coco.img"
    env "$@" "$once" "module:$module:link=unixio:$TMP/evil.sock,policy=$TMP/driver.policy,resume=$kept/$what,platform=emulator:$TMP/other,id=$ID,detach" \
        "$(extend_command "$(digest 1)")" 1 > "$TMP/once.out" 2> "$TMP/once.log" ||
        fail "$what: the module: $(cat "$TMP/once.log")"
    rm -f "$TMP/loaded"      # a program that lets libraries read its environment is its own affair
    nothing_out "$what, the module" "$TMP/once.log"
    stop attacker || true
    stop coco || fail "$what: swtpm ended with $?"
}

session honest "${none[@]}"
session variables "${variables[@]}"

# ---- plain swtpm, which leaves its libraries alone, loads what it is told ----

mkdir "$TMP/state.plain"
start plain env "${variables[@]}" "$(ours swtpm)" socket --tpm2 --flags not-need-init,startup-clear \
    --tpmstate "dir=$TMP/state.plain" --server "type=unixio,path=$TMP/p" --ctrl "type=unixio,path=$TMP/p.ctrl"
wait_socket plain "$TMP/p.ctrl"
plain_is "honest"
[ -e "$TMP/loaded" ] || fail "plain swtpm did not load what the environment names"
report "variables of the environment" "an object is loaded" "not heard: no keys out, nothing loaded"
