# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/unit/base/test_base
tests_unit_base_test_base_SOURCES = \
	tests/unit/base/suites.c \
	tests/unit/base/test_builder.c \
	tests/unit/base/test_cursor.c \
	tests/unit/base/test_daemon.c \
	tests/unit/base/test_error.c \
	tests/unit/base/test_io.c \
	tests/unit/base/test_keyfile.c \
	tests/unit/base/test_log.c \
	tests/unit/base/test_options.c \
	tests/unit/base/test_stream.c \
	tests/unit/base/test_thread.c \
	tests/unit/base/test_watch.c
tests_unit_base_test_base_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_base_LDADD = $(UNIT_LIBS) $(BASE_LIBS)
