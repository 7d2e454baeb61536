# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/unit/session/test_session
tests_unit_session_test_session_SOURCES = \
	tests/unit/session/pair.c \
	tests/unit/session/pair.h \
	tests/unit/session/suites.c \
	tests/unit/session/test_client.c \
	tests/unit/session/test_insider.c \
	tests/unit/session/test_knobs.c \
	tests/unit/session/test_operator.c \
	tests/unit/session/test_profile.c \
	tests/unit/session/test_protocol.c \
	tests/unit/session/test_records.c \
	tests/unit/session/test_resume.c \
	tests/unit/session/test_roles.c \
	tests/unit/session/test_saved.c \
	tests/unit/session/test_servers.c \
	tests/unit/session/test_tls.c
tests_unit_session_test_session_CPPFLAGS = $(UNIT_CPPFLAGS) $(CRYPTO_CFLAGS)
tests_unit_session_test_session_LDADD = $(UNIT_LIBS) $(SESSION_LIBS) -lssl $(CRYPTO_LIBS)
