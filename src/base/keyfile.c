/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keyfile - GKeyFile read strictly; see keyfile.h. GKeyFile itself lets the last
 * of two equal keys count and joins two groups of one name, so the lines are
 * looked at first; that both saw the same number of keys is checked after.
 */
#include "config.h"

#include "base/keyfile.h"

#include <string.h>

#include "base/error.h"

/* Names seen so far: "[group]" and "[group]key". */
struct scan {
    GHashTable *seen;
    char *group;
    guint keys;
};

static gboolean
see(struct scan *scan, char *name, guint line, GError **error)
{
    if (g_hash_table_add(scan->seen, name))
        return TRUE;
    return error_malformed(error, "line %u: '%s' is there a second time", line, name);
}

static gboolean
scan_group(struct scan *scan, const char *text, guint line, GError **error)
{
    if (text[strlen(text) - 1] != ']')
        return error_malformed(error, "line %u: a group name ends with ']'", line);
    g_free(scan->group);
    scan->group = g_strdup(text);
    return see(scan, g_strdup(text), line, error);
}

static gboolean
scan_key(struct scan *scan, const char *text, guint line, GError **error)
{
    const char *equals = strchr(text, '=');
    g_autofree char *key = NULL;

    if (equals == NULL)
        return error_malformed(error, "line %u: neither a group nor 'key = value'", line);
    if (scan->group == NULL)
        return error_malformed(error, "line %u: stands before the first [group]", line);
    key = g_strchomp(g_strndup(text, (gsize)(equals - text)));
    scan->keys++;
    return see(scan, g_strconcat(scan->group, key, NULL), line, error);
}

