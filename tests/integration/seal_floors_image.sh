#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: the floors that an image carries count beside floors=, and neither lowers the other; what is there and cannot be read stops everything
# limit: 300
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need make timeout
own_mounts "$@"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

folder=$(printf 'include Makefile\nshow:\n\t@echo $(sysconfdir)\n' | make -s -C "$BUILD" -f - show)
carried=$folder/cocotpm-floors.conf
[ -d "$folder" ] || skip "no $folder to mount on"
coco_world
coco_provision
mount -t tmpfs none "$folder" || skip "no tmpfs can be mounted"

# floors FILE BOOTLOADER: the chip's has 10.
floors()
{
    printf '[floors]\ntcb-floor-genoa = bootloader:%s\n' "$2" > "$1"
}

refused()
{
    expect_fail "$1" timeout 60 "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" \
        --cocotpm "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm${2:-}"
}

served()
{
    rm -f "$TMP/link"
    start swtpm "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/state" --cocotpm \
        "type=unixio,path=$TMP/link,id=$id,platform=emulator:$TMP/tpmvm${1:-}"
    wait_socket swtpm "$TMP/link"
    stop swtpm || fail "swtpm ended with $?"
}

served
floors "$carried" 10
served
floors "$carried" 11
refused "below the image's floor"
floors "$TMP/floors" 9
refused "below the image's floor" ",floors=$TMP/floors"
floors "$carried" 9
served ",floors=$TMP/floors"
floors "$TMP/floors" 11
refused "below the image's floor" ",floors=$TMP/floors"

echo "what cannot be read is not what is not there"
printf '[floors]\nsvn = 3\n' > "$carried"
refused "floors of the image: $carried: "
rm "$carried"
mkdir "$carried"
refused "floors of the image: $carried: "
rmdir "$carried"
for to in cocotpm-floors.conf nowhere; do
    ln -s "$to" "$carried"
    refused "floors of the image: $carried: "
    rm "$carried"
done
served
