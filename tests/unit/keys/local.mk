# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/unit/keys/test_keys
tests_unit_keys_test_keys_SOURCES = \
	tests/unit/keys/suites.c \
	tests/unit/keys/test_crypto.c \
	tests/unit/keys/test_schedule.c \
	tests/unit/keys/test_secret.c
tests_unit_keys_test_keys_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_keys_test_keys_LDADD = $(UNIT_LIBS) $(KEYS_LIBS)
