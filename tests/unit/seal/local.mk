# SPDX-License-Identifier: BSD-3-Clause
# fake.c stands in for attest's provider: keys of a platform that the test makes up.

check_PROGRAMS += tests/unit/seal/test_seal
tests_unit_seal_test_seal_SOURCES = \
	tests/unit/seal/fake.c \
	tests/unit/seal/fake.h \
	tests/unit/seal/suites.c \
	tests/unit/seal/test_attach_log.c \
	tests/unit/seal/test_change.c \
	tests/unit/seal/test_clamp.c \
	tests/unit/seal/test_envelope.c \
	tests/unit/seal/test_golden.c \
	tests/unit/seal/test_provision.c \
	tests/unit/seal/test_sealed.c \
	tests/unit/seal/test_start.c
tests_unit_seal_test_seal_CPPFLAGS = $(UNIT_CPPFLAGS) -DTEST_DATA='"$(abs_srcdir)/tests/data"'
tests_unit_seal_test_seal_LDADD = $(UNIT_LIBS) $(STORE_SEALED_LIBS)
