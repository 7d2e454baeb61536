#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: while a confidential TPM is made, no write to a file has its state, policy or secrets in clear
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_coco.sh"
. "$(dirname "$0")/../lib_session.sh"
need strace

strace -f -o "$TMP/probe" true 2> /dev/null || skip "strace may not trace here"
cd "$TMP"
openssl genrsa -out owner.key 2048 2> /dev/null
openssl pkey -in owner.key -pubout -out owner.pem
fingerprint=$(openssl pkey -pubin -in owner.pem -outform der | sha256sum | cut -d' ' -f1)
coco_world link.psk=secret "seal.recovery-key=$fingerprint"

# traced NAME COMMAND…: every write of it and of its children, with the file and all bytes.
traced()
{
    local name=$1

    shift
    strace -f -y -xx -s 4000000 -o "$name.trace" \
        -e trace=write,pwrite64,writev,pwritev,pwritev2,sendfile,copy_file_range,splice,mmap "$@" \
        > "$name.out" 2>&1 || { cat "$name.out"; fail "$name"; }
    # Sockets, pipes and memory files are no disk; -xx gives the names of files in hex as well.
    grep -E '(write|writev|pwrite64|pwritev2?|sendfile|copy_file_range|splice)\(' "$name.trace" |
        grep -vE '<(socket|pipe|UNIX|TCP|anon_inode|/dev/|/memfd|\\x2f\\x6d\\x65\\x6d\\x66\\x64|\\x2f\\x64\\x65\\x76|\\x73\\x6f\\x63\\x6b|\\x70\\x69\\x70\\x65)' \
        > "$name.writes" || true
    grep -E 'mmap\(.*PROT_WRITE.*MAP_SHARED.*<' "$name.trace" | grep -v memfd |
        grep -vF '\x6d\x65\x6d\x66\x64' > "$name.maps" || true
}

# written NAME HEX: a write to a file has these bytes.
written()
{
    grep -qF "$(sed 's/../\\x&/g' <<< "$2")" "$1.writes"
}

# The policy that every RSA 2048 EK has (EK Credential Profile, B.3.3): it stands in its public
# area, and so in the state of a TPM that is not sealed.
ek_policy=837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa
mkdir plain
traced plain "$setup" --tpm2 --tpm "$swtpm socket" --tpmstate "$TMP/plain" --createek
written plain "$ek_policy" || fail "the trace does not show a plain state: it would show nothing"

mkdir state
traced sealed "$setup" --tpm2 --tpm "$swtpm socket" --tpmstate "$TMP/state" --logfile "$TMP/log" \
    --nonce "$(openssl rand -hex 32)" --birth-statement birth.json --cocotpm \
    "policy=$TMP/instance.policy,id=$id,recovery-key=owner.pem,deliver=secrets.json,platform=emulator:$TMP/tpmvm,chain=$TMP/chip/chain.pem"
written sealed "$(printf CoCoSeal | hex)" || fail "the trace does not show the sealed state"
[ ! -s sealed.maps ] || fail "a file is written through memory: $(head -c 300 sealed.maps)"
for name in psk recovery; do
    sed -n "s/.*\"$name\" : \"\([^\"]*\)\".*/\1/p" secrets.json | base64 -d > wrapped
    openssl pkeyutl -decrypt -inkey owner.key -in wrapped -pkeyopt rsa_padding_mode:oaep -out secret \
        -pkeyopt rsa_oaep_md:sha256 -pkeyopt "rsa_oaep_label:$(printf %s "$name" | hex)"
    if written sealed "$(hex < secret)"; then
        fail "the $name secret was written in clear"
    fi
done
if written sealed "$ek_policy"; then
    fail "the state was written in clear"
fi
if written sealed "$(printf 'burns-evidence' | hex)"; then
    fail "the policy was written in clear"
fi
echo "$(wc -l < sealed.writes) writes looked at, of a plain TPM $(wc -l < plain.writes)"
