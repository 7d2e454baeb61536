# SPDX-License-Identifier: BSD-3-Clause

noinst_LTLIBRARIES += libkeys.la
libkeys_la_SOURCES = \
	src/cocotransport/keys/cbc.c \
	src/cocotransport/keys/cbc.h \
	src/cocotransport/keys/crypto.c \
	src/cocotransport/keys/crypto.h \
	src/cocotransport/keys/schedule.c \
	src/cocotransport/keys/schedule.h \
	src/cocotransport/keys/secret.c \
	src/cocotransport/keys/secret.h
libkeys_la_LIBADD = libbase.la $(GNUTLS_LIBS)

# Apart from libkeys, so that only who needs it loads libcrypto.
noinst_LTLIBRARIES += libkeysopenssl.la
libkeysopenssl_la_SOURCES = \
	src/cocotransport/keys/openssl.c \
	src/cocotransport/keys/openssl.h
libkeysopenssl_la_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
