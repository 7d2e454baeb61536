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

# shellcheck source=tests/lib_coco.sh
. "$SRC/tests/lib_coco.sh"
need tpm2_pcrread socat

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
        --server "type=unixio,path=$TMP/$server" --log "level=3,file=$TMP/driver_$server.log"
}

# driver_start [VM [SERVER [LINK]]]: returns when the TPM can be used.
driver_start()
{
    local line name=driver_${2:-tpm}

    mapfile -t line < <(driver_line "$@")
    rm -f "$TMP/$name.pid"
    start "$name" "${line[@]}" --pid "file=$TMP/$name.pid"
    retry ready_or_gone "$name" || fail "the driver does not attach"
    [ -s "$TMP/$name.pid" ] || fail "the driver did not attach: $(cat "$TMP/$name.log")"
}

ready_or_gone()
{
    [ -s "$TMP/$1.pid" ] || gone "${pids[$1]}"
}

# driver_refused WORDS [VM [SERVER [LINK]]]: it must end, and say so.
driver_refused()
{
    local words=$1 line

    shift
    mapfile -t line < <(driver_line "$@")
    expect_fail "$words" "${line[@]}"
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

# digest N: a digest of one's own for each N.
digest()
{
    printf '%064x' "$1"
}

report()
{
    printf 'report: %s | %s | %s\n' "$1" "$2${4- (not run)}" "$3"
}
