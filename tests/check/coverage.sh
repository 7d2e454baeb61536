#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: the corpus of each parser of evidence reaches 90 % of its lines
# slow: yes
# limit: 1200
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
need clang llvm-cov llvm-profdata

"$SRC/tests/fuzz/coverage" "$TMP/build"
