# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A CoCoTPM, a CoCoVM's driver and an attacking relay between them, for shell tests; sourced
# after lib.sh.
#
#   world [GROUP.KEY=VALUE…]    chip, two VMs, policies, a sealed TPM (settings: instance policy)
#   tpm_start                   swtpm --cocotpm on $TMP/coco.sock
#   attacker_start              the attacker on $TMP/evil.sock, in front of it
#   driver_start                the driver, through the attacker; the TPM is at $TMP/tpm
#   tpm pcrread sha256:16       tpm2-tools against it
#   attack c next flip 30       an order to the attacker (tests/tools/attacker.c)
#   report NAME PLAIN COCOTPM   a line of the table of tests/hostile/run --report
#
# And the contrast, the same attack on plain swtpm, which has to work there:
#
#   plain_start                 plain swtpm at $TMP/p and $TMP/p.ctrl, an attacker at $TMP/q in
#                               front of it; PCR 16 is zeroes
#   plain_extend 7              TPM2_PCR_Extend of PCR 16 through the attacker; the answer's digits
#   plain_is WHAT DIGEST…       PCR 16 holds these extensions, no others
#   plain_attack c next flip 40 an order to that attacker

# shellcheck source=tests/lib_coco.sh
. "$SRC/tests/lib_coco.sh"
need tpm2_pcrread socat

DRIVER_WORDS=()              # options of the driver more
ID=5cd1b6a5-3e4b-4e0c-9d7e-0f2f6c1a8b11
attacker=$(ours attacker)

world()
{
    image tpm "the TPM VM"
    image coco "the CoCoVM"
    chip_start chip
    vm_launch chip tpmvm "$TMP/tpm.img"
    vm_launch chip cocovm "$TMP/coco.img"
    policy_instance chip "$TMP/coco.img" "$@" > "$TMP/instance.policy"
    policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" > "$TMP/driver.policy"
    provision state "$ID" "$TMP/instance.policy"
}

# provision FOLDER UUID POLICY
provision()
{
    mkdir -p "$TMP/$1"
    "$(ours swtpm_setup)" --tpm2 --tpm "$(ours swtpm) socket" --tpmstate "$TMP/$1" \
        --cocotpm "policy=$3,id=$2,platform=emulator:$TMP/tpmvm" --logfile "$TMP/setup.log" \
        > "$TMP/setup.out" 2>&1 || fail "provisioning: $(cat "$TMP/setup.out" "$TMP/setup.log")"
}

# tpm_start [NAME FOLDER UUID]
tpm_start()
{
    local name=${1:-coco} folder=${2:-state} id=${3:-$ID}

    start "$name" "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$TMP/$folder" --cocotpm \
        "type=unixio,path=$TMP/$name.sock,id=$id,platform=emulator:$TMP/tpmvm${TPM_WORDS:-}" \
        --log "file=$TMP/$name.log"
    wait_socket "$name" "$TMP/$name.sock"
}

attacker_start()
{
    start attacker "$attacker" --listen "unixio:$TMP/evil.sock" --to "unixio:$TMP/coco.sock" \
        --control "$TMP/evil.ctl" --record "$TMP/wire"
    wait_socket attacker "$TMP/evil.ctl"
}

# driver_line [VM [SERVER [LINK]]]: the driver's command line.
driver_line()
{
    local vm=${1:-cocovm} server=${2:-tpm} link=${3:-evil}

    printf '%s\n' "$(ours cocotpm-driver)" --link "unixio:$TMP/$link.sock" \
        --policy "$TMP/driver.policy" --id "${DRIVER_ID:-$ID}" --platform "emulator:$TMP/$vm" \
        --server "type=unixio,path=$TMP/$server" --log "level=3,file=$TMP/driver_$server.log" \
        "${DRIVER_WORDS[@]}"
}

# driver_try [VM [SERVER [LINK]]]: returns when the TPM can be used; fails when the driver has ended.
# Turned away since reports are made once a second (protocol, section 3), it comes again.
driver_try()
{
    local line name=driver_${2:-tpm} tries

    mapfile -t line < <(driver_line "$@")
    for ((tries = 0; tries < 60; tries++)); do
        rm -f "$TMP/$name.pid"
        : > "$TMP/$name.log"
        start "$name" "${line[@]}" --pid "file=$TMP/$name.pid"
        retry ready_or_gone "$name" || fail "the driver does not attach"
        [ ! -s "$TMP/$name.pid" ] || return 0
        grep -q "too many reports were asked for" "$TMP/$name.log" || break
        sleep 0.5
    done
    wait_end "$name" || true
    return 1
}

