# SPDX-License-Identifier: BSD-3-Clause

noinst_LIBRARIES += libengine.a
ENGINE_LIBS = libengine.a $(BASE_LIBS) $(LIBTPMS_LIBS)
libengine_a_SOURCES = \
	src/swtpm/engine/commands.c \
	src/swtpm/engine/engine.c \
	src/swtpm/engine/engine.h \
	src/swtpm/engine/private.h \
	src/swtpm/engine/state.c
libengine_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBTPMS_CFLAGS)
