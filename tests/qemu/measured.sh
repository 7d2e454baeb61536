#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: what SeaBIOS and OVMF measure into our TPM is what they measure into Debian's swtpm
# slow: yes
# sanitizers: no
# limit: 1800
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/guest.inc"

theirs=/usr/bin/swtpm
[ -x "$theirs" ] || skip "Debian's swtpm is not installed"
swtpm=$(ours swtpm)
firmware=/usr/share/OVMF
make_initrd "$TMP/initrd"
append=eventlog memory=256

# boots NAME DEVICE "OPTION OF SWTPM…" [OPTION OF QEMU…]: the same machine with either TPM, and what
# its firmware left: the log, and PCR 0 to 9.
boots()
{
    local name=$1 device=$2 version=$3 who program

    shift 3
    for who in debian ours; do
        program=$theirs
        [ $who = debian ] || program=$swtpm
        mkdir "$TMP/$name.$who"
        # The options are split as they stand.
        # shellcheck disable=SC2086
        start "tpm.$name.$who" "$program" socket $version --tpmstate dir="$TMP/$name.$who" \
            --ctrl type=unixio,path="$TMP/$name.$who.ctrl" --terminate
        wait_socket "tpm.$name.$who" "$TMP/$name.$who.ctrl"
        [ ! -r $firmware/OVMF_VARS_4M.fd ] || cp $firmware/OVMF_VARS_4M.fd "$TMP/$who.vars"
        guest "$name.$who" "$TMP/$name.$who.ctrl" "$device" "${@//WHO/$TMP/$who}"
    done
    for who in debian ours; do
        wait_serial "$name.$who" 1 'ALIVE 1 .*pcr16=.* \.'
        grep -aE '^(LOG|PCR [0-9]) ' "$TMP/$name.$who.serial" | tr -d '\r' > "$TMP/$name.$who.left"
        monitor "$name.$who" quit > /dev/null || true
        wait_end "$name.$who" || fail "QEMU does not end"
        wait_end "tpm.$name.$who" || fail "the swtpm of $name.$who does not end with success"
    done
    diff "$TMP/$name.debian.left" "$TMP/$name.ours.left" || fail "$name: other measurements"
    [ "$(grep -cE '^PCR [0-7] [0-9A-F]*[1-9A-F]' "$TMP/$name.ours.left")" -ge 5 ] ||
        fail "$name: little was measured: $(cut -c 1-90 "$TMP/$name.ours.left")"
    echo "$name: $(wc -l < "$TMP/$name.ours.left") lines are the same"
}

boots seabios tpm-tis --tpm2
boots seabios12 tpm-tis ''
if [ -r $firmware/OVMF_CODE_4M.fd ]; then
    boots ovmf tpm-crb --tpm2 \
        -drive if=pflash,format=raw,readonly=on,file=$firmware/OVMF_CODE_4M.fd \
        -drive if=pflash,format=raw,file=WHO.vars
else
    echo "OVMF is not installed: not compared"
fi
