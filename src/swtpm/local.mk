# SPDX-License-Identifier: BSD-3-Clause
# Two programs of the same objects (features.h): swtpm has neither GnuTLS nor
# JSON, curl or TSS behind it; swtpm-full has, and what --key and --cocotpm need.

noinst_LIBRARIES += libswtpm.a
SWTPM_LIBS = libswtpm.a $(CONTROL_LIBS) $(ENGINE_LIBS) $(STORE_LIBS) $(SECCOMP_LIBS)
libswtpm_a_SOURCES = \
	src/swtpm/chardev.c \
	src/swtpm/chardev.h \
	src/swtpm/ctrl.c \
	src/swtpm/ctrl.h \
	src/swtpm/ctrl_state.c \
	src/swtpm/ctrl_state.h \
	src/swtpm/data.c \
	src/swtpm/data.h \
	src/swtpm/dispatch.c \
	src/swtpm/dispatch.h \
	src/swtpm/features.h \
	src/swtpm/options.c \
	src/swtpm/options.h \
	src/swtpm/pcap.c \
	src/swtpm/pcap.h \
	src/swtpm/power.c \
	src/swtpm/power.h \
	src/swtpm/print.c \
	src/swtpm/print.h \
	src/swtpm/run.c \
	src/swtpm/run.h \
	src/swtpm/run_open.c \
	src/swtpm/run_private.h \
	src/swtpm/sandbox.c \
	src/swtpm/sandbox.h \
	src/swtpm/server.c \
	src/swtpm/server.h \
	src/swtpm/server_private.h \
	src/swtpm/settings.h \
	src/swtpm/settle.c \
	src/swtpm/settle.h \
	src/swtpm/sockets.c \
	src/swtpm/sockets.h \
	src/swtpm/sources.c
libswtpm_a_CPPFLAGS = $(AM_CPPFLAGS) $(SECCOMP_CFLAGS) -I$(srcdir)/include

SWTPM_CPPFLAGS = $(AM_CPPFLAGS) -DPKGLIBEXECDIR='"$(pkglibexecdir)"'

bin_PROGRAMS += src/swtpm/swtpm
src_swtpm_swtpm_SOURCES = \
	src/swtpm/cocotpm_absent.c \
	src/swtpm/features_plain.c \
	src/swtpm/main.c
src_swtpm_swtpm_CPPFLAGS = $(SWTPM_CPPFLAGS)
src_swtpm_swtpm_LDADD = $(SWTPM_LIBS)

pkglibexec_PROGRAMS += src/swtpm/swtpm-full
src_swtpm_swtpm_full_SOURCES = \
	src/swtpm/features_full.c \
	src/swtpm/main.c \
	src/swtpm/platform_key.c \
	src/swtpm/platform_key.h
src_swtpm_swtpm_full_CPPFLAGS = $(SWTPM_CPPFLAGS)
src_swtpm_swtpm_full_LDADD = $(COCOTPM_LIBS) $(CRYPTO_LIBS)
