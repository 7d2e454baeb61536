# SPDX-License-Identifier: BSD-3-Clause
# Two programs of the same objects (features.h): swtpm has neither GnuTLS nor
# JSON, curl or TSS behind it; swtpm-full has, and what --key and --cocotpm need.

noinst_LTLIBRARIES += libswtpm.la
libswtpm_la_SOURCES = \
	src/swtpm/config.h \
	src/swtpm/features.h \
	src/swtpm/server.h
