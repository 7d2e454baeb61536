# SPDX-License-Identifier: BSD-3-Clause
# `swtpm socket --cocotpm`: a part of swtpm-full.

noinst_LIBRARIES += libcocotpm.a
COCOTPM_LIBS = libcocotpm.a $(SWTPM_LIBS) $(STORE_SEALED_LIBS) $(STORE_CIPHER_LIBS) \
	$(SESSION_LIBS) $(LINK_LIBS)
libcocotpm_a_SOURCES = \
	src/swtpm/cocotpm.c \
	src/swtpm/cocotpm_attach.c \
	src/swtpm/cocotpm_commands.c \
	src/swtpm/cocotpm_evidence.c \
	src/swtpm/cocotpm_floors.c \
	src/swtpm/cocotpm_hello.c \
	src/swtpm/cocotpm_keys.c \
	src/swtpm/cocotpm_life.c \
	src/swtpm/cocotpm_listen.c \
	src/swtpm/cocotpm_operator.c \
	src/swtpm/cocotpm_options.c \
	src/swtpm/cocotpm_peer.c \
	src/swtpm/cocotpm_private.h \
	src/swtpm/cocotpm_provision.c \
	src/swtpm/cocotpm_provision.h \
	src/swtpm/cocotpm_resume.c \
	src/swtpm/cocotpm_serve.c \
	src/swtpm/cocotpm_worker.c
libcocotpm_a_CPPFLAGS = $(AM_CPPFLAGS) -DSYSCONFDIR='"$(sysconfdir)"'
