#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: the CoCoTPM in one guest, on /dev/sev-guest, the driver in another, which reaches it through
# nothing but its TPM device; between them a relay on the host
# slow: yes
# limit: 2400
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/tunnel.inc"
need modprobe

# Both machines' firmware is of one chip: the same seed, so the same key for the sealed state.
world
port=$(free_port)
modules="virtio_pci virtio_net fuse cuse" measured=tpm coco_root tpmguest "$BUILD/src/swtpm/swtpm-full" << EOS
ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0
cocotpm-snpemu cuse --guest /tmp/vm &
until_there /dev/sev-guest || say "fault: no /dev/sev-guest"
# Where the sealed policy has the root of trust, held against the hash beside it.
mkdir -p $TMP/chip /tmp/state
cp /chip/chain.pem $TMP/chip/
$(cd "$TMP/state" && for file in *; do
    echo "base64 -d > /tmp/state/$file << 'EOF2'"
    base64 "$file"
    echo EOF2
done)
swtpm-full socket --tpm2 --tpmstate dir=/tmp/state --log file=/tmp/log \
    --cocotpm type=tcp,port=7000,bindaddr=0.0.0.0,id=$ID,platform=sev-guest,timeout=600 > /tmp/said 2>&1 &
tpm=\$!
n=0
serves() { netstat -ltn > /tmp/sockets; grep -q :7000 /tmp/sockets; }
until serves || [ \$n = 1200 ] || ! kill -0 \$tpm; do n=\$((n + 1)); sleep 0.1; done
serves && say "serves" || say "fault: \$(cat /tmp/said /tmp/log)"
until grep -q attached: /tmp/log || ! kill -0 \$tpm; do sleep 0.2; done
say "\$(grep attached: /tmp/log)"
wait \$tpm
EOS
forward=$port net_guest tpmguest
wait_serial tpmguest 1 '@@ (serves|fault)'
! grep -aq '@@ fault' "$TMP/tpmguest.serial" || fail "the TPM VM: $(grep -a '@@ fault' "$TMP/tpmguest.serial")"

start relay "$(ours cocotpm-relay)" --ctrl "type=unixio,path=$TMP/relay.ctrl" \
    --to "tcp:127.0.0.1:$port" --log "level=3,file=$TMP/relay.log"
wait_socket relay "$TMP/relay.ctrl"
one=$(digest 7)
coco_root vm << EOS
attach
say "random: \$(tpm2_getrandom --hex 8)"
tpm2_pcrextend 16:sha256=$one || say "fault: extend"
say "pcr16: \$(tpm2_pcrread sha256:16 | sed -n 's/.*: 0x//p')"
say "pcr17: \$(tpm2_pcrread sha256:17 | sed -n 's/.*: 0x//p')"
cd /tmp
tpm2_createprimary -Q -C o -G ecc:ecdsa-sha256:null -c ak -a 'restricted|sign|fixedtpm|fixedparent|sensitivedataorigin|userwithauth' &&
    tpm2_flushcontext -t && tpm2_readpublic -Q -c ak -f pem -o ak.pem && tpm2_flushcontext -t &&
    tpm2_quote -Q -c ak -l sha256:16,17 -q c0c0 -m msg -s sig -o pcrs -g sha256 &&
    tpm2_checkquote -Q -u ak.pem -m msg -s sig -f pcrs -q c0c0 -g sha256 && say "quote: good"
kill \$(cat /run/driver.pid)
say "end"
EOS
coco_guest vm "$TMP/relay.ctrl" tpm-tis
PATIENCE=1800
wait_end vm || fail "QEMU ended badly"
grep -aq '@@ end' "$TMP/vm.serial" || { tail -n 30 "$TMP/vm.serial" >&2; fail "the guest did not finish"; }
! grep -aq '@@ fault' "$TMP/vm.serial" || fail "the guest: $(grep -a '@@ fault' "$TMP/vm.serial")"
[ -z "$(said vm refused)" ] || fail "the driver: $(said vm refused)"
[[ $(said vm random) =~ ^[0-9a-f]{16}$ ]] || fail "GetRandom: $(said vm random)"
expected=$(unhex <<< "$(printf '0%.0s' {1..64})$one" | sha256sum | cut -d' ' -f1)
[ "$(said vm pcr16 | tr A-F a-f)" = "$expected" ] || fail "PCR 16 is $(said vm pcr16)"
[[ $(said vm pcr17) =~ [1-9A-F] ]] || fail "PCR 17 says nothing of the attachment"
[ "$(said vm quote)" = good ] || fail "no quote"
wait_end relay || fail "the relay does not end with QEMU, or not with success"
wait_serial tpmguest 1 'attached: epoch 1'
monitor tpmguest quit > /dev/null || true
wait_end tpmguest || fail "QEMU does not end"
