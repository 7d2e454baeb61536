#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: each folder includes only what the arrows of README allow
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

# FOLDER: what it may include. A trailing file name allows that file alone.
arrows='
base:
cocotransport/wire: base
cocotransport/link: base cocotransport/wire
cocotransport/keys: base
cocotransport/attest: base cocotransport/keys cocotransport/wire
cocotransport/session: base cocotransport/wire cocotransport/link cocotransport/keys cocotransport/attest
cocotransport/seal: base cocotransport/keys cocotransport/attest/provider.h cocotransport/wire/receipt.h cocotransport/wire/receipt_list.h
swtpm/store: base cocotransport/keys cocotransport/seal cocotransport/attest/provider.h
swtpm/engine: base swtpm/store
swtpm/control: base cocotransport/wire swtpm/tpm_ioctl.h
'
# Programs stand on everything: swtpm (its own files), swtpm_setup, swtpm_cert, swtpm_ioctl,
# swtpm_bios, cocotpm, snpemu.

cd "$SRC/src"
find . -name '*.[ch]' -printf '%P\n' | sort | xargs grep -Hn '^ *# *include "' |
    awk -v arrows="$arrows" '
BEGIN {
    n = split(arrows, lines, "\n")
    for (i = 1; i <= n; i++) {
        if (split(lines[i], parts, ":") < 2)
            continue
        bound[parts[1]] = 1
        m = split(parts[2], may, " ")
        for (j = 1; j <= m; j++)
            allowed[parts[1], may[j]] = 1
    }
}
{
    split($0, at, ":")
    file = at[1]; line = at[2]
    folder = file; sub(/\/[^\/]*$/, "", folder)
    included = $0; sub(/^[^"]*"/, "", included); sub(/".*/, "", included)
    if (!(folder in bound) || included == "config.h")
        next
    seen++
    from = included
    if (!sub(/\/[^\/]*$/, "", from)) {
        print file ":" line ": say the folder: " included; wrong++
        next
    }
    if (from != folder && !((folder, from) in allowed) && !((folder, included) in allowed)) {
        print file ":" line ": " folder " may not include " included; wrong++
    }
}
END {
    print seen + 0 " includes of bound folders looked at"
    exit wrong > 0 || seen == 0
}'
