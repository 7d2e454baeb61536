# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/fault/sealed_tool tests/fault/fault_run tests/fault/lossy_run
tests_fault_sealed_tool_SOURCES = tests/fault/sealed_tool.c
tests_fault_sealed_tool_LDADD = libstoresealed.la libseal.la libstore.la libkeys.la libwire.la \
	libbase.la $(JSON_LIBS) $(CURL_LIBS) $(GNUTLS_LIBS) $(GLIB_LIBS)
tests_fault_fault_run_SOURCES = tests/fault/fault_run.c tests/fault/harness.c tests/fault/harness.h
tests_fault_fault_run_LDADD = $(GLIB_LIBS)
tests_fault_lossy_run_SOURCES = tests/fault/lossy_run.c tests/fault/harness.c tests/fault/harness.h
tests_fault_lossy_run_LDADD = $(GLIB_LIBS)

# Preloaded, so a module of its own; automake builds one that is not installed only with -rpath.
check_LTLIBRARIES += tests/fault/faults.la
tests_fault_faults_la_SOURCES = tests/fault/faults.c
tests_fault_faults_la_LDFLAGS = $(COCO_LDFLAGS) -module -avoid-version -rpath /nowhere

check_PROGRAMS += tests/fault/sealed_bench
tests_fault_sealed_bench_SOURCES = tests/fault/sealed_bench.c
tests_fault_sealed_bench_LDADD = $(tests_fault_sealed_tool_LDADD)
