# SPDX-License-Identifier: BSD-3-Clause

# What both programs that set up TPMs use.
noinst_LIBRARIES += libsetup.a
SETUP_LIBS = libsetup.a $(KEYS_LIBS)
libsetup_a_SOURCES = \
	src/swtpm_setup/conf.c \
	src/swtpm_setup/conf.h \
	src/swtpm_setup/report.c \
	src/swtpm_setup/report.h \
	src/swtpm_setup/text.c \
	src/swtpm_setup/text.h \
	src/swtpm_setup/version.h

# The programs lie in the build tree where swtpm's do: test suites that were written for it take
# them from there.

# The steps, apart from main, for the unit tests.
noinst_LIBRARIES += libsetupsteps.a
SETUP_STEPS_LIBS = libsetupsteps.a $(SETUP_LIBS) $(BUNDLE_LIBS) $(STORE_LIBS) $(SEAL_LIBS) \
	$(KEYS_OPENSSL_LIBS) $(TSS_LIBS) $(TCTILDR_LIBS)
libsetupsteps_a_SOURCES = \
	src/swtpm_setup/birth.c \
	src/swtpm_setup/birth.h \
	src/swtpm_setup/certs.c \
	src/swtpm_setup/certs.h \
	src/swtpm_setup/checks.c \
	src/swtpm_setup/checks.h \
	src/swtpm_setup/child.c \
	src/swtpm_setup/child.h \
	src/swtpm_setup/command.h \
	src/swtpm_setup/act.c \
	src/swtpm_setup/act.h \
	src/swtpm_setup/confidential.c \
	src/swtpm_setup/confidential.h \
	src/swtpm_setup/import.c \
	src/swtpm_setup/import.h \
	src/swtpm_setup/folder.c \
	src/swtpm_setup/folder.h \
	src/swtpm_setup/job.c \
	src/swtpm_setup/job.h \
	src/swtpm_setup/made.c \
	src/swtpm_setup/made.h \
	src/swtpm_setup/place.c \
	src/swtpm_setup/place.h \
	src/swtpm_setup/prepare.c \
	src/swtpm_setup/renew.c \
	src/swtpm_setup/renew.h \
	src/swtpm_setup/rows.c \
	src/swtpm_setup/run.c \
	src/swtpm_setup/run.h \
	src/swtpm_setup/setup.h \
	src/swtpm_setup/spawn.c \
	src/swtpm_setup/spawn.h \
	src/swtpm_setup/steps_tpm12.c \
	src/swtpm_setup/steps_tpm2.c \
	src/swtpm_setup/tcti.c \
	src/swtpm_setup/tcti.h \
	src/swtpm_setup/tpm12.c \
	src/swtpm_setup/tpm12.h \
	src/swtpm_setup/tpm12_crypto.c \
	src/swtpm_setup/tpm12_crypto.h \
	src/swtpm_setup/tpm2.c \
	src/swtpm_setup/tpm2.h \
	src/swtpm_setup/tpm2_keys.c \
	src/swtpm_setup/tpm2_nv.c \
	src/swtpm_setup/tpm2_pcr.c \
	src/swtpm_setup/userconf.c \
	src/swtpm_setup/userconf.h
libsetupsteps_a_CPPFLAGS = $(AM_CPPFLAGS) $(SETUP_PATHS) $(JSON_CFLAGS) $(TSS_CFLAGS)

SETUP_PATHS = -DBINDIR='"$(bindir)"' -DSYSCONFDIR='"$(sysconfdir)"' \
	-DPKGLIBEXECDIR='"$(pkglibexecdir)"'

bin_PROGRAMS += src/swtpm_setup/swtpm_setup
src_swtpm_setup_swtpm_setup_SOURCES = src/swtpm_setup/main.c
src_swtpm_setup_swtpm_setup_CPPFLAGS = $(AM_CPPFLAGS) $(SETUP_PATHS) $(JSON_CFLAGS) $(TSS_CFLAGS)
src_swtpm_setup_swtpm_setup_LDADD = $(SETUP_STEPS_LIBS)

noinst_LIBRARIES += liblocalca.a
LOCALCA_LIBS = liblocalca.a $(CERT_LIBS)
liblocalca_a_SOURCES = \
	src/swtpm_setup/localca.c \
	src/swtpm_setup/localca.h

bin_PROGRAMS += src/swtpm_localca/swtpm_localca
src_swtpm_localca_swtpm_localca_SOURCES = \
	src/swtpm_setup/attested.h \
	src/swtpm_setup/attested_elsewhere.c \
	src/swtpm_setup/localca_main.c
src_swtpm_localca_swtpm_localca_CPPFLAGS = $(AM_CPPFLAGS) $(SETUP_PATHS)
src_swtpm_localca_swtpm_localca_LDADD = $(LOCALCA_LIBS)

# What --attested-request needs beside it: attested_elsewhere.c says why.
pkglibexec_PROGRAMS += src/swtpm_localca/swtpm_localca_attested
src_swtpm_localca_swtpm_localca_attested_SOURCES = \
	src/swtpm_setup/attested.c \
	src/swtpm_setup/attested.h \
	src/swtpm_setup/localca_main.c
src_swtpm_localca_swtpm_localca_attested_CPPFLAGS = $(AM_CPPFLAGS) $(SETUP_PATHS) $(JSON_CFLAGS) $(TSS_CFLAGS)
src_swtpm_localca_swtpm_localca_attested_LDADD = $(LOCALCA_LIBS) $(BUNDLE_LIBS)
