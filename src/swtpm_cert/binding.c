/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * binding - written and read with libtasn1, one row a field.
 */
#include "config.h"

#include "swtpm_cert/binding.h"

#include "base/error.h"

#include <libtasn1.h>
#include <stddef.h>
#include <string.h>

#define BINDING_VERSION 1

extern const asn1_static_node tcg_asn1_tab[];

typedef struct binding_tree {
    asn1_node module;
    asn1_node node;
} binding_tree_t;

static void
binding_tree_clear(binding_tree_t *t)
{
    asn1_delete_structure(&t->node);
    asn1_delete_structure(&t->module);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(binding_tree_t, binding_tree_clear)

static const struct octets_row {
    const char *name;
    size_t field;
    gsize len;
} octets[] = {
    { "uuid", offsetof(struct binding, uuid), 16 },
    { "policyDigest", offsetof(struct binding, policy_digest), 32 },
    { "evidence", offsetof(struct binding, evidence), 32 },
};

static gboolean
asn1_ok(int rc, const char *what, GError **error)
{
    return rc == ASN1_SUCCESS
           || error_malformed(error, "binding: %s: %s", what, asn1_strerror(rc));
}

static gboolean
tree_open(binding_tree_t *t, GError **error)
{
    return asn1_ok(asn1_array2tree(tcg_asn1_tab, &t->module, NULL), "tcg.asn", error)
           && asn1_ok(asn1_create_element(t->module, "TCG.Binding", &t->node), "Binding", error);
}

static gboolean
put_number(binding_tree_t *t, const char *name, guint32 value, GError **error)
{
    g_autofree char *digits = g_strdup_printf("%u", value);

    /* Length 0: the value is a decimal text. */
    return asn1_ok(asn1_write_value(t->node, name, digits, 0), name, error);
}

/* At most 32 bits, positive. */
static gboolean
take_number(const binding_tree_t *t, const char *name, guint32 *ret, GError **error)
{
    guint8 bytes[8];
    int len = sizeof(bytes);
    guint64 value = 0;

    if (!asn1_ok(asn1_read_value(t->node, name, bytes, &len), name, error))
        return FALSE;
    if (len < 1 || len > 5 || (bytes[0] & 0x80) != 0)
        return error_malformed(error, "binding: %s is not a number of 32 bits", name);
    for (int i = 0; i < len; i++)
        value = value << 8 | bytes[i];
    if (value > G_MAXUINT32)
        return error_malformed(error, "binding: %s is not a number of 32 bits", name);
    *ret = (guint32)value;
    return TRUE;
}

GBytes *
binding_write(const struct binding *b, GError **error)
{
    g_auto(binding_tree_t) t = { NULL, NULL };
    guint8 der[BINDING_DER_MAX];
    int len = sizeof(der);

    if (!tree_open(&t, error) || !put_number(&t, "version", BINDING_VERSION, error)
        || !put_number(&t, "flags", b->flags, error))
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(octets); i++)
        if (!asn1_ok(asn1_write_value(t.node, octets[i].name, (const guint8 *)b + octets[i].field,
                                      (int)octets[i].len),
                     octets[i].name, error))
            return NULL;
    if (!asn1_ok(asn1_der_coding(t.node, "", der, &len, NULL), "DER", error))
        return NULL;
    return g_bytes_new(der, (gsize)len);
}

static gboolean
take_octets(const binding_tree_t *t, struct binding *b, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(octets); i++) {
        guint8 bytes[64];
        int len = sizeof(bytes);

        if (!asn1_ok(asn1_read_value(t->node, octets[i].name, bytes, &len), octets[i].name, error))
            return FALSE;
        if ((gsize)len != octets[i].len)
            return error_malformed(error, "binding: %s has not %zu bytes", octets[i].name,
                                   octets[i].len);
        memcpy((guint8 *)b + octets[i].field, bytes, octets[i].len);
    }
    return TRUE;
}

gboolean
binding_parse(const void *der, gsize len, struct binding *ret, GError **error)
{
    g_auto(binding_tree_t) t = { NULL, NULL };
    struct binding b = { .flags = 0 };
    guint32 version;
    int left = (int)len;

    if (len == 0 || len > BINDING_DER_MAX)
        return error_malformed(error, "binding: %zu bytes", len);
    if (!tree_open(&t, error)
        || !asn1_ok(asn1_der_decoding2(&t.node, der, &left, ASN1_DECODE_FLAG_STRICT_DER, NULL),
                    "DER", error)
        || !take_number(&t, "version", &version, error))
        return FALSE;
    if (version != BINDING_VERSION)
        return error_malformed(error, "binding: version %u is not known", version);
    if (!take_number(&t, "flags", &b.flags, error) || !take_octets(&t, &b, error))
        return FALSE;
    *ret = b;
    return TRUE;
}
