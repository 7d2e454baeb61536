# SPDX-License-Identifier: BSD-3-Clause

noinst_LTLIBRARIES += libstore.la
libstore_la_SOURCES = \
	src/swtpm/store/store.h

# Apart from libstore, so that plain swtpm links no key code.
noinst_LTLIBRARIES += libstoresealed.la
libstoresealed_la_SOURCES = \
	src/swtpm/store/sealed.h
