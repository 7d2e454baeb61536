# SPDX-License-Identifier: BSD-3-Clause
include src/cocotpm/verify.mk

noinst_LIBRARIES += libprogram.a
libprogram_a_CFLAGS = $(PIC_CFLAGS)
PROGRAM_LIBS = libprogram.a $(BASE_LIBS)
libprogram_a_SOURCES = \
	src/cocotpm/program.c \
	src/cocotpm/program.h

# What the relay is made of: no key code, and nothing that would need any.
noinst_LIBRARIES += librelay.a
RELAY_LIBS = librelay.a $(PROGRAM_LIBS) $(LINK_LIBS)
librelay_a_SOURCES = \
	src/cocotpm/relay_commands.c \
	src/cocotpm/relay_commands.h \
	src/cocotpm/relay_connect.c \
	src/cocotpm/relay_connect.h \
	src/cocotpm/relay_control.c \
	src/cocotpm/relay_control.h \
	src/cocotpm/relay_forward.c \
	src/cocotpm/relay_forward.h \
	src/cocotpm/relay_operator.c \
	src/cocotpm/relay_operator.h \
	src/cocotpm/relay_stream.c \
	src/cocotpm/relay_stream.h \
	src/cocotpm/relay_tunnel.c \
	src/cocotpm/relay_tunnel.h

bin_PROGRAMS += cocotpm-relay
cocotpm_relay_SOURCES = src/cocotpm/relay.c
cocotpm_relay_LDADD = $(RELAY_LIBS)

noinst_LIBRARIES += libdriver.a
libdriver_a_CFLAGS = $(PIC_CFLAGS)
DRIVER_LIBS = libdriver.a $(SESSION_LIBS) $(PROGRAM_LIBS) $(LINK_LIBS)
libdriver_a_SOURCES = \
	src/cocotpm/driver_ask.c \
	src/cocotpm/driver_ask.h \
	src/cocotpm/driver_carrier.c \
	src/cocotpm/driver_carrier.h \
	src/cocotpm/driver_check.c \
	src/cocotpm/driver_check.h \
	src/cocotpm/driver_config.c \
	src/cocotpm/driver_config.h \
	src/cocotpm/driver_front.c \
	src/cocotpm/driver_front.h \
	src/cocotpm/driver_ima.c \
	src/cocotpm/driver_ima.h \
	src/cocotpm/driver_link.c \
	src/cocotpm/driver_link.h \
	src/cocotpm/driver_receipt.c \
	src/cocotpm/driver_receipt.h \
	src/cocotpm/driver_request.c \
	src/cocotpm/driver_request.h \
	src/cocotpm/driver_session.c \
	src/cocotpm/driver_session.h \
	src/cocotpm/driver_tpm.h \
	src/cocotpm/driver_vtpm.c \
	src/cocotpm/driver_vtpm.h \
	src/cocotpm/initrd.c \
	src/cocotpm/initrd.h \
	src/cocotpm/receipt_file.c \
	src/cocotpm/receipt_file.h \
	src/cocotpm/resume_file.c \
	src/cocotpm/resume_file.h


bin_PROGRAMS += cocotpm-driver
cocotpm_driver_SOURCES = src/cocotpm/driver.c
cocotpm_driver_LDADD = $(DRIVER_LIBS)

bin_PROGRAMS += cocotpm-operator
cocotpm_operator_SOURCES = src/cocotpm/operator.c
cocotpm_operator_LDADD = $(DRIVER_LIBS)

# A shared object, which automake knows only as a program that is linked so.
tcti_PROGRAMS += libtss2-tcti-cocotpm.so
libtss2_tcti_cocotpm_so_SOURCES = src/cocotpm/tcti.c
libtss2_tcti_cocotpm_so_CFLAGS = $(PIC_CFLAGS)
libtss2_tcti_cocotpm_so_CPPFLAGS = $(AM_CPPFLAGS) $(TSS_CFLAGS)
# Its threads may end after a program has unloaded it.
libtss2_tcti_cocotpm_so_LDFLAGS = $(COCO_LDFLAGS) -shared -Wl,-soname,libtss2-tcti-cocotpm.so \
	-Wl,-z,nodelete
libtss2_tcti_cocotpm_so_LDADD = $(DRIVER_LIBS)
