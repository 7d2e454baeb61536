/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_values - see policy_values.h. Every reader leaves its field alone
 * when it fails.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "base/keyfile.h"
#include "cocotransport/attest/policy.h"
#include "cocotransport/attest/policy_values.h"

static const char *
single(const char *const *items, GError **error)
{
    if (items[0] != NULL && items[1] == NULL)
        return items[0];
    error_malformed(error, "one value is wanted here");
    return NULL;
}

static gboolean
read_hex(const char *const *items, void *field, size_t len, GError **error)
{
    const char *text = single(items, error);
    g_autofree guint8 *bytes = g_malloc(len);

    if (text == NULL || !hex_decode(text, bytes, len, error))
        return FALSE;
    memcpy(field, bytes, len);
    return TRUE;
}

gboolean
policy_read_hex16(const char *const *items, void *field, GError **error)
{
    return read_hex(items, field, 16, error);
}

gboolean
policy_read_hex32(const char *const *items, void *field, GError **error)
{
    return read_hex(items, field, 32, error);
}

gboolean
policy_read_hex48(const char *const *items, void *field, GError **error)
{
    return read_hex(items, field, 48, error);
}

gboolean
policy_read_fingerprint(const char *const *items, void *field, GError **error)
{
    const char *text = single(items, error);

    if (text == NULL)
        return FALSE;
    if (g_str_has_prefix(text, "sha256:"))
        text += strlen("sha256:");
    return hex_decode(text, field, 32, error);
}

typedef gpointer (*item_reader)(const char *item, GError **error);

/* A whole list, put in place of the one before only when every item was good. */
static gboolean
read_list(const char *const *items, void *field, item_reader read, GDestroyNotify destroy,
          GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(destroy);
    GPtrArray **place = field;

    for (const char *const *item = items; *item != NULL; item++) {
        gpointer value;

        if (list->len == POLICY_LIST_MAX)
            return error_malformed(error, "more than %d items", POLICY_LIST_MAX);
        value = read(*item, error);
        if (value == NULL)
            return FALSE;
        g_ptr_array_add(list, value);
    }
    g_clear_pointer(place, g_ptr_array_unref);
    *place = g_steal_pointer(&list);
    return TRUE;
}

static gpointer
hex_item(const char *item, size_t len, GError **error)
{
    g_autofree guint8 *bytes = g_malloc(len);

    if (!hex_decode(item, bytes, len, error))
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&bytes), len);
}

static gpointer
item_digest32(const char *item, GError **error)
{
    return hex_item(item, 32, error);
}

static gpointer
item_digest48(const char *item, GError **error)
{
    return hex_item(item, 48, error);
}

static gpointer
item_chip_id(const char *item, GError **error)
{
    guint8 id[64] = { 0 };
    const size_t len = strlen(item) == 16 ? 8 : 64;

    if (!hex_decode(item, id, len, error))
        return NULL;
    return g_bytes_new(id, sizeof(id));
}

/* TPM 2.0 part 1, section 16: the algorithm's number, then its digest. */
static gpointer
item_tpm_name(const char *item, GError **error)
{
    const size_t len = strlen(item) / 2;

    if (len == 2 + 32 || len == 2 + 48 || len == 2 + 64)
        return hex_item(item, len, error);
    error_malformed(error, "a TPM name has 34, 50 or 66 bytes, as hex digits");
    return NULL;
}

static gpointer
item_string(const char *item, G_GNUC_UNUSED GError **error)
{
    return g_strdup(item);
}

static gpointer
item_root(const char *item, GError **error)
{
    return policy_root_parse(item, error);
}

gboolean
policy_read_digests32(const char *const *items, void *field, GError **error)
{
    return read_list(items, field, item_digest32, (GDestroyNotify)g_bytes_unref, error);
}

gboolean
policy_read_digests48(const char *const *items, void *field, GError **error)
{
    return read_list(items, field, item_digest48, (GDestroyNotify)g_bytes_unref, error);
}

gboolean
policy_read_chip_ids(const char *const *items, void *field, GError **error)
{
    return read_list(items, field, item_chip_id, (GDestroyNotify)g_bytes_unref, error);
}

