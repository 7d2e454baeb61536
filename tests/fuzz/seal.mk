# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/fuzz/fuzz_sealed
tests_fuzz_fuzz_sealed_SOURCES = tests/fuzz/fuzz_sealed.c
tests_fuzz_fuzz_sealed_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_sealed_LDADD = $(FUZZ_LIBS) $(SEAL_LIBS)
