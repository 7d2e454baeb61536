# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/fault/sealed_tool tests/fault/fault_run tests/fault/lossy_run
tests_fault_sealed_tool_SOURCES = tests/fault/sealed_tool.c tests/fault/step.c tests/fault/step.h
tests_fault_sealed_tool_LDADD = $(STORE_SEALED_LIBS)
tests_fault_fault_run_SOURCES = tests/fault/fault_run.c tests/fault/harness.c tests/fault/harness.h
tests_fault_fault_run_LDADD = $(GLIB_LIBS)
tests_fault_lossy_run_SOURCES = tests/fault/lossy_run.c tests/fault/harness.c tests/fault/harness.h
tests_fault_lossy_run_LDADD = $(GLIB_LIBS)

# Preloaded: a shared object, which automake knows only as a program that is linked so.
check_PROGRAMS += tests/fault/faults.so
tests_fault_faults_so_SOURCES = tests/fault/faults.c
tests_fault_faults_so_CFLAGS = $(COCO_CFLAGS) -fPIC
tests_fault_faults_so_LDFLAGS = $(COCO_LDFLAGS) -shared
check_PROGRAMS += tests/fault/attach_faults.so
tests_fault_attach_faults_so_SOURCES = tests/fault/attach_faults.c
tests_fault_attach_faults_so_CFLAGS = $(COCO_CFLAGS) -fPIC
tests_fault_attach_faults_so_LDFLAGS = $(COCO_LDFLAGS) -shared

check_PROGRAMS += tests/fault/sealed_bench
tests_fault_sealed_bench_SOURCES = tests/fault/sealed_bench.c tests/bench/bare.c tests/bench/bare.h
tests_fault_sealed_bench_LDADD = $(tests_fault_sealed_tool_LDADD)

check_PROGRAMS += tests/fault/tpm_tool
tests_fault_tpm_tool_SOURCES = tests/fault/tpm_tool.c tests/fault/step.c tests/fault/step.h
tests_fault_tpm_tool_LDADD = $(STORE_SEALED_LIBS) $(ENGINE_LIBS)
