#!/bin/bash
# test: what a save of a sealed state costs against the bare system calls it needs (a table)
# alone: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

# Figures, not limits. BENCH_QUICK=0 takes the full count.
count=200
[ "${BENCH_QUICK:-1}" != 0 ] || count=2000
count=${BENCH_COUNT:-$count}
mkdir "$TMP/state"
"$(ours sealed_bench)" "$TMP/state" "$count"
