# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/unit/wire/test_wire
tests_unit_wire_test_wire_SOURCES = \
	tests/unit/wire/elements.c \
	tests/unit/wire/elements.h \
	tests/unit/wire/suites.c \
	tests/unit/wire/test_claims.c \
	tests/unit/wire/test_eventlog.c \
	tests/unit/wire/test_evidence.c \
	tests/unit/wire/test_message.c \
	tests/unit/wire/test_receipt.c \
	tests/unit/wire/test_receipt_list.c \
	tests/unit/wire/test_statement.c
tests_unit_wire_test_wire_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_wire_test_wire_LDADD = $(UNIT_LIBS) $(WIRE_LIBS)
