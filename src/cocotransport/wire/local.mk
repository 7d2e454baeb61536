# SPDX-License-Identifier: BSD-3-Clause

noinst_LIBRARIES += libwire.a
libwire_a_CFLAGS = $(PIC_CFLAGS)
WIRE_LIBS = libwire.a $(BASE_LIBS)
libwire_a_SOURCES = \
	src/cocotransport/wire/claims.c \
	src/cocotransport/wire/claims.h \
	src/cocotransport/wire/element.c \
	src/cocotransport/wire/element.h \
	src/cocotransport/wire/eventlog.c \
	src/cocotransport/wire/eventlog.h \
	src/cocotransport/wire/evidence.c \
	src/cocotransport/wire/evidence.h \
	src/cocotransport/wire/message.c \
	src/cocotransport/wire/message.h \
	src/cocotransport/wire/receipt.c \
	src/cocotransport/wire/receipt.h \
	src/cocotransport/wire/receipt_list.c \
	src/cocotransport/wire/receipt_list.h \
	src/cocotransport/wire/statement.c \
	src/cocotransport/wire/statement.h \
	src/cocotransport/wire/tunnel.c \
	src/cocotransport/wire/tunnel.h
