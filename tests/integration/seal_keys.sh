#!/bin/bash
# test: keys of a confidential VM's platform for swtpm's own format: --key snp, sev, vmpck
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"

need tpm2_getrandom
swtpm=$(ours swtpm)

# plain FOLDER KEY: a TPM that starts, does something and stores it.
plain()
{
    local folder=$1 key=$2 port

    mkdir -p "$TMP/$folder"
    rm -f "$TMP/tpm" "$TMP/tpm.ctrl"
    start swtpm "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/$folder" --key "$key" \
        --server "type=unixio,path=$TMP/tpm" --ctrl "type=unixio,path=$TMP/tpm.ctrl" \
        --flags not-need-init,startup-clear
    wait_socket swtpm "$TMP/tpm"
    TPM2TOOLS_TCTI="swtpm:path=$TMP/tpm" tpm2_changeauth -c owner "" > /dev/null ||
        fail "the TPM does not work: $(cat "$TMP/swtpm.log")"
    stop swtpm || true
}

# does_not_open FOLDER KEY WORDS
does_not_open()
{
    cp "$TMP/$1/tpm2-00.permall" "$TMP/before"
    expect_fail "$3" "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/$1" --key "$2" \
        --server "type=unixio,path=$TMP/tpm" --flags not-need-init
    cmp "$TMP/$1/tpm2-00.permall" "$TMP/before" || fail "the state was changed"
}

refused()
{
    expect_fail "$2" "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/none" --key "$1" \
        --server "type=unixio,path=$TMP/tpm"
}

at=emulator:$TMP/vm
image vm "firmware, kernel and initrd with swtpm"
image other "something else"
chip_start chip --product genoa
vm_launch chip vm "$TMP/vm.img"

echo "snp: found again after a new launch of the image, by no other image, chip, VMPL or cipher"
plain snp "snp,platform=$at"
vm_launch chip vm "$TMP/vm.img"
plain snp "snp,bind=measurement,vmpl=0,vmpck=0,platform=$at"
vm_launch chip vm "$TMP/other.img"
wrong='[Ii]nvalid|decrypt|HMAC|could not|key'
does_not_open snp "snp,platform=$at" "$wrong"
vm_launch chip vm "$TMP/vm.img"
does_not_open snp "snp,vmpl=1,platform=$at" "$wrong"
does_not_open snp "snp,tcb=0x5417000000000000,platform=$at" "$wrong"
does_not_open snp "snp,mode=aes-128-cbc,platform=$at" "$wrong"
chip_start chip2 --product genoa
vm_launch chip2 vm2 "$TMP/vm.img"
does_not_open snp "snp,platform=emulator:$TMP/vm2" "$wrong"
plain snp128 "snp,mode=aes-128-cbc,platform=$at"

echo "what the platform or the words do not allow"
refused "snp,bind=signer,platform=$at" 'without an author key'
refused "snp,bind=nobody,platform=$at" 'measurement or signer'
refused "snp,tcb=0x5518000000000000,platform=$at" "above this firmware's committed"
refused "snp,vmpl=4,platform=$at" 'VMPL'
refused "snp,vmpck=1,platform=$at" 'VMPCK 1 gets no key for VMPL 0'
refused "snp,svn=1,platform=$at" 'needs bind=signer'
refused "snp,file=$TMP/vm.img" 'exclude snp'
refused "file=$TMP/vm.img,snp" 'exclude snp'
refused "snp,pwdfile=$TMP/vm.img" 'pwdfile'
refused "snp,sev" 'exclude each other'
refused "bind=signer,vmpck,file=$TMP/vm.img" 'need snp'
refused "snp,mode=des,platform=$at" "Unknown encryption mode 'des'"
refused "snp,platform=emulator:$TMP/nothing" 'nothing'

