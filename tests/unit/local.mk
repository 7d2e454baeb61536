# SPDX-License-Identifier: BSD-3-Clause
# What every folder's unit test program is built with. In tests/unit/FOLDER/local.mk:
#   check_PROGRAMS += tests/unit/FOLDER/test_FOLDER
#   tests_unit_FOLDER_test_FOLDER_SOURCES = tests/unit/FOLDER/suites.c tests/unit/FOLDER/test_X.c …
#   tests_unit_FOLDER_test_FOLDER_CPPFLAGS = $(UNIT_CPPFLAGS)
#   tests_unit_FOLDER_test_FOLDER_LDADD = $(UNIT_LIBS) libFOLDER.la … $(GLIB_LIBS)

UNIT_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS) -I$(srcdir)/tests/unit \
	-DTEST_VECTORS='"$(abs_srcdir)/../shared/vectors"'
UNIT_LIBS = tests/unit/libunit.la $(CHECK_LIBS)

check_LTLIBRARIES += tests/unit/libunit.la
tests_unit_libunit_la_SOURCES = tests/unit/main.c tests/unit/suites.h
tests_unit_libunit_la_CPPFLAGS = $(UNIT_CPPFLAGS)
