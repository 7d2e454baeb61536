# SPDX-License-Identifier: BSD-3-Clause

bin_PROGRAMS += src/swtpm_bios/swtpm_bios
src_swtpm_bios_swtpm_bios_SOURCES = \
	src/swtpm_bios/main.c
src_swtpm_bios_swtpm_bios_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/include
src_swtpm_bios_swtpm_bios_LDADD = $(CONTROL_LIBS)
