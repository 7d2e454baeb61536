# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A TPM whose state cannot be stored for a while: what it has to do meanwhile and after. Sourced
# after lib.sh, lib_coco.sh and lib_session.sh; the state is $TMP/state, which may be a link.
#
#   room_begin          provisions, attaches, and puts 8 bytes behind a password
#   begin_wrong         a try with a wrong password, which has to wait
#   says_why WORDS      log and status do, and nothing was answered
#   goes_on             by itself, and says so; the try is answered
#   counted N           so many tries, and as many after a restart

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

# asked WORDS: the status says them.
asked()
{
    operator status > "$TMP/status" 2>&1 || true
    grep -Eq "$1" "$TMP/status"
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

room_begin()
{
    coco_provision
    again
    nv define -Q -C o -s 8 -p right -a 'authread|authwrite|ownerwrite'
    printf ABCDEFGH | nv write -C 0x1500016 -P right -i -
    [ "$(tries)" = 0 ] || fail "$(tries) tries to begin with"
}
