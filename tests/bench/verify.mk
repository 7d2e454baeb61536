# SPDX-License-Identifier: BSD-3-Clause
check_PROGRAMS += tests/bench/verify_bench
tests_bench_verify_bench_SOURCES = tests/bench/verify_bench.c
tests_bench_verify_bench_LDADD = $(ATTEST_LIBS)
