# SPDX-License-Identifier: BSD-3-Clause

noinst_LIBRARIES += libseal.a
SEAL_LIBS = libseal.a $(WIRE_LIBS) $(KEYS_LIBS) $(JSON_LIBS) $(CURL_LIBS)
libseal_a_SOURCES = \
	src/cocotransport/seal/attach_log.c \
	src/cocotransport/seal/attach_log.h \
	src/cocotransport/seal/body.c \
	src/cocotransport/seal/body.h \
	src/cocotransport/seal/clamp.c \
	src/cocotransport/seal/clamp.h \
	src/cocotransport/seal/derive.c \
	src/cocotransport/seal/derive.h \
	src/cocotransport/seal/elements.c \
	src/cocotransport/seal/elements.h \
	src/cocotransport/seal/envelope.c \
	src/cocotransport/seal/envelope.h \
	src/cocotransport/seal/etcd_json.c \
	src/cocotransport/seal/etcd_json.h \
	src/cocotransport/seal/header.c \
	src/cocotransport/seal/header.h \
	src/cocotransport/seal/inspect.c \
	src/cocotransport/seal/inspect.h \
	src/cocotransport/seal/kek.c \
	src/cocotransport/seal/kek.h \
	src/cocotransport/seal/provision.c \
	src/cocotransport/seal/provision.h \
	src/cocotransport/seal/witness.c \
	src/cocotransport/seal/witness.h \
	src/cocotransport/seal/witness_backends.h \
	src/cocotransport/seal/witness_etcd.c \
	src/cocotransport/seal/witness_file.c
libseal_a_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS) $(CURL_CFLAGS)
