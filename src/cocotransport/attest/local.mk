# SPDX-License-Identifier: BSD-3-Clause

noinst_LIBRARIES += libattest.a
libattest_a_CFLAGS = $(PIC_CFLAGS)
# These flags stand here.
$(libattest_a_OBJECTS): $(srcdir)/src/cocotransport/attest/local.mk
ATTEST_LIBS = libattest.a $(WIRE_LIBS) $(KEYS_LIBS) $(TASN1_LIBS)
libattest_a_SOURCES = \
	src/cocotransport/attest/certificate.c \
	src/cocotransport/attest/certificate.h \
	src/cocotransport/attest/collateral.c \
	src/cocotransport/attest/collateral.h \
	src/cocotransport/attest/crl.c \
	src/cocotransport/attest/der.c \
	src/cocotransport/attest/der.h \
	src/cocotransport/attest/judge.h \
	src/cocotransport/attest/pck.c \
	src/cocotransport/attest/policy.c \
	src/cocotransport/attest/policy.h \
	src/cocotransport/attest/policy_explain.c \
	src/cocotransport/attest/policy_list.c \
	src/cocotransport/attest/policy_values.c \
	src/cocotransport/attest/policy_values.h \
	src/cocotransport/attest/provider.h \
	src/cocotransport/attest/reference.c \
	src/cocotransport/attest/report.c \
	src/cocotransport/attest/report.h \
	src/cocotransport/attest/roots.c \
	src/cocotransport/attest/roots.h \
	src/cocotransport/attest/tdx.c \
	src/cocotransport/attest/tdx.h \
	src/cocotransport/attest/vek.c \
	src/cocotransport/attest/verify.c \
	src/cocotransport/attest/verify.h \
	src/cocotransport/attest/verify_chain.c \
	src/cocotransport/attest/verify_collateral.c \
	src/cocotransport/attest/verify_match.c \
	src/cocotransport/attest/verify_peer.c \
	src/cocotransport/attest/verify_report.c \
	src/cocotransport/attest/verify_tdx.c
nodist_libattest_a_SOURCES = src/cocotransport/attest/amd_asn1.c
libattest_a_CPPFLAGS = $(AM_CPPFLAGS) $(TASN1_CFLAGS)

EXTRA_DIST += src/cocotransport/attest/amd.asn
CLEANFILES += src/cocotransport/attest/amd_asn1.c
src/cocotransport/attest/amd_asn1.c: src/cocotransport/attest/amd.asn
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(ASN1PARSER) -o $@ -n amd_asn1_tab $<

include src/cocotransport/attest/provider.mk
