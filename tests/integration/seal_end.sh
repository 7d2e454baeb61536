#!/bin/bash
# test: TPM, driver and witness ended at the same moment all end; so does a TPM whose witness is silent
# sanitizers: no
# idle: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
. "$(dirname "$0")/../lib_etcd.sh"

# ROUNDS=N of the first kind
rounds=${ROUNDS:-3}
cd "$TMP"
etcd_local

up()
{
    retry tpm_starts || fail "the TPM does not start: $(tail -3 "$TMP/swtpm.log")"
    coco_launch one
    coco_driver one
}

# Right after their start the members have no leader, and a TPM without its witness does not start.
tpm_starts()
{
    rm -f "$TMP/link"
    start swtpm "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
        --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm"
    retry listening_or_gone "$TMP/link" "$(pid_of swtpm)"
    listening "$TMP/link" || { wait_end swtpm || true; return 1; }
}

# Writes without end, until its TPM is gone.
begin_writes()
{
    (while printf '%08d' $RANDOM | tpm one tpm2_nvwrite 0x1500016 -C o -i - > "$TMP/nv.log" 2>&1; do
        echo >> "$TMP/written"
    done) &
    writer=$!
    : > "$TMP/written"
}

end_writes()
{
    kill "$writer" 2> /dev/null || true
    wait "$writer" 2> /dev/null || true
}

# ends NAME…: at once, by SIGTERM; what they say of it is theirs.
ends()
{
    local name

    for name; do kill -TERM "$(pid_of "$name")"; done
    for name; do wait_end "$name" || true; done
}

coco_world freshness.kind=witness "freshness.witness=$urls" "freshness.witness-key=$pin"
etcd_local_start
coco_provision "witness-key=$TMP/client.key" "witness-certificate=$TMP/client.pem"
up
tpm one tpm2_nvdefine -Q 0x1500016 -C o -s 8 -a 'ownerread|ownerwrite'

for ((round = 0; round < rounds; round++)); do
    echo "all at once, in the middle of writes"
    begin_writes
    retry test -s "$TMP/written" || fail "nothing was written: $(cat "$TMP/nv.log")"
    ends swtpm driver-one m0 m1 m2
    end_writes
    etcd_local_start
    up
    tpm one tpm2_nvread 0x1500016 -C o -s 8 > "$TMP/nv" || fail "the state is not whole"
done

echo "the witness is silent: TPM and driver end, and what was answered is there"
kill -STOP "$(pid_of m0)" "$(pid_of m1)" "$(pid_of m2)"
: > "$TMP/swtpm.log"
(printf ABCDEFGH | tpm one tpm2_nvwrite 0x1500016 -C o -i - > "$TMP/nv.log" 2>&1 &&
    echo > "$TMP/answered") &
writer=$!
retry grep -q 'cannot be stored' "$TMP/swtpm.log" || fail "the log does not say that it waits"
ends swtpm driver-one
end_writes
[ ! -e "$TMP/answered" ] || fail "answered, and not witnessed"
kill -CONT "$(pid_of m0)" "$(pid_of m1)" "$(pid_of m2)"
up
tpm one tpm2_nvread 0x1500016 -C o -s 8 > "$TMP/nv" || fail "the state is not whole"
coco_driver_stop one
stop swtpm || fail "swtpm ended with $?"
