# SPDX-License-Identifier: BSD-3-Clause
# What `swtpm cuse` executes; the only program of swtpm that has FUSE behind it.
if FUSE
pkglibexec_PROGRAMS += src/swtpm_cuse/swtpm-cuse
src_swtpm_cuse_swtpm_cuse_SOURCES = \
	src/swtpm_cuse/bridge.c \
	src/swtpm_cuse/bridge.h \
	src/swtpm_cuse/bridge_ctrl.c \
	src/swtpm_cuse/bridge_private.h \
	src/swtpm_cuse/main.c
src_swtpm_cuse_swtpm_cuse_CPPFLAGS = $(AM_CPPFLAGS) $(FUSE_CFLAGS) -I$(srcdir)/include
src_swtpm_cuse_swtpm_cuse_LDADD = libswtpm.a $(CONTROL_LIBS) $(FUSE_LIBS) $(SECCOMP_LIBS)
endif
