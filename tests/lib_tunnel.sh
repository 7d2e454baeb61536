# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The in-band tunnel without a guest: cocotpm-relay with its control socket, and the carrier
# (tests/tools/carrier.c) in the place of QEMU and of the guest's kernel, with the attacker on the
# device's commands. Sourced after lib_hostile.sh.
#
#   tunnel_up [OPTION…]     $TMP/carrier.sock leads to $TMP/coco.sock; options of the carrier
#   tunnel_down             relay, attacker and carrier are gone
#   driver_start cocovm tpm carrier
#   extend WHAT             the next extension counts exactly once
#   lost                    how often the driver lost its link
#   attack c over:10 flip 30     frames are the attacker's records

carrier=$(ours carrier)

tunnel_up()
{
    start relay "$(ours cocotpm-relay)" --ctrl "type=unixio,path=$TMP/relay.ctrl" \
        --to "unixio:$TMP/coco.sock"
    wait_socket relay "$TMP/relay.ctrl"
    start attacker "$attacker" --plain --listen "unixio:$TMP/device.sock" \
        --to "unixio:$TMP/back.sock" --control "$TMP/evil.ctl" --record "$TMP/frames"
    wait_socket attacker "$TMP/evil.ctl"
    start carrier "$carrier" --ctrl "$TMP/relay.ctrl" --listen "$TMP/carrier.sock" \
        --via "$TMP/device.sock" --back "$TMP/back.sock" "$@"
    wait_socket carrier "$TMP/carrier.sock"
}

tunnel_down()
{
    stop carrier KILL || true
    stop attacker KILL || true
    stop relay || fail "the relay ended with $?"
}

step=0
extend()
{
    step=$((step + 1))
    pcr_extend "$(digest $step)"
    pcr_check "$1"
}

lost()
{
    grep -c 'the link to the CoCoTPM is lost' "$TMP/driver_tpm.log" || true
}
