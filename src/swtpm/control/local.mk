# SPDX-License-Identifier: BSD-3-Clause

nobase_include_HEADERS += include/swtpm/tpm_ioctl.h

noinst_LIBRARIES += libcontrol.a
CONTROL_LIBS = libcontrol.a $(BASE_LIBS)
libcontrol_a_SOURCES = \
	src/swtpm/control/channel.c \
	src/swtpm/control/channel.h \
	src/swtpm/control/client.c \
	src/swtpm/control/client.h \
	src/swtpm/control/layout.c \
	src/swtpm/control/layout.h \
	src/swtpm/control/ptm.c \
	src/swtpm/control/ptm.h
libcontrol_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/include
