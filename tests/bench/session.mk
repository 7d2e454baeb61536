# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/bench/link_latency
tests_bench_link_latency_LDADD = $(SESSION_LIBS) $(LINK_LIBS)
