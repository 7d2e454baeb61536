# SPDX-License-Identifier: BSD-3-Clause
# Programs that shell tests use.
check_PROGRAMS += tests/helpers/platform
tests_helpers_platform_SOURCES = tests/helpers/platform.c
tests_helpers_platform_LDADD = $(ATTEST_LIBS)
if FUSE
if SNP_EMULATOR
check_PROGRAMS += tests/helpers/fake_tsm
tests_helpers_fake_tsm_SOURCES = tests/helpers/fake_tsm.c
tests_helpers_fake_tsm_CPPFLAGS = $(AM_CPPFLAGS) $(FUSE_CFLAGS)
tests_helpers_fake_tsm_LDADD = $(ATTEST_LIBS) $(FUSE_LIBS)
endif
endif
