# SPDX-License-Identifier: BSD-3-Clause

noinst_LIBRARIES += liblink.a
liblink_a_CFLAGS = $(PIC_CFLAGS)
LINK_LIBS = liblink.a $(WIRE_LIBS)
liblink_a_SOURCES = \
	src/cocotransport/link/acceptor.c \
	src/cocotransport/link/acceptor.h \
	src/cocotransport/link/fd.c \
	src/cocotransport/link/kinds.h \
	src/cocotransport/link/link.c \
	src/cocotransport/link/link.h \
	src/cocotransport/link/socket.c \
	src/cocotransport/link/socket.h \
	src/cocotransport/link/tcp.c \
	src/cocotransport/link/tunnel.c \
	src/cocotransport/link/tunnel.h \
	src/cocotransport/link/tunnel_device.c \
	src/cocotransport/link/tunnel_device.h \
	src/cocotransport/link/tunnel_wait.c \
	src/cocotransport/link/tunnel_wait.h \
	src/cocotransport/link/unix.c \
	src/cocotransport/link/vsock.c
