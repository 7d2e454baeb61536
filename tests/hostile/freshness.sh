#!/bin/bash
# test: the table of rollback, clone and fork, cell by cell, the cells that are not defended too
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

tool=$(ours sealed_tool)
cd "$TMP"
table=()

# on KIND DIR STEP…: receipt and none differ in what the tenant keeps, not in the TPM VM.
on()
{
    local kind=$1 dir=$2 witness=()

    shift 2
    [ "$kind" != witness ] || witness=(--witness "file:$TMP/$kind.held")
    mkdir -p "$dir"
    "$tool" --dir "$dir" "${witness[@]}" "$@"
}

receipt_of()
{
    sed -n 's/^ok receipt //p'
}

cell()
{
    table+=("$1|$2|$3")
}

# A tenant that has used its TPM: $KIND at 5 with receipt $new; $KIND.old is its copy at 2, when the
# tenant's receipt was $old.
history()
{
    local kind=$1

    rm -rf "$kind" "$kind.old" "$kind.held"*
    on "$kind" "$kind" make > log
    old=$(on "$kind" "$kind" open attach=first save=2 receipt | receipt_of)
    cp -r "$kind" "$kind.old"
    new=$(on "$kind" "$kind" open attach=second save=3 receipt | receipt_of)
    [ -n "$old" ] && [ -n "$new" ] || fail "$kind: no history could be made"
    on "$kind" "$kind" open "holds=$old" "holds=$new" > log || fail "$kind: the honest case fails"
}

refused_or_open()
{
    local kind=$1 status=0

    on "$@" open show > out 2> err || status=$?
    case $kind in
    witness)
        [ "$status" != 0 ] || fail "a witness that knows better, and the state was opened"
        grep -q 'older state or a fork' err || fail "refused for another reason: $(cat err)" ;;
    *)
        [ "$status" = 0 ] || fail "$kind: $(cat err)" ;;
    esac
}

for kind in none receipt witness; do
    echo "$kind: old TPM state, newer tenant disk"
    history $kind
    refused_or_open $kind $kind.old
    case $kind in
    none) cell "old TPM state, newer disk" none "not seen" ;;
    receipt)
        expect_fail 'stale or forked' on $kind $kind.old open "holds=$new"
        cell "old TPM state, newer disk" receipt "seen after the disk is open" ;;
    witness) cell "old TPM state, newer disk" witness prevented ;;
    esac

    echo "$kind: old TPM state and old tenant disk together"
    history $kind
    refused_or_open $kind $kind.old
    case $kind in
    none) cell "old TPM state and old disk" none "not seen" ;;
    receipt)
        on $kind $kind.old open "holds=$old" > log || fail "an old receipt does not fit its state"
        cell "old TPM state and old disk" receipt "not seen" ;;
    witness) cell "old TPM state and old disk" witness prevented ;;
    esac

    echo "$kind: a fork that moved on"
    history $kind
    if [ $kind = witness ]; then
        refused_or_open $kind $kind.old
        cell "fork that moved on" witness prevented
    else
        on $kind $kind.old open attach=other save=9 > log || fail "$kind: the fork does not go on"
        if [ $kind = receipt ]; then
            expect_fail 'stale or forked' on $kind $kind.old open "holds=$new"
            cell "fork that moved on" receipt seen
        else
            cell "fork that moved on" none "not seen"
        fi
    fi

    echo "$kind: the same launch attaches again after a rollback"
    history $kind
    expect_fail 'attached before' on $kind $kind open attach=second
    if [ $kind = witness ]; then
        refused_or_open $kind $kind.old
        cell "reset by rollback" witness prevented
    else
        on $kind $kind.old open attach=second > log || fail "$kind: the rollback does not work"
        cell "reset by rollback" $kind "not prevented: burn the evidence"
    fi

    echo "$kind: tries that are taken back by restoring the file"
    history $kind
    if [ $kind = witness ]; then
        refused_or_open $kind $kind.old
        cell "unlimited PIN tries" witness prevented
    else
        for _ in 1 2 3; do
            rm -rf tried && cp -r $kind.old tried
            on $kind tried open save=1 show > out
            grep -q 'ok show 3 ' out || fail "$kind: restoring did not take the try back: $(cat out)"
        done
        cell "unlimited PIN tries" $kind "not prevented"
    fi
done

echo
printf '%s\n' "${table[@]}" | awk -F'|' '{ printf "%-28s %-9s %s\n", $1, $2, $3 }'