gboolean
policy_read_tpm_names(const char *const *items, void *field, GError **error)
{
    return read_list(items, field, item_tpm_name, (GDestroyNotify)g_bytes_unref, error);
}

gboolean
policy_read_strings(const char *const *items, void *field, GError **error)
{
    return read_list(items, field, item_string, g_free, error);
}

gboolean
policy_read_roots(const char *const *items, void *field, GError **error)
{
    return read_list(items, field, item_root, (GDestroyNotify)policy_root_free, error);
}

static const struct {
    const char *name;
    size_t at;
} tcb_parts[] = {
    { "bootloader", offsetof(struct snp_tcb, bootloader) },
    { "tee", offsetof(struct snp_tcb, tee) },
    { "snp", offsetof(struct snp_tcb, snp) },
    { "microcode", offsetof(struct snp_tcb, microcode) },
    { "fmc", offsetof(struct snp_tcb, fmc) },        /* Turin only: stays the last */
};

static gboolean
read_tcb_part(const char *word, size_t parts, struct snp_tcb *tcb, guint *seen, GError **error)
{
    for (size_t i = 0; i < parts; i++) {
        const size_t len = strlen(tcb_parts[i].name);
        guint64 value;

        if (strncmp(word, tcb_parts[i].name, len) != 0 || word[len] != ':')
            continue;
        if (*seen & 1u << i)
            return error_malformed(error, "\"%s\" stands twice", tcb_parts[i].name);
        if (!g_ascii_string_to_unsigned(word + len + 1, 10, 0, 255, &value, NULL))
            return error_malformed(error, "\"%s\" needs a number from 0 to 255", tcb_parts[i].name);
        *seen |= 1u << i;
        *((guint8 *)tcb + tcb_parts[i].at) = (guint8)value;
        return TRUE;
    }
    return error_malformed(error, "\"%s\" is no part of a TCB (bootloader:N tee:N snp:N "
                           "microcode:N, on Turin fmc:N too)", word);
}

static gboolean
read_tcb(const char *const *items, void *field, size_t parts, GError **error)
{
    const char *text = single(items, error);
    g_auto(GStrv) words = NULL;
    struct snp_tcb tcb = { 0 };
    guint seen = 0;

    if (text == NULL)
        return FALSE;
    words = g_strsplit_set(text, " \t", -1);
    for (char **word = words; *word != NULL; word++) {
        if (**word != '\0' && !read_tcb_part(*word, parts, &tcb, &seen, error))
            return FALSE;
    }
    *(struct snp_tcb *)field = tcb;
    return TRUE;
}

gboolean
policy_read_tcb(const char *const *items, void *field, GError **error)
{
    return read_tcb(items, field, G_N_ELEMENTS(tcb_parts) - 1, error);
}

gboolean
policy_read_tcb_turin(const char *const *items, void *field, GError **error)
{
    return read_tcb(items, field, G_N_ELEMENTS(tcb_parts), error);
}

/* "none" alone means no bit, so that a default can be taken away by name. */
static gboolean
read_bits(const char *const *items, void *field, const struct snp_bit *table, GError **error)
{
    guint64 bits = 0;

    if (items[0] != NULL && items[1] == NULL && strcmp(items[0], "none") == 0) {
        *(guint64 *)field = 0;
        return TRUE;
    }
    for (const char *const *item = items; *item != NULL; item++) {
        const struct snp_bit *bit = table;

        while (bit->name != NULL && strcmp(bit->name, *item) != 0)
            bit++;
        if (bit->name == NULL)
            return error_malformed(error, "\"%s\" is not known here", *item);
        bits |= UINT64_C(1) << bit->bit;
    }
    *(guint64 *)field = bits;
    return TRUE;
}

gboolean
policy_read_platform_bits(const char *const *items, void *field, GError **error)
{
    return read_bits(items, field, snp_platform_bits, error);
}

gboolean
policy_read_policy_bits(const char *const *items, void *field, GError **error)
{
    return read_bits(items, field, snp_policy_bits, error);
}

