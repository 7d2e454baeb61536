# SPDX-License-Identifier: BSD-3-Clause
check_PROGRAMS += tests/unit/attest_provider/test_attest_provider
tests_unit_attest_provider_test_attest_provider_SOURCES = \
	tests/unit/attest_provider/suites.c \
	tests/unit/attest_provider/test_certtable.c \
	tests/unit/attest_provider/test_provider.c \
	tests/unit/attest_provider/test_snpdev.c
tests_unit_attest_provider_test_attest_provider_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_attest_provider_test_attest_provider_LDADD = $(UNIT_LIBS) $(ATTEST_LIBS)
