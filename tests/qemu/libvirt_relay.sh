#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: libvirt starts, resets and ends a domain whose TPM is cocotpm-relay, by its external back end;
# saving it is refused, and no plain command reaches the CoCoTPM
# slow: yes
# sanitizers: no
# limit: 1800
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/libvirt.inc"

relay=$(ours cocotpm-relay)

# Who listens where the CoCoTPM would: it is never called, as nobody in this guest opens a tunnel.
start coco socat -u "UNIX-LISTEN:$TMP/coco.sock" "CREATE:$TMP/heard"
wait_socket coco "$TMP/coco.sock"
start relay "$relay" --ctrl "type=unixio,path=$TMP/ctrl" --to "unixio:$TMP/coco.sock"
wait_socket relay "$TMP/ctrl"

backend="<backend type='external'><source type='unix' mode='connect' path='$TMP/ctrl'/></backend>"
define carrier 4 2.0 tpm-crb
virsh start carrier
# The guest's kernel has the TPM; its PCR_Extend is answered with TPM_RC_COMMAND_CODE.
# It is the kernel that says so where it has a resource manager before the TPM (layer 0xb).
refused='BOOT extend=80010000000a000[0b]0143.* \.'
wait_serial carrier 1 "$refused"
virsh reset carrier
wait_serial carrier 2 "$refused"

! command virsh -q -c qemu:///system save carrier "$TMP/carrier.saved" > "$TMP/save.out" 2>&1 ||
    fail "a VM whose TPM cannot move was saved"
finds -i migrat < "$TMP/save.out" || fail "not since it cannot migrate: $(cat "$TMP/save.out")"
is_listed carrier || fail "the domain has not survived the refusal"
alive "$(pid_of relay)" || fail "the relay has not survived the refusal"
virsh destroy carrier
! is_listed carrier || fail "the domain runs on"

[ ! -e "$TMP/heard" ] || fail "the CoCoTPM was called: $(hex < "$TMP/heard")"
virsh undefine carrier
stop relay || true
stop libvirtd || fail "libvirtd ends badly"
