# SPDX-License-Identifier: BSD-3-Clause

# Helpers under the names and in the place where swtpm's users look for them.
swtpmdatadir = $(datadir)/swtpm
dist_swtpmdata_SCRIPTS = samples/swtpm-create-tpmca samples/swtpm-create-user-config-files \
	samples/swtpm-localca

# Configuration of the system: paths are those of this build.
sysconf_DATA += samples/swtpm_setup.conf samples/swtpm-localca.conf samples/swtpm-localca.options
CLEANFILES += samples/swtpm_setup.conf samples/swtpm-localca.conf samples/swtpm-localca.options
samples/swtpm_setup.conf: Makefile
	$(AM_V_GEN)$(MKDIR_P) samples && { \
	echo 'create_certs_tool = $(bindir)/swtpm_localca'; \
	echo 'create_certs_tool_config = $(sysconfdir)/swtpm-localca.conf'; \
	echo 'create_certs_tool_options = $(sysconfdir)/swtpm-localca.options'; \
	echo '# Comma-separated list (no spaces) of PCR banks to activate by default'; \
	echo 'active_pcr_banks = sha256'; } > $@
samples/swtpm-localca.conf: Makefile
	$(AM_V_GEN)$(MKDIR_P) samples && { \
	echo 'statedir = $(localstatedir)/lib/swtpm-localca'; \
	echo 'signingkey = $(localstatedir)/lib/swtpm-localca/signkey.pem'; \
	echo 'issuercert = $(localstatedir)/lib/swtpm-localca/issuercert.pem'; \
	echo 'certserial = $(localstatedir)/lib/swtpm-localca/certserial'; } > $@
samples/swtpm-localca.options: Makefile
	$(AM_V_GEN)$(MKDIR_P) samples && { \
	echo '--platform-manufacturer CoCoTPM'; \
	echo '--platform-version 1'; \
	echo '--platform-model QEMU'; } > $@
