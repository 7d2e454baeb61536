#!/bin/bash
# test: every system call on a sealed state is broken and every one is killed at; before or after
# sanitizers: no
# FAULT_RUNS=N: saves and an attach broken so often, half as often recovery, provisioning and starts
# with a successor on its way; without and with a witness (default 60; 100000: every call in every way)
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

shim=$BUILD/tests/fault/faults.so
[ -e "$shim" ] || fail "the build has no $shim"
runs=${FAULT_RUNS:-60}

# In memory where that is possible: what is broken are the calls, not a disk.
folder=$(mktemp -d -p /dev/shm coco.XXXXXX 2> /dev/null) || folder=$TMP/work
at_exit rm -rf "$folder"
mkdir -p "$folder/bare" "$folder/witnessed"
"$(ours fault_run)" "$shim" "$(ours sealed_tool)" "$folder/bare" "$runs"
"$(ours fault_run)" "$shim" "$(ours sealed_tool)" "$folder/witnessed" "$runs" witness
