# SPDX-License-Identifier: BSD-3-Clause

noinst_LIBRARIES += libcert.a
CERT_LIBS = libcert.a $(SETUP_LIBS) $(TASN1_LIBS)
libcert_a_SOURCES = \
	src/swtpm_cert/binding.c \
	src/swtpm_cert/binding.h \
	src/swtpm_cert/cert.c \
	src/swtpm_cert/cert.h \
	src/swtpm_cert/kinds.c \
	src/swtpm_cert/kinds.h \
	src/swtpm_cert/rows.c \
	src/swtpm_cert/serial.c \
	src/swtpm_cert/signer.c \
	src/swtpm_cert/tcg.c \
	src/swtpm_cert/tcg.h
nodist_libcert_a_SOURCES = src/swtpm_cert/tcg_asn1.c
libcert_a_CPPFLAGS = $(AM_CPPFLAGS) $(TASN1_CFLAGS)

EXTRA_DIST += src/swtpm_cert/tcg.asn
CLEANFILES += src/swtpm_cert/tcg_asn1.c
src/swtpm_cert/tcg_asn1.c: src/swtpm_cert/tcg.asn
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(ASN1PARSER) -o $@ -n tcg_asn1_tab $<

bin_PROGRAMS += src/swtpm_cert/swtpm_cert
src_swtpm_cert_swtpm_cert_SOURCES = src/swtpm_cert/main.c
src_swtpm_cert_swtpm_cert_LDADD = $(CERT_LIBS)