static gboolean
scan_lines(struct scan *scan, const char *text, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        const char *line = g_strstrip(lines[i]);

        if (*line == '\0' || *line == '#')
            continue;
        if (!(*line == '[' ? scan_group : scan_key)(scan, line, i + 1, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
scan_text(const char *text, guint *ret_keys, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct scan scan = { .seen = seen };
    const gboolean fine = scan_lines(&scan, text, error);

    g_free(scan.group);
    *ret_keys = scan.keys;
    return fine;
}

static const struct keyfile_row *
row_of(const struct keyfile_row *rows, const char *group, const char *key)
{
    for (; rows->group != NULL; rows++) {
        if (strcmp(rows->group, group) == 0 && (key == NULL || strcmp(rows->key, key) == 0))
            return rows;
    }
    return NULL;
}

/* "a; b" as {"a", "b", NULL}; NULL when an item is empty or a backslash is there. */
static char **
split_items(const char *value, GError **error)
{
    g_auto(GStrv) items = NULL;

    if (strchr(value, '\\') != NULL) {
        error_malformed(error, "a backslash has no meaning here");
        return NULL;
    }
    items = g_strsplit(value, ";", -1);
    for (char **item = items; *item != NULL; item++) {
        if (*g_strstrip(*item) == '\0') {
            error_malformed(error, "an item is empty");
            return NULL;
        }
    }
    if (items[0] == NULL) {  /* g_strsplit of "" */
        error_malformed(error, "the value is empty");
        return NULL;
    }
    return g_steal_pointer(&items);
}

static gboolean
read_key(GKeyFile *file, const char *group, const char *key, const struct keyfile_row *rows,
         void *config, GError **error)
{
    const struct keyfile_row *row = row_of(rows, group, key);
    g_autofree char *value = g_key_file_get_value(file, group, key, NULL);
    g_auto(GStrv) items = NULL;

    if (row == NULL)
        return error_malformed(error, "unknown key '%s' in group [%s]", key, group);
    items = split_items(value != NULL ? value : "", error);
    if (items == NULL ||
        !row->read((const char *const *)items, (char *)config + row->field, error)) {
        g_prefix_error(error, "[%s] %s: ", group, key);
        return FALSE;
    }
    if (row->given != 0)
        *(gboolean *)((char *)config + row->given) = TRUE;
    return TRUE;
}

static gboolean
read_group(GKeyFile *file, const char *group, const struct keyfile_row *rows, void *config,
           guint *keys, GError **error)
{
    g_auto(GStrv) names = g_key_file_get_keys(file, group, NULL, NULL);

    if (row_of(rows, group, NULL) == NULL)
        return error_malformed(error, "unknown group [%s]", group);
    for (char **name = names; name != NULL && *name != NULL; name++) {
        if (!read_key(file, group, *name, rows, config, error))
            return FALSE;
        ++*keys;
    }
    return TRUE;
}

static gboolean
check_text(const char *text, gsize len, GError **error)
{
    if (len > KEYFILE_MAX)
        return error_malformed(error, "the file is larger than %d bytes", KEYFILE_MAX);
    if (!g_utf8_validate_len(text, len, NULL))   /* refuses zero bytes too */
        return error_malformed(error, "the file is not UTF-8 text");
    return TRUE;
}

gboolean
keyfile_parse(const char *text, gsize len, const struct keyfile_row *rows, void *config,
              GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *copy = NULL;
    g_auto(GStrv) groups = NULL;
    guint scanned = 0;
    guint read = 0;

    if (!check_text(text, len, error))
        return FALSE;
    copy = g_strndup(text, len);
    if (!scan_text(copy, &scanned, error))
        return FALSE;
    if (!g_key_file_load_from_data(file, copy, len, G_KEY_FILE_KEEP_TRANSLATIONS, NULL) &&
        len > 0)
        return error_malformed(error, "the file is no key file");
    groups = g_key_file_get_groups(file, NULL);
    for (char **group = groups; *group != NULL; group++) {
        if (!read_group(file, *group, rows, config, &read, error))
            return FALSE;
    }
    if (read != scanned)
        return error_malformed(error, "the file can be read in two ways");
    return TRUE;
}

static gboolean
one_item(const char *const *items, GError **error)
{
    return items[1] == NULL || error_malformed(error, "takes one value, not a list");
}

gboolean
keyfile_read_bool(const char *const *items, void *field, GError **error)
{
    if (!one_item(items, error))
        return FALSE;
    if (strcmp(items[0], "yes") != 0 && strcmp(items[0], "no") != 0)
        return error_malformed(error, "'%s' is neither yes nor no", items[0]);
    *(gboolean *)field = strcmp(items[0], "yes") == 0;
    return TRUE;
}

static gboolean
read_number(const char *const *items, guint64 max, guint64 *ret, GError **error)
{
    const gboolean hex = g_str_has_prefix(items[0], "0x");

    if (!one_item(items, error))
        return FALSE;
    if (!g_ascii_string_to_unsigned(items[0] + (hex ? 2 : 0), hex ? 16 : 10, 0, max, ret, NULL))
        return error_malformed(error, "'%s' is no number up to %" G_GUINT64_FORMAT, items[0],
                               max);
    return TRUE;
}

gboolean
keyfile_read_uint(const char *const *items, void *field, GError **error)
{
    guint64 value;

    if (!read_number(items, G_MAXUINT, &value, error))
        return FALSE;
    *(guint *)field = (guint)value;
    return TRUE;
}

gboolean
keyfile_read_uint64(const char *const *items, void *field, GError **error)
{
    return read_number(items, G_MAXUINT64, field, error);
}

gboolean
keyfile_read_string(const char *const *items, void *field, GError **error)
{
    char **string = field;

    if (!one_item(items, error))
        return FALSE;
    g_free(*string);
    *string = g_strdup(items[0]);
    return TRUE;
}

static gboolean
all_hex(const char *text, size_t digits)
{
    for (size_t i = 0; i < digits; i++) {
        if (g_ascii_xdigit_value(text[i]) < 0)
            return FALSE;
    }
    return TRUE;
}

gboolean
hex_decode(const char *text, void *out, size_t len, GError **error)
{
    guint8 *bytes = out;

    if (strlen(text) != len * 2 || !all_hex(text, len * 2))
        return error_malformed(error, "not %zu hex digits", len * 2);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (guint8)(g_ascii_xdigit_value(text[2 * i]) << 4 |
                            g_ascii_xdigit_value(text[2 * i + 1]));
    return TRUE;
}

char *
hex_encode(const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const guint8 *bytes = data;
    char *text = g_malloc(len * 2 + 1);

    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 0xf];
    }
    text[len * 2] = '\0';
    return text;
}

gboolean
uuid_parse(const char *text, guint8 ret[static UUID_SIZE], GError **error)
{
    g_auto(GStrv) parts = NULL;
    g_autofree char *digits = NULL;

    if (text == NULL || !g_uuid_string_is_valid(text))
        return error_malformed(error, "\"%s\" is no UUID", text != NULL ? text : "");
    parts = g_strsplit(text, "-", -1);
    digits = g_strjoinv(NULL, parts);
    return hex_decode(digits, ret, UUID_SIZE, error);
}

char *
uuid_text(const guint8 uuid[static UUID_SIZE])
{
    g_autofree char *hex = hex_encode(uuid, UUID_SIZE);

    return g_strdup_printf("%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                           hex + 20);
}
