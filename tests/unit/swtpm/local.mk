# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/unit/swtpm/test_swtpm
tests_unit_swtpm_test_swtpm_SOURCES = \
	tests/unit/swtpm/memory_store.c \
	tests/unit/swtpm/memory_store.h \
	tests/unit/swtpm/suites.c \
	tests/unit/swtpm/test_data.c \
	tests/unit/swtpm/test_engine.c \
	tests/unit/swtpm/test_sandbox.c \
	tests/unit/swtpm/test_server.c
tests_unit_swtpm_test_swtpm_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(srcdir)/tests/unit/swtpm
tests_unit_swtpm_test_swtpm_LDADD = $(UNIT_LIBS) $(SWTPM_LIBS)
