# SPDX-License-Identifier: BSD-3-Clause

noinst_LIBRARIES += libbase.a
libbase_a_CFLAGS = $(PIC_CFLAGS)
BASE_LIBS = libbase.a $(GLIB_LIBS)
libbase_a_SOURCES = \
	src/base/builder.c \
	src/base/builder.h \
	src/base/cursor.c \
	src/base/cursor.h \
	src/base/daemon.c \
	src/base/daemon.h \
	src/base/error.c \
	src/base/error.h \
	src/base/io.c \
	src/base/io.h \
	src/base/isolate.c \
	src/base/isolate.h \
	src/base/keyfile.c \
	src/base/keyfile.h \
	src/base/log.c \
	src/base/log.h \
	src/base/options.c \
	src/base/options.h \
	src/base/stream.c \
	src/base/stream.h \
	src/base/thread.c \
	src/base/thread.h \
	src/base/watch.c \
	src/base/watch.h
