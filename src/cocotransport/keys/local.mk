# SPDX-License-Identifier: BSD-3-Clause

noinst_LTLIBRARIES += libkeys.la
libkeys_la_SOURCES = \
	src/cocotransport/keys/crypto.h \
	src/cocotransport/keys/secret.h
