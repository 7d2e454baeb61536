# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/unit/base/test_base
tests_unit_base_test_base_SOURCES = \
	tests/unit/base/suites.c \
	tests/unit/base/test_cursor.c
tests_unit_base_test_base_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_base_LDADD = $(UNIT_LIBS) libbase.la $(GLIB_LIBS)
