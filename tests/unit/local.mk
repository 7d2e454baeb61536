# SPDX-License-Identifier: BSD-3-Clause
# What every folder's unit test program is built with. In tests/unit/FOLDER/local.mk:
#   check_PROGRAMS += tests/unit/FOLDER/test_FOLDER
#   tests_unit_FOLDER_test_FOLDER_SOURCES = tests/unit/FOLDER/suites.c tests/unit/FOLDER/test_X.c …
#   tests_unit_FOLDER_test_FOLDER_CPPFLAGS = $(UNIT_CPPFLAGS)
#   tests_unit_FOLDER_test_FOLDER_LDADD = $(UNIT_LIBS) $(FOLDER_LIBS)

UNIT_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS) -I$(srcdir)/tests/unit \
	-DTEST_VECTORS='"$(abs_srcdir)/../shared/vectors"'
UNIT_LIBS = tests/unit/libunit.a $(CHECK_LIBS)

check_LIBRARIES += tests/unit/libunit.a
tests_unit_libunit_a_SOURCES = tests/unit/main.c tests/unit/suites.h
tests_unit_libunit_a_CPPFLAGS = $(UNIT_CPPFLAGS)
