#!/bin/bash
# test: what a save of a sealed state costs against the bare system calls it needs (a table)
# alone: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

count=${BENCH_COUNT:-200}
mkdir "$TMP/state"
"$(ours sealed_bench)" "$TMP/state" "$count"
