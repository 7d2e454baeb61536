# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/unit/attest/test_attest
tests_unit_attest_test_attest_SOURCES = \
	tests/unit/attest/judge_rows.c \
	tests/unit/attest/judge_rows.h \
	tests/unit/attest/suites.c \
	tests/unit/attest/test_collateral.c \
	tests/unit/attest/test_judge.c \
	tests/unit/attest/test_policy.c \
	tests/unit/attest/test_quote_judge.c \
	tests/unit/attest/test_report.c \
	tests/unit/attest/test_vectors.c \
	tests/unit/attest/vectors.c \
	tests/unit/attest/vectors.h
tests_unit_attest_test_attest_CPPFLAGS = $(UNIT_CPPFLAGS) $(JSON_CFLAGS)
tests_unit_attest_test_attest_LDADD = $(UNIT_LIBS) $(ATTEST_LIBS) $(JSON_LIBS)
