# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A CoCoTPM and its CoCoVM on one emulated chip; sourced after lib.sh and lib_coco.sh.
#
#   coco_world [GROUP.KEY=VALUE…]      chip, images, policies ($TMP/instance.policy, driver.policy)
#   coco_provision                     the sealed state in $TMP/state
#   coco_swtpm                         swtpm --cocotpm at $TMP/link
#   coco_launch vm ; coco_driver vm    a launch of the CoCoVM, its driver at $TMP/vm.tpm; through
#                                      $LINK where that is set
#   tpm vm tpm2_getrandom 8            a tool against it

swtpm=$(ours swtpm)
setup=$(ours swtpm_setup)
driver=$(ours cocotpm-driver)
need tpm2_getrandom openssl

# A psk = secret among the arguments goes into both policies.
coco_world()
{
    local link=()
    local word

    for word in "$@"; do
        case $word in link.*) link+=("$word") ;; esac
    done
    image tpm "firmware, kernel and initrd of the TPM VM"
    image coco "firmware, kernel and initrd of the CoCoVM"
    chip_start chip
    vm_launch chip tpmvm "$TMP/tpm.img"
    policy_instance chip "$TMP/coco.img" "$@" > "$TMP/instance.policy"
    policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" "${link[@]}" > "$TMP/driver.policy"
    id=$(cat /proc/sys/kernel/random/uuid)
}

# coco_provision [SUBOPTION…]: words of --cocotpm more.
coco_provision()
{
    local words="policy=$TMP/instance.policy,id=$id,platform=emulator:$TMP/tpmvm"
    local word

    words+=",chain=$TMP/chip/chain.pem"
    for word in "$@"; do
        words+=",$word"
    done
    mkdir -p "$TMP/state"
    "$setup" --tpm2 --tpm "$swtpm socket" --createek --cocotpm "$words" --tpmstate "$TMP/state" \
        --logfile "$TMP/setup.log" > "$TMP/setup.out" 2>&1 || fail "swtpm_setup: $(tail -3 "$TMP/setup.log")"
}

# coco_swtpm [OPTION…]
coco_swtpm()
{
    rm -f "$TMP/link"
    start swtpm "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
        --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm" "$@"
    wait_socket swtpm "$TMP/link"
}

coco_launch()
{
    vm_launch chip "$1" "$TMP/coco.img"
}

coco_driver_start()
{
    local vm=$1

    shift
    rm -f "$TMP/$vm.tpm" "$TMP/$vm.tpm.ctrl" "$TMP/$vm.pid"
    start "driver-$vm" "$driver" --link "${LINK:-unixio:$TMP/link}" \
        --policy "$TMP/driver.policy" --id "$id" --platform "emulator:$TMP/$vm" \
        --server "type=unixio,path=$TMP/$vm.tpm" --pid "file=$TMP/$vm.pid" "$@"
}

# The driver writes its process id once everything serves, the TPM included.
driver_decided()
{
    [ -s "$TMP/$1.pid" ] || gone "${pids[driver-$1]}"
}

# too_soon VM: its driver was turned away since reports are made once a second (protocol, section 3).
too_soon()
{
    grep -q "too many reports were asked for" "$TMP/driver-$1.log"
}

# coco_driver VM [OPTION…]: attached when it returns.
coco_driver()
{
    local tries

    for ((tries = 0; tries < 60; tries++)); do
        : > "$TMP/driver-$1.log"
        coco_driver_start "$@"
        retry driver_decided "$1" || fail "the driver of $1 does not attach"
        [ ! -s "$TMP/$1.pid" ] || return 0
        too_soon "$1" || break
        sleep 0.5
    done
    fail "the driver did not attach: $(tail -3 "$TMP/driver-$1.log")"
}

# coco_refused VM PATTERN [OPTION…]: the driver ends, says PATTERN, and serves nothing.
coco_refused()
{
    local vm=$1 pattern=$2 status tries

    shift 2
    for ((tries = 0; tries < 60; tries++)); do
        : > "$TMP/driver-$vm.log"
        coco_driver_start "$vm" "$@"
        status=0
        wait_end "driver-$vm" || status=$?
        [ "$status" != 0 ] || fail "the driver was let in; expected: $pattern"
        [ ! -s "$TMP/$vm.pid" ] || fail "a refused driver serves a TPM"
        ! grep -q -e "$pattern" "$TMP/driver-$vm.log" || return 0
        too_soon "$vm" || break
        sleep 0.5
    done
    fail "expected \"$pattern\", the driver said: $(tail -3 "$TMP/driver-$vm.log")"
}

coco_driver_stop()
{
    stop "driver-$1" || fail "the driver ended with $?: $(tail -3 "$TMP/driver-$1.log")"
}

# tpm VM TOOL…: with a TPM that holds no object left over from the tool before.
tpm()
{
    local vm=$1

    shift
    TPM2TOOLS_TCTI="swtpm:path=$TMP/$vm.tpm" "$@"
}

# pcr VM NUMBER: of the SHA-256 bank, in small letters.
pcr()
{
    tpm "$1" tpm2_pcrread "sha256:$2" | sed -n 's/.*: 0x//p' | tr 'A-F' 'a-f'
}
