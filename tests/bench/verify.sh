#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: table: judging one SNP report against nothing but its signature checks
# alone: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
vectors=$(vectors) || skip "the shared vectors are not there"

"$BUILD/tests/bench/verify_bench" "$vectors/snp/oak_genoa_oc.report.bin" \
    "$vectors/snp/oak_genoa_oc.vcek.der" "$vectors/ca/genoa_ask.der" "$vectors/ca/genoa_ark.der" \
    "${ROUNDS:-200}"
