# SPDX-License-Identifier: BSD-3-Clause

noinst_LTLIBRARIES += libengine.la
libengine_la_SOURCES = \
	src/swtpm/engine/commands.c \
	src/swtpm/engine/engine.c \
	src/swtpm/engine/engine.h \
	src/swtpm/engine/private.h \
	src/swtpm/engine/state.c
libengine_la_CPPFLAGS = $(AM_CPPFLAGS) $(LIBTPMS_CFLAGS)
libengine_la_LIBADD = $(LIBTPMS_LIBS)
