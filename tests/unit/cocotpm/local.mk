# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/unit/cocotpm/test_cocotpm
tests_unit_cocotpm_test_cocotpm_SOURCES = \
	tests/unit/cocotpm/peer.c \
	tests/unit/cocotpm/peer.h \
	tests/unit/cocotpm/qemu.c \
	tests/unit/cocotpm/qemu.h \
	tests/unit/cocotpm/suites.c \
	tests/unit/cocotpm/test_ask.c \
	tests/unit/cocotpm/test_bounds.c \
	tests/unit/cocotpm/test_carrier.c \
	tests/unit/cocotpm/test_commands.c \
	tests/unit/cocotpm/test_control.c \
	tests/unit/cocotpm/test_device.c \
	tests/unit/cocotpm/test_driver_receipt.c \
	tests/unit/cocotpm/test_driver_session.c \
	tests/unit/cocotpm/test_front.c \
	tests/unit/cocotpm/test_ima.c \
	tests/unit/cocotpm/test_receipt_file.c \
	tests/unit/cocotpm/test_resume_file.c \
	tests/unit/cocotpm/test_stream.c \
	tests/unit/cocotpm/test_tunnel.c \
	tests/unit/session/pair.c \
	tests/unit/session/pair.h
tests_unit_cocotpm_test_cocotpm_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_cocotpm_test_cocotpm_LDADD = $(UNIT_LIBS) $(RELAY_LIBS) $(DRIVER_LIBS)
