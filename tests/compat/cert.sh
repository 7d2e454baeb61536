#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: certificates of swtpm_cert and swtpm_localca have the structure of those of swtpm 0.7.1
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need openssl certtool /usr/bin/swtpm_cert /usr/bin/swtpm_localca
cert=$(ours swtpm_cert)
localca=$(ours swtpm_localca)
cd "$TMP"

# structure FILE: each field of a DER certificate but serial, times and signature.
structure()
{
    openssl asn1parse -inform der -in "$1" | grep -vE 'UTCTIME' | sed '$d'
}

# A CA that Debian's program made; ours has to work with it.
ca_conf()
{
    printf 'statedir = %s\nsigningkey = %s/signkey.pem\nissuercert = %s/issuercert.pem\n' "$1" "$1" "$1"
}
ca_conf "$TMP/ca" > ca.conf
printf '%s\n' '--platform-manufacturer Fedora' '--platform-version 2.1' '--platform-model QEMU' > ca.opts
modulus=$(openssl genrsa 2048 2> /dev/null | openssl rsa -noout -modulus 2> /dev/null | cut -d= -f2)
tpm=(--tpm-manufacturer id:00001014 --tpm-model swtpm --tpm-version id:20191023)
spec=(--tpm-spec-family 2.0 --tpm-spec-level 0 --tpm-spec-revision 164)
platform=(--platform-manufacturer Fedora --platform-version 2.1 --platform-model QEMU)
request=(--dir "$TMP" --vmid "a:b,c+d" --configfile ca.conf --optsfile ca.opts "${tpm[@]}" "${spec[@]}")
/usr/bin/swtpm_localca --type ek --ek "$modulus" --tpm2 "${request[@]}" > /dev/null
base=(--signkey ca/signkey.pem --issuercert ca/issuercert.pem --serial 77 "${tpm[@]}")
count=0

# same NAME OPTION…: both programs with the same options.
same()
{
    local name=$1 who

    shift
    /usr/bin/swtpm_cert "$@" --out-cert debian.cert > /dev/null
    "$cert" "$@" --out-cert ours.cert
    for who in debian ours; do
        case " $* " in
        *" --add-header "*)
            [ "$(head -c 3 $who.cert | hex)" = 100100 ] || fail "$name: $who has no header"
            tail -c +8 $who.cert > $who.der ;;
        *" --pem "*) openssl x509 -in $who.cert -outform der -out $who.der ;;
        *) cp $who.cert $who.der ;;
        esac
        structure $who.der > $who.txt
    done
    diff debian.txt ours.txt || fail "$name: differs"
    [ "$(stat -c %a debian.cert)" = "$(stat -c %a ours.cert)" ] || fail "$name: other rights"
    # Debian's platform certificate for TPM 1.2 has a name that no library can read.
    if [ "$name" != platform12 ]; then
        openssl verify -CAfile <(cat ca/swtpm-localca-rootca-cert.pem ca/issuercert.pem) \
            <(openssl x509 -inform der -in ours.der) > /dev/null || fail "$name: does not verify"
        certtool -i --inder --infile ours.der > /dev/null || fail "$name: certtool cannot read it"
    fi
    count=$((count + 1))
}

same ek --modulus "$modulus" "${base[@]}" "${spec[@]}" --tpm2 --days -1 --subject CN=foo,L=bar,C=US
same signing --modulus "$modulus" "${base[@]}" "${spec[@]}" --tpm2 --allow-signing --pem --days 10
same both --modulus "$modulus" "${base[@]}" "${spec[@]}" --tpm2 --allow-signing --decryption
same platform --modulus "$modulus" "${base[@]}" "${platform[@]}" --tpm2 --type platform -days 3650
# Numbers stay positive, also those whose first bit is set.
for serial in 127 128 255 32768 4294967295; do
    same "serial $serial" --modulus "$modulus" "${base[@]}" "${spec[@]}" --tpm2 --serial $serial
done
same words word --modulus "$modulus" "${base[@]}" "${spec[@]}" --tpm2 ''
same signing12 --modulus "$modulus" "${base[@]}" "${spec[@]}" --allow-signing
same ek12 --modulus "$modulus" "${base[@]}" "${spec[@]}" --add-header
same platform12 --modulus "$modulus" "${base[@]}" "${platform[@]}" --type platform --add-header
for curve in prime256v1:secp256r1:64 secp384r1:secp384r1:96 secp521r1:secp521r1:132; do
    IFS=: read -r name id digits <<< "$curve"
    point=$(openssl ecparam -name "$name" -genkey -noout |
        openssl ec -pubout -outform der 2> /dev/null | tail -c "$digits" | hex)
    same "$id" --ecc-x "${point:0:digits}" --ecc-y "${point:digits}" --ecc-curveid "$id" \
        "${base[@]}" "${spec[@]}" --tpm2
done

# The local CA: what each made, the other goes on with.
for type in ek platform; do
    for version in 2 1; do
        option=()
        [ $version = 1 ] || option=(--tpm2)
        /usr/bin/swtpm_localca --type $type --ek "$modulus" "${option[@]}" "${request[@]}" > /dev/null
        mv $type.cert debian.cert
        "$localca" --type $type --ek "$modulus" "${option[@]}" "${request[@]}" > /dev/null
        for who in debian ours; do
            [ $who = debian ] || mv $type.cert ours.cert
            [ $version = 2 ] || { tail -c +8 $who.cert > t; mv t $who.cert; }
            # The number is the one difference that has to be.
            structure $who.cert | sed '5d' > $who.txt
        done
        diff debian.txt ours.txt || fail "localca $type $version: differs"
        count=$((count + 1))
    done
