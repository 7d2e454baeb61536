# SPDX-License-Identifier: BSD-3-Clause
# A target is tests/fuzz/fuzz_NAME.c with its corpus in tests/fuzz/corpus/NAME/:
#   check_PROGRAMS += tests/fuzz/fuzz_NAME
#   tests_fuzz_fuzz_NAME_LDFLAGS = $(FUZZ_LINK)
#   tests_fuzz_fuzz_NAME_LDADD = $(FUZZ_LIBS) libFOLDER.la … $(GLIB_LIBS)
# Without --enable-fuzzers a driver takes libFuzzer's place and replays the corpus.

if FUZZERS
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
FUZZ_LIBS =
else
FUZZ_LINK = $(AM_LDFLAGS)
FUZZ_LIBS = tests/fuzz/libreplay.la
check_LTLIBRARIES += tests/fuzz/libreplay.la
tests_fuzz_libreplay_la_SOURCES = tests/fuzz/replay.c
endif
