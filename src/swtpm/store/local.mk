# SPDX-License-Identifier: BSD-3-Clause

noinst_LTLIBRARIES += libstore.la
libstore_la_SOURCES = \
	src/swtpm/store/store.h