driver_start()
{
    driver_try "$@" || fail "the driver did not attach: $(cat "$TMP/driver_${2:-tpm}.log")"
}

ready_or_gone()
{
    [ -s "$TMP/$1.pid" ] || gone "${pids[$1]}"
}

# driver_refused WORDS [VM [SERVER [LINK]]]: it must end, and say so.
driver_refused()
{
    local words=$1 name=driver_${3:-tpm}

    shift
    ! driver_try "$@" || fail "the driver was let in; expected: $words"
    grep -Eq -- "$words" "$TMP/$name.log" ||
        fail "the driver does not say '$words' but: $(cat "$TMP/$name.log")"
}

# tpm TOOL ARGUMENT…: without the tpm2_.
tpm()
{
    local tool=$1

    shift
    TPM2TOOLS_TCTI=swtpm:path=$TMP/${TPM_AT:-tpm} "tpm2_$tool" "$@"
}

# attack ORDER…: its answer is "ok", or what was asked for.
attack()
{
    local answer

    answer=$(echo "$*" | socat -t "$PATIENCE" - "UNIX-CONNECT:$TMP/evil.ctl")
    [ "$answer" != no ] || fail "the attacker does not know how: $*"
    [ "$answer" = ok ] || echo "$answer"
}

# The value PCR 16 has to have: pcr_expect keeps it in step with pcr_extend.
pcr_value=$(printf '0%.0s' {1..64})

# pcr_extend DIGEST: extends PCR 16 of the TPM, and the expectation, once.
pcr_extend()
{
    tpm pcrextend "16:sha256=$1" || fail "PCR_Extend failed"
    pcr_value=$(unhex <<< "$pcr_value$1" | sha256sum | cut -d' ' -f1)
}

pcr_read()
{
    tpm pcrread "sha256:${1:-16}" -o "$TMP/pcr.bin" > /dev/null || fail "PCR_Read failed"
    hex < "$TMP/pcr.bin"
}

# pcr_check WHAT: PCR 16 holds each extension once, in order.
pcr_check()
{
    local now

    now=$(pcr_read)
    [ "$now" = "$pcr_value" ] || fail "$1: PCR 16 is $now, not $pcr_value"
}

# honest_session: a world, and a session through an attacker that does nothing yet.
honest_session()
{
    world
    tpm_start
    attacker_start
    driver_start
    pcr_extend "$(digest 1)"
    pcr_check "honest"
}

# digest N: a digest of one's own for each N.
digest()
{
    printf '%064x' "$1"
}

# report NAME PLAIN COCOTPM: what came of the attack on plain swtpm, where this test has run it
# ("-": it has no meaning there), and on CoCoTPM.
report()
{
    printf 'report: %s | %s | %s\n' "$1" "$2" "$3"
}

# ---- messages of one's own ----

# raw_open SOCKET; raw_say HEX; raw_answer; raw_close: one connection at a time in each shell.
raw_open()
{
    raw_out=$TMP/raw.$BASHPID
    : > "$raw_out"
    exec {raw_fd}> >(exec socat - "UNIX-CONNECT:$1" > "$raw_out" 2> "$raw_out.log")
    raw_pid=$!
    raw_at=0
}

raw_say()
{
    unhex <<< "$1" >&"$raw_fd" 2> /dev/null || true
}

