# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/unit/store/test_store
tests_unit_store_test_store_SOURCES = \
	tests/unit/store/suites.c \
	tests/unit/store/test_cipher.c \
	tests/unit/store/test_dir.c \
	tests/unit/store/test_format.c \
	tests/unit/store/test_key.c \
	tests/unit/store/test_linear.c
tests_unit_store_test_store_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_store_test_store_LDADD = $(UNIT_LIBS) $(STORE_CIPHER_LIBS)
