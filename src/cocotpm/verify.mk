# SPDX-License-Identifier: BSD-3-Clause
# What a relying party runs.
noinst_LIBRARIES += libbundle.a
BUNDLE_LIBS = libbundle.a $(ATTEST_LIBS) $(JSON_LIBS) $(TSS_LIBS)
libbundle_a_SOURCES = \
	src/cocotpm/bundle.c \
	src/cocotpm/bundle.h \
	src/cocotpm/bundle_judge.c \
	src/cocotpm/collateral_json.c \
	src/cocotpm/collateral_json.h \
	src/cocotpm/hcl.c \
	src/cocotpm/hcl.h \
	src/cocotpm/json_bounds.c \
	src/cocotpm/json_bounds.h \
	src/cocotpm/pcr_replay.c \
	src/cocotpm/pcr_replay.h \
	src/cocotpm/quote.c \
	src/cocotpm/quote.h
libbundle_a_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS) $(TSS_CFLAGS)

bin_PROGRAMS += cocotpm-verify
cocotpm_verify_SOURCES = \
	src/cocotpm/ek_certificate.c \
	src/cocotpm/ek_certificate.h \
	src/cocotpm/verify.c \
	src/cocotpm/verify.h \
	src/cocotpm/verify_bundle.c \
	src/cocotpm/verify_ek.c \
	src/cocotpm/verify_fields.c \
	src/cocotpm/verify_hcl.c \
	src/cocotpm/verify_input.c \
	src/cocotpm/verify_output.c \
	src/cocotpm/verify_policy.c \
	src/cocotpm/verify_report.c \
	src/cocotpm/verify_show.c \
	src/cocotpm/verify_tdx.c
cocotpm_verify_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS) $(TSS_CFLAGS)
cocotpm_verify_LDADD = $(CERT_LIBS) $(BUNDLE_LIBS)

dist_man_MANS += man/cocotpm-policy.5 man/cocotpm-verify.1

# What a confidential VM gives to relying parties.
bin_PROGRAMS += cocotpm-bundle
cocotpm_bundle_SOURCES = src/cocotpm/bundle_main.c
cocotpm_bundle_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS) $(TSS_CFLAGS)
cocotpm_bundle_LDADD = $(BUNDLE_LIBS) $(LINK_LIBS)
dist_man_MANS += man/cocotpm-bundle.1 man/cocotpm-bundle.5
EXTRA_DIST += samples/remote-attestation
