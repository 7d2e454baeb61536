#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: swtpm_setup and swtpm take the command lines that libvirt gives them, word for word
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need tpm2_getcap openssl
setup=$(ours swtpm_setup)
swtpm=$(ours swtpm)
localca=$(ours swtpm_localca)
cd "$TMP"
# libvirt finds the programs in PATH, and swtpm_setup finds swtpm and the CA's program there.
mkdir bin
for program in "$setup" "$swtpm" "$localca"; do
    ln -s "$program" bin/
done
export PATH=$TMP/bin:$PATH HOME=$TMP/home XDG_CONFIG_HOME=$TMP/home/.config
mkdir -p home/.config
vm=f24:9b1d2ff4-2a0e-4a5c-8d7e-0c2f4c1d5e6f

# What libvirt asks first.
swtpm socket --print-capabilities | finds '"cmdarg-pwd-fd"' || fail "swtpm's features"
swtpm_setup --print-capabilities | finds '"cmdarg-pwdfile-fd"' || fail "swtpm_setup's features"
swtpm_setup --print-capabilities | finds '"cmdarg-reconfigure-pcr-banks"' || fail "no reconfigure"

# Session mode: configuration files of the user, once. Root's would hide those of the system.
flags=skip-if-exist
[ "$(id -u)" != 0 ] || flags+=,root
swtpm_setup --create-config-files "$flags"
for file in swtpm_setup.conf swtpm-localca.conf swtpm-localca.options; do
    [ -s "home/.config/$file" ] || fail "$file was not made"
done
echo '# mine' >> home/.config/swtpm-localca.options
swtpm_setup --create-config-files "$flags"
grep -q '# mine' home/.config/swtpm-localca.options || fail "a file that is there was written over"
sed -i '/# mine/d' home/.config/swtpm-localca.options
# The programs of this build are not installed.
sed -i "s#^create_certs_tool *=.*#create_certs_tool = swtpm_localca#" home/.config/swtpm_setup.conf

# create FOLDER [OPTION…]: the first start of a domain.
create()
{
    local folder=$1

    shift
    mkdir -p "$folder"
    swtpm_setup "$@" --tpm-state "$TMP/$folder" --vmid "$vm" --logfile "$TMP/$folder.log" \
        --createek --create-ek-cert --create-platform-cert --lock-nvram --not-overwrite \
        > "$folder.out" 2>&1 || { cat "$folder.out" "$folder.log"; fail "$folder"; }
}

create tpm2 --tpm2
create secret --tpm2 --pwdfile-fd 5 --cipher aes-256-cbc 5< <(printf 'a passphrase of libvirt')
create tpm12
grep -q '^Successfully authored TPM state.$' tpm2.log || fail "the log does not say success"
grep -q "Invoking .*--vmid $vm" tpm2.log || fail "the log does not show the certificate tool's words"
cp tpm2/tpm2-00.permall before
create tpm2 --tpm2
cmp before tpm2/tpm2-00.permall || fail "--not-overwrite wrote"
grep -q '^Not overwriting existing state file.$' tpm2.log || fail "the log does not say so"
cmp -s <(head -c 10 tpm2/tpm2-00.permall) <(head -c 10 secret/tpm2-00.permall) &&
    fail "the encrypted state looks like the plain one"

# Incoming migration: an empty state in place of what is there.
mkdir incoming
swtpm_setup --tpm2 --tpm-state "$TMP/incoming" --logfile "$TMP/incoming.log" --overwrite > /dev/null
cp incoming/tpm2-00.permall first
swtpm_setup --tpm2 --tpm-state "$TMP/incoming" --logfile "$TMP/incoming.log" --overwrite > /dev/null
if cmp -s first incoming/tpm2-00.permall; then
    fail "--overwrite left the state"
fi

# Each start: the banks of the domain.
swtpm_setup --tpm2 --tpm-state "$TMP/tpm2" --logfile "$TMP/tpm2.log" --pcr-banks sha1,sha384 \
    --reconfigure > /dev/null
swtpm_setup --tpm2 --tpm-state "$TMP/secret" --logfile "$TMP/secret.log" --pcr-banks sha512 \
    --reconfigure --pwdfile-fd 5 --cipher aes-256-cbc 5< <(printf 'a passphrase of libvirt') > /dev/null
grep -q 'Successfully activated PCR banks sha1,sha384 among' tpm2.log || fail "the banks are not said"

# serve FOLDER [OPTION…]: as libvirt starts it; then as QEMU would: a descriptor, INIT.
ctl=$(ours swtpm_ioctl)
serve()
{
    local folder=$1

    shift
    swtpm socket --ctrl "type=unixio,path=$TMP/$folder.sock,mode=0600" \
        --tpmstate "dir=$TMP/$folder,mode=0600" --log "file=$TMP/$folder.swtpm.log" --terminate \
        --daemon --pid "file=$TMP/$folder.pid" "$@" || { cat "$folder.swtpm.log"; fail "$folder"; }
    adopt "$folder" "$TMP/$folder.pid"
    [ "$(stat -c %a "$folder.sock")" = 600 ] || fail "the socket's mode"
    "$ctl" --unix "$TMP/$folder.sock" -i > /dev/null || fail "$folder: INIT"
    "$ctl" --unix "$TMP/$folder.sock" -s > /dev/null || fail "$folder: SHUTDOWN"
    wait_end "$folder"
}

serve tpm2 --tpm2
serve tpm12
serve secret --tpm2 --key pwdfd=5,mode=aes-256-cbc --migration-key pwdfd=6,mode=aes-256-cbc \
    5< <(printf 'a passphrase of libvirt') 6< <(printf 'a passphrase of libvirt')

# And what libvirt shows of a failure: the exit status, and the reason in the log.
status=0
swtpm_setup --tpm2 --tpm-state "$TMP/tpm2" --vmid "$vm" --logfile "$TMP/f.log" --createek \
    > /dev/null 2>&1 || status=$?
[ "$status" = 1 ] || fail "status $status"
grep -q "Found existing TPM state" f.log || fail "the log gives no reason"
echo "every call of libvirt's"
