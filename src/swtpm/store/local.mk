# SPDX-License-Identifier: BSD-3-Clause

noinst_LIBRARIES += libstore.a
STORE_LIBS = libstore.a $(BASE_LIBS)
libstore_a_SOURCES = \
	src/swtpm/store/codec.c \
	src/swtpm/store/codec.h \
	src/swtpm/store/dir.c \
	src/swtpm/store/dir.h \
	src/swtpm/store/format.c \
	src/swtpm/store/format.h \
	src/swtpm/store/linear.c \
	src/swtpm/store/linear.h \
	src/swtpm/store/lock.c \
	src/swtpm/store/lock.h \
	src/swtpm/store/open.c \
	src/swtpm/store/open.h \
	src/swtpm/store/store.c \
	src/swtpm/store/store.h

# Apart from libstore, so that plain swtpm links no key code: keys of swtpm's format,
noinst_LIBRARIES += libstorecipher.a
STORE_CIPHER_LIBS = libstorecipher.a $(STORE_LIBS) $(KEYS_LIBS)
libstorecipher_a_SOURCES = \
	src/swtpm/store/cipher.c \
	src/swtpm/store/cipher.h \
	src/swtpm/store/key.c \
	src/swtpm/store/key.h

# and the sealed state.
noinst_LIBRARIES += libstoresealed.a
STORE_SEALED_LIBS = libstoresealed.a $(STORE_LIBS) $(SEAL_LIBS)
libstoresealed_a_SOURCES = \
	src/swtpm/store/sealed.c \
	src/swtpm/store/sealed.h \
	src/swtpm/store/sealed_commit.c \
	src/swtpm/store/sealed_change.c \
	src/swtpm/store/sealed_disk.c \
	src/swtpm/store/sealed_disk.h \
	src/swtpm/store/sealed_image.c \
	src/swtpm/store/sealed_move.c \
	src/swtpm/store/sealed_start.c \
	src/swtpm/store/sealed_state.h
