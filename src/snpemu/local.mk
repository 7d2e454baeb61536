# SPDX-License-Identifier: BSD-3-Clause
# The software AMD-SP; --disable-snp-emulator leaves it out.
if SNP_EMULATOR
noinst_LIBRARIES += libsnpemu.a
SNPEMU_LIBS = libsnpemu.a $(ATTEST_LIBS) $(LINK_LIBS) $(FUSE_LIBS)
libsnpemu_a_SOURCES = \
	src/snpemu/chip.c \
	src/snpemu/chip.h \
	src/snpemu/chip_state.c \
	src/snpemu/chip_state.h \
	src/snpemu/client.c \
	src/snpemu/client.h \
	src/snpemu/command.c \
	src/snpemu/command.h \
	src/snpemu/command_options.c \
	src/snpemu/command_options.h \
	src/snpemu/derive.c \
	src/snpemu/derive.h \
	src/snpemu/driver.c \
	src/snpemu/driver.h \
	src/snpemu/fault.c \
	src/snpemu/fault.h \
	src/snpemu/firmware.c \
	src/snpemu/firmware.h \
	src/snpemu/guestdev.c \
	src/snpemu/guestdev.h \
	src/snpemu/guestmsg.c \
	src/snpemu/guestmsg.h \
	src/snpemu/idblock.c \
	src/snpemu/idmake.c \
	src/snpemu/idmake.h \
	src/snpemu/launch.c \
	src/snpemu/launch.h \
	src/snpemu/pki.c \
	src/snpemu/pki.h \
	src/snpemu/report.c \
	src/snpemu/report.h \
	src/snpemu/serve.c \
	src/snpemu/serve.h \
	src/snpemu/status.c \
	src/snpemu/status.h \
	src/snpemu/vek_extensions.c
libsnpemu_a_CPPFLAGS = $(AM_CPPFLAGS) $(TASN1_CFLAGS)
if FUSE
libsnpemu_a_SOURCES += src/snpemu/front.h src/snpemu/front_cuse.c src/snpemu/front_fuse.c
libsnpemu_a_CPPFLAGS += $(FUSE_CFLAGS) -DFUSE
endif

bin_PROGRAMS += cocotpm-snpemu
cocotpm_snpemu_SOURCES = src/snpemu/main.c
cocotpm_snpemu_LDADD = $(SNPEMU_LIBS)
endif
