# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/unit/control/test_control
tests_unit_control_test_control_SOURCES = \
	tests/unit/control/suites.c \
	tests/unit/control/test_channel.c \
	tests/unit/control/test_ptm.c
tests_unit_control_test_control_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(srcdir)/include
tests_unit_control_test_control_LDADD = $(UNIT_LIBS) $(CONTROL_LIBS)
