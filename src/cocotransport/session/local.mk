# SPDX-License-Identifier: BSD-3-Clause

noinst_LIBRARIES += libsession.a
libsession_a_CFLAGS = $(PIC_CFLAGS)
SESSION_LIBS = libsession.a $(ATTEST_LIBS)
libsession_a_SOURCES = \
	src/cocotransport/session/attach_client.c \
	src/cocotransport/session/attach_client.h \
	src/cocotransport/session/client.c \
	src/cocotransport/session/client.h \
	src/cocotransport/session/client_private.h \
	src/cocotransport/session/client_save.c \
	src/cocotransport/session/launch.c \
	src/cocotransport/session/launch.h \
	src/cocotransport/session/operator_client.c \
	src/cocotransport/session/operator_client.h \
	src/cocotransport/session/profile.c \
	src/cocotransport/session/profile.h \
	src/cocotransport/session/protocol.c \
	src/cocotransport/session/protocol.h \
	src/cocotransport/session/records.c \
	src/cocotransport/session/records.h \
	src/cocotransport/session/resume_client.c \
	src/cocotransport/session/roles.c \
	src/cocotransport/session/roles.h \
	src/cocotransport/session/tls.c \
	src/cocotransport/session/tls.h
