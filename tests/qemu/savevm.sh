#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: savevm and loadvm give a guest its TPM back as it was, with plain and with encrypted state
# slow: yes
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guest.inc"

need qemu-img
swtpm=$(ours swtpm)
make_initrd "$TMP/initrd"
printf 'of the files' > "$TMP/file"
printf 'of the migration' > "$TMP/migration"
declare -A keys=(
    [plain]=
    [encrypted]="--key pwdfile=$TMP/file,mode=aes-256-cbc --migration-key pwdfile=$TMP/migration,mode=aes-128-cbc"
)

# done_by NAME COMMAND…: a command of QEMU's monitor that says nothing of an error.
done_by()
{
    monitor "$@" > "$TMP/said"
    ! grep -q Error "$TMP/said" || fail "$1: $2: $(cat "$TMP/said")"
}

for kind in plain encrypted; do
    mkdir "$TMP/$kind"
    qemu-img create -q -f qcow2 "$TMP/$kind.disk" 64M
    # The options are split as they stand.
    # shellcheck disable=SC2086
    start "tpm.$kind" "$swtpm" socket --tpm2 --tpmstate dir="$TMP/$kind" --terminate \
        --ctrl type=unixio,path="$TMP/$kind.ctrl" ${keys[$kind]}
    wait_socket "tpm.$kind" "$TMP/$kind.ctrl"
    guest "$kind" "$TMP/$kind.ctrl" tpm-crb -drive "if=none,id=d,file=$TMP/$kind.disk,format=qcow2"
done
for kind in plain encrypted; do
    wait_serial "$kind" 1 'ALIVE 2 .*pcr16=.* \.'
    pcr0=$(field "$kind" pcr0)
    pcr16=$(field "$kind" pcr16)
    [[ $pcr16 =~ [1-9A-F] ]] || fail "$kind: PCR 16 is empty"
    done_by "$kind" "savevm one"

    # A reset that the guest does not live to see: its TPM is empty, and not even started.
    done_by "$kind" stop
    done_by "$kind" system_reset
    done_by "$kind" "loadvm one"
    last=$(grep -ac ALIVE "$TMP/$kind.serial")
    done_by "$kind" cont
    wait_serial "$kind" $((last + 2)) 'ALIVE .*pcr16=.* \.'
    [ "$(field "$kind" pcr16)" = "$pcr16" ] || fail "$kind: PCR 16 is another after loadvm"
    [ "$(field "$kind" pcr0)" = "$pcr0" ] || fail "$kind: PCR 0 is another after loadvm"
    [[ $(field "$kind" random) =~ ^80010000001400000000 ]] || fail "$kind: GetRandom failed"
    [ "$(grep -ac BOOT "$TMP/$kind.serial")" = 1 ] || fail "$kind: the guest was started anew"
    monitor "$kind" quit > /dev/null || true
    wait_end "$kind" || fail "QEMU does not end"
    wait_end "tpm.$kind" || fail "$kind: swtpm does not end with success"
done
[ "$(slice "$TMP/plain/tpm2-00.permall" 4 2)" = 0000 ] || fail "the plain state has other flags"
[ "$(slice "$TMP/encrypted/tpm2-00.permall" 4 2)" = 0009 ] || fail "the state is not encrypted"
