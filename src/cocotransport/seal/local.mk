# SPDX-License-Identifier: BSD-3-Clause

noinst_LTLIBRARIES += libseal.la
libseal_la_SOURCES = \
	src/cocotransport/seal/attach_log.h \
	src/cocotransport/seal/body.h \
	src/cocotransport/seal/clamp.h \
	src/cocotransport/seal/envelope.h \
	src/cocotransport/seal/header.h \
	src/cocotransport/seal/inspect.h \
	src/cocotransport/seal/provision.h \
	src/cocotransport/seal/witness.h
