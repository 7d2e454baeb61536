#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: control commands that need nothing of libtpms are answered while an RSA key is being made
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

swtpm=$(ours swtpm)
bench=$(ours tpm_bench)
mkdir "$TMP/state"
start swtpm "$swtpm" socket --tpm2 --tpmstate dir="$TMP/state" --flags startup-clear \
    --server type=unixio,path="$TMP/s" --ctrl type=unixio,path="$TMP/c"
wait_socket swtpm "$TMP/c"

# It counts only answers that came while the key's answer was not there yet.
"$bench" control "$TMP/s" "$TMP/c" 20
stop swtpm || fail "swtpm does not end with success"
