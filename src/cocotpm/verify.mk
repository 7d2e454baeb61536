# SPDX-License-Identifier: BSD-3-Clause
# What a relying party runs.
bin_PROGRAMS += cocotpm-verify
cocotpm_verify_SOURCES = \
	src/cocotpm/verify.c \
	src/cocotpm/verify.h \
	src/cocotpm/verify_fields.c \
	src/cocotpm/verify_input.c \
	src/cocotpm/verify_output.c \
	src/cocotpm/verify_policy.c \
	src/cocotpm/verify_report.c \
	src/cocotpm/verify_show.c
cocotpm_verify_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS)
cocotpm_verify_LDADD = libattest.la libwire.la libkeys.la libbase.la $(JSON_LIBS) \
	$(GNUTLS_LIBS) $(GLIB_LIBS)

dist_man_MANS += man/cocotpm-policy.5 man/cocotpm-verify.1
