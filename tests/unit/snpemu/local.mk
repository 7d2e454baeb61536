# SPDX-License-Identifier: BSD-3-Clause
if SNP_EMULATOR
check_PROGRAMS += tests/unit/snpemu/test_snpemu
tests_unit_snpemu_test_snpemu_SOURCES = \
	tests/unit/snpemu/fixture.c \
	tests/unit/snpemu/fixture.h \
	tests/unit/snpemu/suites.c \
	tests/unit/snpemu/test_derive.c \
	tests/unit/snpemu/test_driver.c \
	tests/unit/snpemu/test_guestmsg.c \
	tests/unit/snpemu/test_launch.c \
	tests/unit/snpemu/test_report.c
tests_unit_snpemu_test_snpemu_CPPFLAGS = $(UNIT_CPPFLAGS) $(JSON_CFLAGS)
tests_unit_snpemu_test_snpemu_LDADD = $(UNIT_LIBS) $(SNPEMU_LIBS) $(JSON_LIBS)
endif
