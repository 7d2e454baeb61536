# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/bench/tpm_bench
tests_bench_tpm_bench_SOURCES = tests/bench/tpm_bench.c tests/bench/bare.c tests/bench/bare.h
tests_bench_tpm_bench_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/include
tests_bench_tpm_bench_LDADD = $(CONTROL_LIBS)