# The next whole answer is there, or the connection is gone.
raw_ready()
{
    local have

    have=$(stat -c %s "$raw_out")
    [ "$have" -lt $((raw_at + 10)) ] ||
        [ "$have" -lt $((raw_at + 16#$(slice "$raw_out" $((raw_at + 2)) 4))) ] || return 0
    gone "$raw_pid"
}

# raw_answer: the digits of the next answer in $answer, none where the connection went.
raw_answer()
{
    local size

    answer=
    retry raw_ready || fail "no answer"
    [ "$(stat -c %s "$raw_out")" -ge $((raw_at + 10)) ] || return 0
    size=$((16#$(slice "$raw_out" $((raw_at + 2)) 4)))
    answer=$(slice "$raw_out" "$raw_at" "$size")
    raw_at=$((raw_at + size))
}

raw_close()
{
    exec {raw_fd}>&-
    kill "$raw_pid" 2> /dev/null || true
    wait "$raw_pid" 2> /dev/null || true
}

# raw SOCKET HEX: the answer to one message on a connection of its own, in $answer.
raw()
{
    raw_open "$1"
    raw_say "$2"
    raw_answer
    raw_close
}

# TPM 2.0 Part 3: PCR_Extend (22.2) and PCR_Read (22.4) of PCR 16, SHA-256; Startup(CLEAR) (9.3).
extend_command()
{
    echo "80020000004100000182""00000010""00000009""400000090000000000""00000001""000b$1"
}
READ_COMMAND=8001000000140000017e00000001000b03000001
STARTUP_CLEAR=80010000000c000001440000

# ---- plain swtpm ----

# plain_swtpm [NAME [ENDING]]: on $TMP/p$ENDING, its state in $TMP/NAME.
plain_swtpm()
{
    local name=${1:-plain} ending=${2:-}

    mkdir -p "$TMP/$name"
    start "$name" "$(ours swtpm)" socket --tpm2 --tpmstate "dir=$TMP/$name" \
        --flags not-need-init,startup-clear --server "type=unixio,path=$TMP/p$ending" \
        --ctrl "type=unixio,path=$TMP/p$ending.ctrl"
    wait_socket "$name" "$TMP/p$ending.ctrl"
}

# plain_start [NAME [ENDING]]: the same with an attacker on $TMP/q$ENDING.
plain_start()
{
    local name=${1:-plain} ending=${2:-}

    plain_swtpm "$name" "$ending"
    start "${name}_attacker" "$attacker" --plain --listen "unixio:$TMP/q$ending" \
        --to "unixio:$TMP/p$ending" --control "$TMP/evil_plain$ending.ctl"
    wait_socket "${name}_attacker" "$TMP/evil_plain$ending.ctl"
}

plain_attack()
{
    local answer

    answer=$(echo "$*" | socat -t "$PATIENCE" - "UNIX-CONNECT:$TMP/evil_plain.ctl")
    [ "$answer" != no ] || fail "the attacker does not know how: $*"
    [ "$answer" = ok ] || echo "$answer"
}

plain_extend()
{
    raw "$TMP/q" "$(extend_command "$(digest "$1")")"
}

# folded N…: what PCR 16 is after these extensions.
folded()
{
    local value next

    value=$(printf '0%.0s' {1..64})
    for next; do
        value=$(unhex <<< "$value$(digest "$next")" | sha256sum | cut -d' ' -f1)
    done
    echo "$value"
}

# plain_pcr [SOCKET]: PCR 16 of plain swtpm, past the attacker.
plain_pcr()
{
    raw "$TMP/${1:-p}" "$READ_COMMAND"
    [ -n "$answer" ] || fail "plain swtpm does not answer"
    pcr=${answer: -64}
}

# plain_is WHAT N…
plain_is()
{
    local what=$1

    shift
    plain_pcr
    [ "$pcr" = "$(folded "$@")" ] || fail "plain swtpm: $what: PCR 16 is $pcr"
}

# plain_here WHAT N…: as plain_is, on the connection at hand: one is served at a time.
plain_here()
{
    local what=$1

    shift
    raw_say "$READ_COMMAND"
    raw_answer
    [ "${answer: -64}" = "$(folded "$@")" ] || fail "plain swtpm: $what: PCR 16 is $answer"
}

# plain_fresh: PCR 16 is zeroes again (the control channel's INIT; then Startup).
plain_fresh()
{
    unhex <<< 0000000200000000 | socat -t 5 - "UNIX-CONNECT:$TMP/p${1:-}.ctrl" > "$TMP/init.out"
    [ "$(hex < "$TMP/init.out")" = 00000000 ] || fail "plain swtpm does not obey INIT"
    raw "$TMP/p${1:-}" "$STARTUP_CLEAR"
}
