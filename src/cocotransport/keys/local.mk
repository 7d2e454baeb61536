# SPDX-License-Identifier: BSD-3-Clause

noinst_LIBRARIES += libkeys.a
libkeys_a_CFLAGS = $(PIC_CFLAGS)
KEYS_LIBS = libkeys.a $(BASE_LIBS) $(GNUTLS_LIBS)
libkeys_a_SOURCES = \
	src/cocotransport/keys/cbc.c \
	src/cocotransport/keys/cbc.h \
	src/cocotransport/keys/crypto.c \
	src/cocotransport/keys/crypto.h \
	src/cocotransport/keys/pubkey.c \
	src/cocotransport/keys/pubkey.h \
	src/cocotransport/keys/schedule.c \
	src/cocotransport/keys/schedule.h \
	src/cocotransport/keys/secret.c \
	src/cocotransport/keys/secret.h

# Apart from libkeys, so that only who needs it loads libcrypto.
noinst_LIBRARIES += libkeysopenssl.a
KEYS_OPENSSL_LIBS = libkeysopenssl.a $(KEYS_LIBS) $(CRYPTO_LIBS)
libkeysopenssl_a_SOURCES = \
	src/cocotransport/keys/openssl.c \
	src/cocotransport/keys/openssl.h
libkeysopenssl_a_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