done

# In the file of options a comment is passed by, and the command line counts more.
printf '%s\n' '# --platform-model is no comment' '--tpm-model Other  --days 20' '' > odd.opts
for who in debian ours; do
    program=/usr/bin/swtpm_localca
    [ $who = debian ] || program=$localca
    "$program" --type ek --ek "$modulus" --tpm2 "${request[@]}" --optsfile odd.opts > /dev/null ||
        fail "odd options: $who"
    openssl x509 -inform der -in ek.cert -noout -checkend 3000000 > /dev/null ||
        fail "odd options: $who's certificate ends soon"
    [ "$(stat -c %a ek.cert)" = 600 ] || fail "odd options: other rights"
    structure ek.cert | sed '5d' > $who.txt
done
diff debian.txt ours.txt || fail "odd options: differs"

# A CA whose signing key is gone makes another, as its issuer's certificate is of no use.
for who in debian ours; do
    program=/usr/bin/swtpm_localca
    [ $who = debian ] || program=$localca
    cp -a ca keyless
    rm keyless/signkey.pem
    ca_conf "$TMP/keyless" > keyless.conf
    "$program" --type ek --ek "$modulus" --tpm2 "${request[@]}" --configfile keyless.conf > $who.out ||
        fail "without a key: $who"
    openssl verify -CAfile <(cat keyless/swtpm-localca-rootca-cert.pem keyless/issuercert.pem) \
        <(openssl x509 -inform der -in ek.cert) > /dev/null || fail "without a key: $who does not verify"
    rm -r keyless
done
diff debian.out ours.out || fail "without a key: says something else"

# What may not be read is said, with the user's name.
for option in --configfile --optsfile; do
    for who in debian ours; do
        program=/usr/bin/swtpm_localca
        [ $who = debian ] || program=$localca
        "$program" --type ek --ek "$modulus" --tpm2 "${request[@]}" $option none > $who.out 2>&1 &&
            fail "$who takes a file that is not there"
    done
    diff debian.out ours.out || fail "$option: says something else"
done
sed -i /statedir/d ca.conf
for who in debian ours; do
    program=/usr/bin/swtpm_localca
    [ $who = debian ] || program=$localca
    "$program" --type ek --ek "$modulus" --tpm2 "${request[@]}" > $who.out 2>&1 && fail "$who: no folder"
done
diff debian.out ours.out || fail "without a folder: says something else"
ca_conf "$TMP/ca" > ca.conf

# A link in the place of a certificate may be somebody else's; a pipe is written to.
ln -s elsewhere link
for who in debian ours; do
    program=/usr/bin/swtpm_cert
    [ $who = debian ] || program=$cert
    expect_fail 'link' "$program" --modulus "$modulus" "${base[@]}" "${spec[@]}" --tpm2 --out-cert link
done
mkfifo pipe
timeout "$PATIENCE" cat pipe > piped &
"$cert" --modulus "$modulus" "${base[@]}" "${spec[@]}" --tpm2 --out-cert pipe
wait $!
openssl x509 -inform der -in piped -noout || fail "a pipe was not written to"

ca_conf "$TMP/mine" > mine.conf
"$localca" --type ek --ek "$modulus" --tpm2 --dir "$TMP" --configfile mine.conf "${tpm[@]}" "${spec[@]}"
for file in issuercert swtpm-localca-rootca-cert; do
    for who in ca mine; do
        (cd $who && stat -c '%a %n' . .lock.swtpm-localca ./*) > $who.modes
        openssl asn1parse -in $who/$file.pem | grep -vE 'INTEGER|TIME|OCTET|BIT' > $who.txt
    done
    diff ca.txt mine.txt || fail "$file: differs"
    diff ca.modes mine.modes || fail "the CA's files: others, or other rights"
done
/usr/bin/swtpm_localca --type ek --ek "$modulus" --tpm2 --dir "$TMP" --configfile mine.conf \
    "${tpm[@]}" "${spec[@]}" > /dev/null || fail "Debian's swtpm_localca does not go on with our CA"

# Passwords, and the other ways to give them.
echo 'signingkey_password = secret' >> mine.conf
sed -i "s#$TMP/mine#$TMP/locked#g" mine.conf
SWTPM_ROOTCA_PASSWORD=rootsecret "$localca" --type ek --ek "$modulus" --tpm2 --dir "$TMP" \
    --configfile mine.conf "${tpm[@]}" "${spec[@]}" > /dev/null
grep -q 'ENCRYPTED PRIVATE KEY' locked/signkey.pem || fail "the signing key is not encrypted"
grep -q 'ENCRYPTED PRIVATE KEY' locked/swtpm-localca-rootca-privkey.pem || fail "the root key is not"
echo secret > password
locked=(--modulus "$modulus" --signkey locked/signkey.pem --issuercert locked/issuercert.pem
    "${tpm[@]}" "${spec[@]}" --tpm2 --out-cert out.cert)
"$cert" "${locked[@]}" --signkey-password secret
"$cert" "${locked[@]}" --signkey-pwd file:password
"$cert" "${locked[@]}" --signkey-pwd fd:7 7< password
PW=secret "$cert" "${locked[@]}" --signkey-pwd env:PW
expect_fail 'signing key' "$cert" "${locked[@]}" --signkey-pwd pass:wrong
expect_fail 'issuer certificate name is required' "$cert" --modulus "$modulus"
expect_fail 'unknown|unrecognized|option' "$localca" --nonsense
echo "$count certificates compared"
