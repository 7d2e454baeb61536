# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/unit/setup/test_setup
tests_unit_setup_test_setup_SOURCES = \
	src/cocotpm/ek_certificate.c \
	src/cocotpm/ek_certificate.h \
	tests/unit/setup/suites.c \
	tests/unit/setup/test_binding.c \
	tests/unit/setup/test_conf.c \
	tests/unit/setup/test_ek_certificate.c \
	tests/unit/setup/test_place.c \
	tests/unit/setup/test_serial.c \
	tests/unit/setup/test_tcg.c
tests_unit_setup_test_setup_CPPFLAGS = $(UNIT_CPPFLAGS) $(TSS_CFLAGS)
tests_unit_setup_test_setup_LDADD = $(UNIT_LIBS) $(LOCALCA_LIBS) $(SETUP_STEPS_LIBS)
