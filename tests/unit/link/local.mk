# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/unit/link/test_link
tests_unit_link_test_link_SOURCES = \
	tests/unit/link/suites.c \
	tests/unit/link/test_acceptor.c \
	tests/unit/link/test_frames.c \
	tests/unit/link/test_link.c \
	tests/unit/link/test_wait.c
tests_unit_link_test_link_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_link_test_link_LDADD = $(UNIT_LIBS) $(LINK_LIBS)
