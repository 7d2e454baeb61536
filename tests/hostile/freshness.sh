#!/bin/bash
# test: the table of rollback, clone and fork, cell by cell on running TPMs, the cells that are not
# defended too; what each is on plain swtpm
# sanitizers: no
# limit: 900
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

PIN=0x1500016 COUNTER=0x1500020
state=$TMP/state/tpm2-00.sealed
zeroes=$(printf '0%.0s' {1..64})
number=0
declare -A table

# ---- one TPM of each kind, and what is done to it ----

# instance KIND: none, receipt, witness; burnt is none with evidence that is burnt.
instance()
{
    local freshness=$1 burns=no

    [ "$1" != burnt ] || { freshness=none; burns=yes; }
    rm -rf "$TMP/state" "$TMP/old" "$TMP/receipts"
    id=$(cat /proc/sys/kernel/random/uuid)
    policy_instance chip "$TMP/coco.img" "freshness.kind=$freshness" \
        "freshness.witness=$([ "$1" != witness ] || echo "file:$TMP/held")" \
        "cocovm.burns-evidence=$burns" > "$TMP/instance.policy"
    policy_driver chip "$TMP/tpm.img" "$TMP/instance.policy" > "$TMP/driver.policy"
    coco_provision
    keep=(--keep-evidence)
    [ "$burns" = no ] || keep=()
}

serve()
{
    coco_swtpm
}

down()
{
    stop swtpm || fail "swtpm ended with $?"
}

# boot [OPTION…]: a launch of the CoCoVM, by name in $vm, attached.
boot()
{
    number=$((number + 1))
    vm=vm$number
    coco_launch $vm
    coco_driver $vm "${keep[@]}" "$@"
}

leave()
{
    coco_driver_stop "$vm"
}

counter()
{
    tpm "$1" tpm2_nvread $COUNTER -C o 2> "$TMP/nv.log" | hex
}

# counts VM NUMBER
counts()
{
    [ "$((16#$(counter "$1")))" = "$2" ] || fail "$kind: the counter is $(counter "$1"), not $2"
}

tries()
{
    local count

    count=$(tpm "$1" tpm2_getcap properties-variable |
        sed -n 's/.*TPM2_PT_LOCKOUT_COUNTER: //p')
    echo $((count))
}

# fill VM: a counter at 1, and data behind a PIN.
fill()
{
    tpm "$1" tpm2_nvdefine -Q $COUNTER -C o -a 'ownerread|ownerwrite|nt=counter'
    tpm "$1" tpm2_nvincrement $COUNTER -C o
    tpm "$1" tpm2_nvdefine -Q $PIN -C o -s 8 -p right -a 'authread|authwrite|ownerwrite'
    printf ABCDEFGH | tpm "$1" tpm2_nvwrite $PIN -C $PIN -P right -i -
}

# wrong_pin VM: a try, which the TPM counts.
wrong_pin()
{
    ! tpm "$1" tpm2_nvread $PIN -C $PIN -P wrong -s 8 > "$TMP/nv.log" 2>&1 ||
        fail "$kind: a wrong PIN was taken"
    [ "$(tries "$1")" = 1 ] || fail "$kind: $(tries "$1") tries counted, not one"
}

pcr_set()
{
    tpm "$1" tpm2_pcrextend "4:sha256=${zeroes%?}1"
    [ "$(pcr "$1" 4)" != "$zeroes" ] || fail "$kind: PCR 4 was not extended"
}

roll_back()
{
    rm -rf "$TMP/state"
    cp -r "$TMP/old" "$TMP/state"
}

# A tenant that used its TPM twice. $TMP/old is the state after the first time, $TMP/receipt.old
# the receipt on its disk then; the second time is $vm, which made the counter 2.
history()
{
    instance "$1"
    serve
    boot --receipt "$TMP/receipts"
    fill $vm
    leave
    down
    [ "$1" != receipt ] || cp "$TMP/receipts" "$TMP/receipt.old"
    cp -r "$TMP/state" "$TMP/old"
    serve
    boot --receipt "$TMP/receipts"
    tpm $vm tpm2_nvincrement $COUNTER -C o
    counts $vm 2
    pcr_set $vm
    leave
    [ "$1" != receipt ] || cp "$TMP/receipts" "$TMP/receipt.new"
}

# The TPM VM does not start with this file.
refused()
{
    expect_fail 'older state or a fork' "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
        --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm"
    cmp "$state" "$TMP/old/tpm2-00.sealed" || fail "the refused file was changed"
}

check()
{
    "$driver" --check-receipt "$1" --check-socket "$TMP/check" --id "$id"
}

# cell ATTACK KIND WORDS
cell()
{
    table["$1|$2"]=$3
}

# ---- the attacks ----

# The initrd attaches without the receipt, which lies on the disk that it is to open. Both columns
# of time in one: the old disk's receipt, then the newer disk's.
old_states()
{
    roll_back
    if [ $kind = witness ]; then
        refused
        cell 'old state, newer disk' $kind prevented
        cell 'old state, old disk' $kind prevented
        return
    fi
    serve
    boot --check-socket "$TMP/check"
    counts $vm 1
    if [ $kind = receipt ]; then
        check "$TMP/receipt.old" > "$TMP/check.log" || fail "the old disk's receipt does not hold"
        cell 'old state, old disk' $kind -
        expect_fail 'stale or forked' check "$TMP/receipt.new"
        retry grep -q 'the TPM is lost' "$TMP/driver-$vm.log" || fail "the driver did not detach"
        ! tpm $vm tpm2_getrandom --hex 8 > "$TMP/nv.log" 2>&1 || fail "a stale TPM still serves"
        cell 'old state, newer disk' $kind 'seen after the disk is open'
    else
        tpm $vm tpm2_nvincrement $COUNTER -C o
        counts $vm 2
        cell 'old state, newer disk' $kind -
        cell 'old state, old disk' $kind -
    fi
    leave
    down
}

