#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: the eight operations of the paper (Pecholt & Wessel, section 6) by tpm2-tools on a CoCoTPM
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"

coco_world
coco_provision
coco_swtpm
coco_launch one
coco_driver one
cd "$TMP"
head -c 1024 /dev/urandom > kilobyte

# run TOOL…: on the CoCoTPM, which holds nothing left over.
run()
{
    tpm one "$@" || fail "$*"
    tpm one tpm2_flushcontext -t
}

# 1, 2, 3: hash, random numbers, PCRs
run tpm2_hash -g sha256 -o hash kilobyte > /dev/null
openssl dgst -sha256 -binary kilobyte | cmp - hash || fail "the hash is another one"
[ "$(tpm one tpm2_getrandom --hex 32 | wc -c)" = 64 ] || fail "getrandom"
run tpm2_pcrread sha256:0,1,2,3,4,5,6,7 > pcrs
[ "$(grep -c 0x pcrs)" = 8 ] || fail "pcrread: $(cat pcrs)"

run tpm2_createprimary -Q -C o -G ecc -c primary

# signed ALGORITHM SCHEME: 4 to 7, a key is made and signs, and OpenSSL finds the signature good
signed()
{
    run tpm2_create -Q -C primary -G "$1:$2" -u "$1.pub" -r "$1.priv" \
        -a "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"
    run tpm2_load -Q -C primary -u "$1.pub" -r "$1.priv" -c "$1.key"
    run tpm2_readpublic -Q -c "$1.key" -f pem -o "$1.pem"
    run tpm2_sign -Q -c "$1.key" -g sha256 -f plain -o "$1.sig" kilobyte
    openssl dgst -sha256 -verify "$1.pem" -signature "$1.sig" kilobyte > /dev/null ||
        fail "$1: the signature is not good"
}
signed rsa2048 rsassa
signed ecc256 ecdsa

# 8: a symmetric key inside the TPM
run tpm2_create -Q -C primary -G aes128cfb -u aes.pub -r aes.priv
run tpm2_load -Q -C primary -u aes.pub -r aes.priv -c aes.key
run tpm2_encryptdecrypt -Q -c aes.key -o sealed kilobyte
! cmp -s sealed kilobyte || fail "nothing was encrypted"
run tpm2_encryptdecrypt -Q -d -c aes.key -o opened sealed
cmp opened kilobyte || fail "decryption gives other bytes"

coco_driver_stop one
stop swtpm
