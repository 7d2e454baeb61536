#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: CANCEL reaches the CoCoTPM through the in-band tunnel too, while the command's own exchange
# waits for its answer
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/lib_hostile.sh"
. "$SRC/tests/lib_tunnel.sh"
through=tunnel
. "$(dirname "$0")/coco_cancel.sh"
tunnel_down