echo "signer: any image of the author's, with the SVN given as the floor"
openssl ecparam -name secp384r1 -genkey -noout -out "$TMP/id.key"
openssl ecparam -name secp384r1 -genkey -noout -out "$TMP/author.key"
launch_signed()
{
    "$snpemu" idblock --measurement-of "$TMP/$1.img" --id-key "$TMP/id.key" \
        --author-key-file "$TMP/author.key" --svn "$2" \
        --id-block "$TMP/block" --id-auth "$TMP/auth" > /dev/null
    vm_launch chip vm "$TMP/$1.img" -- --id-block "$TMP/block" --id-auth "$TMP/auth" --author-key
}
launch_signed vm 3
plain signer "snp,bind=signer,svn=3,platform=$at"
launch_signed other 4
plain signer "snp,bind=signer,svn=3,platform=$at"
launch_signed vm 2
refused "snp,bind=signer,svn=3,platform=$at" "above this image's 2"
does_not_open signer "snp,bind=signer,platform=$at" "$wrong"

echo "sev: the launch secret that the owner put in"
mkdir "$TMP/secrets"
head -c 48 /dev/urandom > "$TMP/secrets/3f6f5b8e-7d0a-4a59-9c1c-0b6a5d2f64c1"
plain sev "sev,platform=sev:$TMP/secrets"
plain sev "sev,platform=sev:$TMP/secrets"
head -c 48 /dev/urandom > "$TMP/secrets/3f6f5b8e-7d0a-4a59-9c1c-0b6a5d2f64c1"
does_not_open sev "sev,platform=sev:$TMP/secrets" "$wrong"
head -c 48 /dev/zero > "$TMP/secrets/3f6f5b8e-7d0a-4a59-9c1c-0b6a5d2f64c1"
does_not_open sev "sev,platform=sev:$TMP/secrets" 'zeroes'

echo "sev: no --cocotpm, neither to make one nor to run it, since there is no evidence"
head -c 48 /dev/urandom > "$TMP/secrets/3f6f5b8e-7d0a-4a59-9c1c-0b6a5d2f64c1"
mkdir "$TMP/coco"
uuid=$(cat /proc/sys/kernel/random/uuid)
expect_fail '--cocotpm needs .*report: plain SEV gives no evidence' "$swtpm" socket --tpm2 \
    --tpmstate "dir=$TMP/coco" --cocotpm "type=unixio,path=$TMP/link,platform=sev:$TMP/secrets"
image coco "the CoCoVM"
policy_instance chip "$TMP/coco.img" > "$TMP/instance.policy"
expect_fail 'plain SEV gives no evidence' "$(ours swtpm_setup)" --tpm2 --tpm "$swtpm socket" \
    --tpmstate "$TMP/coco" \
    --cocotpm "policy=$TMP/instance.policy,id=${uuid:?},platform=sev:$TMP/secrets"
[ -z "$(find "$TMP/coco" -name '*.sealed*')" ] || fail "a state was made all the same"

echo "vmpck: lives for one launch, and says so"
head -c 32 /dev/urandom > "$TMP/vmpck"
cp "$TMP/vmpck" "$TMP/vmpck.copy"
plain launch "vmpck,file=$TMP/vmpck"
grep -q 'lives for one launch' "$TMP/swtpm.log" || fail "it does not say so"
plain launch "vmpck,file=$TMP/vmpck,remove"
[ ! -e "$TMP/vmpck" ] || fail "the file was not removed"
mkdir -p "$TMP/fd"
expect_fail 'needs file= or fd=' "$swtpm" socket --tpm2 --tpmstate "dir=$TMP/fd" --key vmpck \
    --server "type=unixio,path=$TMP/tpm"
head -c 32 /dev/urandom > "$TMP/next"
does_not_open launch "vmpck,file=$TMP/next" "$wrong"
head -c 32 /dev/zero > "$TMP/wiped"
refused "vmpck,file=$TMP/wiped" 'wiped'
head -c 31 /dev/urandom > "$TMP/short"
refused "vmpck,file=$TMP/short" '32'
refused "vmpck,snp,file=$TMP/next" 'exclude each other'
