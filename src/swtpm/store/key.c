/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * key - the grammar of --key: file=|fd= with format and mode, pwdfile=|pwdfd=
 * with mode and kdf, remove for both.
 */
#include "config.h"

#include "swtpm/store/key.h"

#include "base/error.h"
#include "base/io.h"
#include "base/options.h"
#include "cocotransport/keys/cbc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Passphrases and hex digits, a trailing newline included. */
#define KEY_FILE_MAX 4096

#define KDF_SALT "swtpm"
#define KDF_ROUNDS 1000

struct key_config {
    char *file;
    int fd;
    char *pwdfile;
    int pwdfd;
    char *format;
    char *mode;
    char *kdf;
    gboolean remove;
};

#define FIELD(name) offsetof(struct key_config, name)

static const struct option_row key_rows[] = {
    { "file", 0, OPTION_STRING, FIELD(file), "FILE", "a file with the key" },
    { "fd", 0, OPTION_FD, FIELD(fd), "FD", "a descriptor with the key" },
    { "pwdfile", 0, OPTION_STRING, FIELD(pwdfile), "FILE", "a file with a passphrase" },
    { "pwdfd", 0, OPTION_FD, FIELD(pwdfd), "FD", "a descriptor with a passphrase" },
    { "format", 0, OPTION_STRING, FIELD(format), "hex|binary", "how the key is written" },
    { "mode", 0, OPTION_STRING, FIELD(mode), "aes-cbc|aes-128-cbc|aes-256-cbc", "the cipher" },
    { "kdf", 0, OPTION_STRING, FIELD(kdf), "pbkdf2|sha512", "from passphrase to key" },
    { "remove", 0, OPTION_BOOL, FIELD(remove), NULL, "remove the file afterwards" },
    { 0 },
};

gsize
state_key_length(const char *mode, GError **error)
{
    if (mode == NULL || g_str_equal(mode, "aes-cbc") || g_str_equal(mode, "aes-128-cbc"))
        return 16;
    if (g_str_equal(mode, "aes-256-cbc"))
        return 32;
    error_malformed(error, "Unknown encryption mode '%s'.", mode);

    return 0;
}

static Secret *
read_source(const char *path, int given, gsize min, gsize max, gboolean remove, GError **error)
{
    g_auto(AutoFd) fd = given;
    g_autoptr(Secret) content = NULL;

    if (path != NULL) {
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            error_errno(error, errno, "Unable to open file %s", path);
            return NULL;
        }
    }
    content = secret_read_fd(fd, min, max, error);
    if (content == NULL) {
        g_prefix_error(error, "Unable to read key: ");
        return NULL;
    }
    if (path != NULL && remove)
        unlink(path);
    return g_steal_pointer(&content);
}

static gboolean
hex_digits(const char *text, gsize digits, uint8_t *ret)
{
    for (gsize i = 0; i < digits; i++) {
        int value = g_ascii_xdigit_value(text[i]);

        if (value < 0)
            return FALSE;
        ret[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : ret[i / 2] | value);
    }
    return TRUE;
}

/* Exactly as many digits as the cipher wants, optional 0x before them, white space ends them. */
static Secret *
parse_hex(const Secret *content, gsize len, GError **error)
{
    const char *text = (const char *)secret_peek(content);
    gsize left = secret_len(content);
    g_autoptr(Secret) key = secret_new(len);

    if (left > 2 && memcmp(text, "0x", 2) == 0) {
        text += 2;
        left -= 2;
    }
    if (left < 2 * len || !hex_digits(text, 2 * len, secret_bytes(key))
        || (left > 2 * len && text[2 * len] != '\0' && !g_ascii_isspace(text[2 * len]))) {
        error_malformed(error, "Could not parse key hex string into %zu byte buffer.", len);
        return NULL;
    }
    return g_steal_pointer(&key);
}

static Secret *
key_from_digits(const struct key_config *config, gsize len, GError **error)
{
    gboolean binary = config->format != NULL && g_str_equal(config->format, "binary");
    g_autoptr(Secret) content = NULL;

    if (config->format != NULL && !binary && !g_str_equal(config->format, "hex")) {
        error_malformed(error, "Unknown key format '%s'.", config->format);
        return NULL;
    }
    content = read_source(config->file, config->fd, binary ? len : 1, KEY_FILE_MAX,
                          config->remove, error);
    if (content == NULL)
        return NULL;
    if (!binary)
        return parse_hex(content, len, error);
    if (secret_len(content) > len) {
        error_malformed(error, "Key is larger than buffer (%zu > %zu).", secret_len(content), len);
        return NULL;
    }
    return g_steal_pointer(&content);
}

/* The old form takes the first bytes of the passphrase's hash. */
static Secret *
hash_passphrase(const Secret *passphrase, gsize len, GError **error)
{
    const struct crypto_piece piece = { secret_peek(passphrase), secret_len(passphrase) };
    g_autoptr(Secret) key = secret_new(SHA512_SIZE);

    if (!crypto_sha512(&piece, 1, secret_bytes(key), error))
        return NULL;
    secret_truncate(key, len);
    return g_steal_pointer(&key);
}

static Secret *
key_from_passphrase(const struct key_config *config, gsize len, GError **error)
{
    gboolean old = config->kdf != NULL && g_str_equal(config->kdf, "sha512");
    g_autoptr(Secret) passphrase = NULL;

    if (config->kdf != NULL && !old && !g_str_equal(config->kdf, "pbkdf2")) {
        error_malformed(error, "Unknown kdf '%s'.", config->kdf);
        return NULL;
    }
    passphrase = read_source(config->pwdfile, config->pwdfd, 1, KEY_FILE_MAX, config->remove,
                             error);
    if (passphrase == NULL)
        return NULL;
    if (old)
        return hash_passphrase(passphrase, len, error);
    return crypto_pbkdf2_sha512(passphrase, KDF_SALT, strlen(KDF_SALT), KDF_ROUNDS, len, error);
}

static Secret *
key_from_config(const struct key_config *config, const char *option, GError **error)
{
    const gsize len = state_key_length(config->mode, error);

    if (len == 0)
        return NULL;
    if (config->file != NULL || config->fd >= 0)
        return key_from_digits(config, len, error);
    if (config->pwdfile != NULL || config->pwdfd >= 0)
        return key_from_passphrase(config, len, error);
    error_malformed(error, "Either file=, fd=, pwdfile=, or pwdfd= is required for %s option",
                    option);
    return NULL;
}

StateKey *
state_key_parse(const char *option, const char *text, GError **error)
{
    struct key_config config = { .fd = -1, .pwdfd = -1 };
    StateKey *key = NULL;

    if (suboptions_parse(key_rows, option, text, &config, error))
        key = state_key_new(key_from_config(&config, option, error), error);
    options_clear(key_rows, &config);
    return key;
}