/* Locality 4 is the CoCoTPM's own: nobody gets it. */
gboolean
policy_read_localities(const char *const *items, void *field, GError **error)
{
    guint localities = 0;

    for (const char *const *item = items; *item != NULL; item++) {
        guint64 value;

        if (!g_ascii_string_to_unsigned(*item, 10, 0, 3, &value, NULL))
            return error_malformed(error, "\"%s\" is no locality from 0 to 3", *item);
        localities |= 1u << value;
    }
    *(guint *)field = localities;
    return TRUE;
}

gboolean
policy_read_abi(const char *const *items, void *field, GError **error)
{
    const char *text = single(items, error);
    g_auto(GStrv) parts = NULL;
    guint64 major, minor;

    if (text == NULL)
        return FALSE;
    parts = g_strsplit(text, ".", 3);
    if (g_strv_length(parts) != 2 ||
        !g_ascii_string_to_unsigned(parts[0], 10, 0, 255, &major, NULL) ||
        !g_ascii_string_to_unsigned(parts[1], 10, 0, 255, &minor, NULL))
        return error_malformed(error, "\"%s\" is no version such as 1.55", text);
    *(guint *)field = (guint)(major << 8 | minor);
    return TRUE;
}

gboolean
policy_read_vmpl(const char *const *items, void *field, GError **error)
{
    const char *text = single(items, error);
    guint64 value;

    if (text == NULL)
        return FALSE;
    if (!g_ascii_string_to_unsigned(text, 10, 0, 3, &value, NULL))
        return error_malformed(error, "\"%s\" is no VMPL from 0 to 3", text);
    *(guint *)field = (guint)value;
    return TRUE;
}

struct word {
    const char *text;
    int value;
};

static gboolean
read_word(const char *const *items, const struct word *words, int *ret, GError **error)
{
    const char *text = single(items, error);

    if (text == NULL)
        return FALSE;
    for (const struct word *word = words; word->text != NULL; word++) {
        if (strcmp(word->text, text) == 0) {
            *ret = word->value;
            return TRUE;
        }
    }
    return error_malformed(error, "\"%s\" is not known here", text);
}

gboolean
policy_read_psk(const char *const *items, void *field, GError **error)
{
    static const struct word words[] = {
        { "secret", POLICY_PSK_SECRET }, { "bootstrap", POLICY_PSK_BOOTSTRAP }, { NULL, 0 },
    };
    int value;

    if (!read_word(items, words, &value, error))
        return FALSE;
    *(enum policy_psk *)field = (enum policy_psk)value;
    return TRUE;
}

gboolean
policy_read_pin(const char *const *items, void *field, GError **error)
{
    static const struct word words[] = {
        { "measurement", POLICY_PIN_MEASUREMENT }, { "signer", POLICY_PIN_SIGNER }, { NULL, 0 },
    };
    int value;

    if (!read_word(items, words, &value, error))
        return FALSE;
    *(enum policy_reference *)field = (enum policy_reference)value;
    return TRUE;
}

gboolean
policy_read_bind(const char *const *items, void *field, GError **error)
{
    static const struct word words[] = {
        { "measurement", POLICY_BIND_MEASUREMENT }, { "signer", POLICY_BIND_SIGNER }, { NULL, 0 },
    };
    int value;

    if (!read_word(items, words, &value, error))
        return FALSE;
    *(enum policy_bind *)field = (enum policy_bind)value;
    return TRUE;
}

gboolean
policy_read_freshness(const char *const *items, void *field, GError **error)
{
    static const struct word words[] = {
        { "receipt", POLICY_FRESHNESS_RECEIPT },
        { "witness", POLICY_FRESHNESS_WITNESS },
        { "none", POLICY_FRESHNESS_NONE },
        { NULL, 0 },
    };
    int value;

    if (!read_word(items, words, &value, error))
        return FALSE;
    *(enum policy_freshness *)field = (enum policy_freshness)value;
    return TRUE;
}

gboolean
policy_read_required(const char *const *items, void *field, GError **error)
{
    static const struct word words[] = { { "required", TRUE }, { "none", FALSE }, { NULL, 0 } };
    int value;

    if (!read_word(items, words, &value, error))
        return FALSE;
    *(gboolean *)field = value;
    return TRUE;
}