# The host lets another launch of the image use the copy, until it is further than the tenant was.
fork()
{
    roll_back
    if [ $kind = witness ]; then
        refused
        cell 'fork that moved on' $kind prevented
        return
    fi
    serve
    for _ in 1 2 3; do
        boot
        tpm $vm tpm2_nvincrement $COUNTER -C o
        leave
    done
    if [ $kind = receipt ]; then
        coco_launch back
        coco_refused back 'stale or forked state' "${keep[@]}" --receipt "$TMP/receipts"
        cmp "$TMP/receipts" "$TMP/receipt.new" || fail "a refused driver changed the receipt"
        cell 'fork that moved on' $kind seen
    else
        boot
        counts $vm 4
        leave
        cell 'fork that moved on' $kind -
    fi
    down
}

# $1, whose root is the host's friend, attaches anew to a TPM that does not know it, with all PCRs
# of a fresh start; without a rollback it is known.
reset()
{
    local again=$1

    coco_refused "$again" "$([ $kind = burnt ] && echo VMPCK || echo 'attached before')" "${keep[@]}"
    down
    roll_back
    if [ $kind = witness ]; then
        refused
        cell 'reset by rollback' $kind prevented
        return
    fi
    serve
    if [ $kind = burnt ]; then
        coco_refused "$again" VMPCK
        cell 'reset by rollback' $kind prevented
    else
        coco_driver "$again" "${keep[@]}"
        [ "$(pcr "$again" 4)" = "$zeroes" ] || fail "$kind: PCR 4 is $(pcr "$again" 4)"
        coco_driver_stop "$again"
        cell 'reset by rollback' $kind -
    fi
    down
}

pin_tries()
{
    roll_back
    if [ $kind = witness ]; then
        refused
        cell 'unlimited PIN tries' $kind prevented
        return
    fi
    for _ in 1 2; do
        roll_back
        serve
        boot
        [ "$(tries $vm)" = 0 ] || fail "$kind: $(tries $vm) tries are remembered"
        wrong_pin $vm
        leave
        down
    done
    cell 'unlimited PIN tries' $kind -
}

# ---- plain swtpm: each of them works ----

plain()
{
    rm -f "$TMP/plain.tpm" "$TMP/plain.tpm.ctrl"
    start plain "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/plain" \
        --flags not-need-init,startup-clear --server "type=unixio,path=$TMP/plain.tpm" \
        --ctrl "type=unixio,path=$TMP/plain.tpm.ctrl"
    wait_socket plain "$TMP/plain.tpm.ctrl"
}

plain_again()
{
    stop plain || true
    [ $# = 0 ] || { rm -rf "$TMP/plain"; cp -r "$1" "$TMP/plain"; }
    plain
}

on_plain()
{
    kind=plain
    mkdir "$TMP/plain"
    plain
    fill plain
    stop plain || true
    cp -r "$TMP/plain" "$TMP/plain.old"
    plain
    tpm plain tpm2_nvincrement $COUNTER -C o
    counts plain 2
    pcr_set plain
    plain_again                      # the VM goes on meanwhile, and need not know
    [ "$(pcr plain 4)" = "$zeroes" ] || fail "plain swtpm: PCR 4 is $(pcr plain 4)"
    for _ in 1 2; do
        plain_again "$TMP/plain.old"
        counts plain 1
        [ "$(tries plain)" = 0 ] || fail "plain swtpm: the tries are remembered"
        wrong_pin plain
    done
    tpm plain tpm2_nvincrement $COUNTER -C o
    tpm plain tpm2_nvincrement $COUNTER -C o
    counts plain 3
    stop plain || true
}

image tpm "the TPM VM"
image coco "the CoCoVM"
chip_start chip
vm_launch chip tpmvm "$TMP/tpm.img"
for kind in none receipt witness burnt; do
    echo "$kind"
    history $kind
    reset $vm
    old_states
    fork
    pin_tries
done
on_plain

rows=('old state, newer disk' 'old state, old disk' 'fork that moved on' 'reset by rollback'
    'unlimited PIN tries')
layout='%-23s%-6s%-29s%-11s%s'
echo
for row in "${rows[@]}"; do
    # shellcheck disable=SC2059
    line=$(printf "$layout" "$row" "${table["$row|none"]}" "${table["$row|receipt"]}" \
        "${table["$row|witness"]}" "${table["$row|burnt"]}")
    echo "$line"
    grep -qxF -- "$line" "$SRC/man/cocotransport.7" || fail "cocotransport(7) does not have this line"
done
for row in "${rows[@]}"; do
    what='works, unseen'
    [ "$row" != 'reset by rollback' ] || what='a restart does'
    words='prevented by a witness'
    [ "${table["$row|receipt"]}" = - ] || words+=', seen by the receipt'
    [ "${table["$row|burnt"]}" = - ] || words+=' or burnt evidence'
    echo "report: $row | $what | $words"
done
