#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: no function is longer than 80 lines and no file longer than 600
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

cd "$SRC"
# A function's braces stand alone in the first column; a table's end is "};".
find src tests -name '*.[ch]' | sort | xargs awk '
FNR == 1 { inside = 0; files++ }
/^\{$/ { inside = FNR }
/^\}$/ && inside {
    functions++
    if (FNR - inside - 1 > 80) {
        printf "%s:%d: a function of %d lines\n", FILENAME, inside, FNR - inside - 1; wrong++
    }
    inside = 0
}
FNR == 601 { print FILENAME ": longer than 600 lines"; wrong++ }
END {
    printf "%d functions in %d files looked at\n", functions, files
    exit wrong > 0 || functions == 0
}'
