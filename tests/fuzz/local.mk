# SPDX-License-Identifier: BSD-3-Clause
# A target is tests/fuzz/fuzz_NAME.c with its corpus in tests/fuzz/corpus/NAME/:
#   check_PROGRAMS += tests/fuzz/fuzz_NAME
#   tests_fuzz_fuzz_NAME_LDFLAGS = $(FUZZ_LINK)
#   tests_fuzz_fuzz_NAME_LDADD = $(FUZZ_LIBS) $(FOLDER_LIBS)
# Without --enable-fuzzers a driver takes libFuzzer's place and replays the corpus.

if FUZZERS
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
FUZZ_LIBS =
else
FUZZ_LINK = $(AM_LDFLAGS)
FUZZ_LIBS = tests/fuzz/libreplay.a
check_LIBRARIES += tests/fuzz/libreplay.a
tests_fuzz_libreplay_a_SOURCES = tests/fuzz/replay.c
endif
