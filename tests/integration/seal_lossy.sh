#!/bin/bash
# test: a disk that loses what was not flushed leaves the state before or after
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

shim=$BUILD/tests/fault/faults.so
[ -e "$shim" ] || fail "the build has no $shim"
folder=$(mktemp -d -p /dev/shm coco.XXXXXX 2> /dev/null) || folder=$TMP/work
at_exit rm -rf "$folder"
mkdir -p "$folder"/{bare,witnessed,file,folder}
lossy=$(ours lossy_run)
tool=$(ours sealed_tool)
"$lossy" "$shim" "$tool" "$folder/bare"
"$lossy" "$shim" "$tool" "$folder/witnessed" witness

# The same model finds what is missing when a flush is left out.
expect_fail 'power cut' "$lossy" "$shim" "$tool" "$folder/file" forget=file
expect_fail 'power cut|more than' "$lossy" "$shim" "$tool" "$folder/folder" forget=folder
