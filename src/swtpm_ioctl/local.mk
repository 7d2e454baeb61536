# SPDX-License-Identifier: BSD-3-Clause

bin_PROGRAMS += src/swtpm_ioctl/swtpm_ioctl
src_swtpm_ioctl_swtpm_ioctl_SOURCES = \
	src/swtpm_ioctl/commands.c \
	src/swtpm_ioctl/commands.h \
	src/swtpm_ioctl/device.c \
	src/swtpm_ioctl/device.h \
	src/swtpm_ioctl/main.c
src_swtpm_ioctl_swtpm_ioctl_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/include
src_swtpm_ioctl_swtpm_ioctl_LDADD = $(CONTROL_LIBS)
