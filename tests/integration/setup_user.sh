#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: a user without rights writes configuration files, makes a TPM with them and a CA of its own
# sanitizers: no
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

need setpriv openssl tpm2_getekcertificate
[ "$(id -u)" = 0 ] || skip "not root: nobody else can be"
user=nobody
# A folder that this user may enter, with the programs: those of the build may lie behind others.
work=$(mktemp -d /tmp/coco.XXXXXX)
at_exit rm -rf "$work"
mkdir "$work/bin" "$work/home"
for program in swtpm_setup swtpm swtpm_localca swtpm_localca_attested swtpm_cert; do
    cp "$(ours $program)" "$work/bin/"
done
cp "$SRC/samples/swtpm-create-user-config-files" "$work/bin/"
chown -R "$user" "$work/home"
chmod 755 "$work" "$work/bin"
cd "$work/home"

as_user()
{
    setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups env -i \
        HOME="$work/home" PATH="$work/bin:$PATH" "$@"
}

echo "configuration files: written once, not written over, passed by when they are there"
as_user swtpm-create-user-config-files > words
for name in swtpm_setup.conf swtpm-localca.conf swtpm-localca.options; do
    [ "$(stat -c %U ".config/$name")" = "$user" ] || fail "$name is not there, or not the user's"
done
echo '# mine' >> .config/swtpm-localca.options
expect_fail 'exist' as_user swtpm-create-user-config-files
expect_fail 'cannot both be used' as_user swtpm-create-user-config-files --skip-if-exist --overwrite
[ "$(stat -c %U "$(sed -n 's/^statedir *= *//p' .config/swtpm-localca.conf)")" = "$user" ] ||
    fail "there is no folder for the CA"
as_user swtpm-create-user-config-files --skip-if-exist > words
grep -q mine .config/swtpm-localca.options || fail "a file was written over"
as_user swtpm-create-user-config-files --overwrite > words
! grep -q mine .config/swtpm-localca.options || fail "--overwrite has not written"

echo "a TPM, with a CA in the user's own folder"
# Where nothing is installed the tool has no path, and is found as swtpm_setup was.
grep -Eq '^create_certs_tool = (/.*/)?swtpm_localca$' .config/swtpm_setup.conf ||
    fail "another tool: $(cat .config/swtpm_setup.conf)"
mkdir state
chown "$user" state
as_user swtpm_setup --tpm2 --tpm-state state --tpm "$work/bin/swtpm socket" --create-ek-cert \
    --create-platform-cert --write-ek-cert-files state > setup.log 2>&1 ||
    fail "as a user: $(cat setup.log)"
[ "$(stat -c %U state/tpm2-00.permall)" = "$user" ] || fail "the state is not the user's"
ca=$(sed -n 's/^statedir *= *//p' .config/swtpm-localca.conf)
case $ca in
"$work"/home/*) ;;
*) fail "the CA lies at $ca" ;;
esac
cat "$ca/swtpm-localca-rootca-cert.pem" "$ca/issuercert.pem" > chain.pem
openssl x509 -inform der -in state/ek-rsa2048.crt -out ek.pem
openssl verify -CAfile chain.pem ek.pem > words || fail "the EK's certificate does not verify"

echo "root changes to a user by --runas"
mkdir -m 700 other
chown "$user" other
"$work/bin/swtpm_setup" --tpm2 --tpm-state other --tpm "$work/bin/swtpm socket" --runas "$user" --createek > runas.log 2>&1 ||
    fail "--runas: $(cat runas.log)"
[ "$(stat -c %U other/tpm2-00.permall)" = "$user" ] || fail "--runas: the state is not the user's"
