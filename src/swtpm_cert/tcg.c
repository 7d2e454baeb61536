/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tcg - writes the TCG's extensions with libtasn1.
 */
#include "config.h"

#include "swtpm_cert/tcg.h"

#include "base/error.h"

#include <libtasn1.h>
#include <stdio.h>
#include <string.h>

#define OID_TPM_SPECIFICATION "2.23.133.2.16"
#define DER_MAX 4096

extern const asn1_static_node tcg_asn1_tab[];

/* A tree of one type of the module; both are freed together. */
typedef struct tree {
    asn1_node module;
    asn1_node node;
} tree_t;

static void
tree_clear(tree_t *t)
{
    asn1_delete_structure(&t->node);
    asn1_delete_structure(&t->module);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(tree_t, tree_clear)

/* One place turns a libtasn1 code into our error. */
static gboolean
asn1_ok(int rc, const char *what, GError **error)
{
    return rc == ASN1_SUCCESS || error_system(error, "%s: %s", what, asn1_strerror(rc));
}

static gboolean
tree_open(tree_t *t, const char *type, GError **error)
{
    g_autofree char *name = g_strconcat("TCG.", type, NULL);
    char description[ASN1_MAX_ERROR_DESCRIPTION_SIZE] = "";

    return asn1_ok(asn1_array2tree(tcg_asn1_tab, &t->module, description), "tcg.asn", error)
           && asn1_ok(asn1_create_element(t->module, name, &t->node), type, error);
}

/* Appends an element to a SEQUENCE OF or SET OF. */
static gboolean
grow(tree_t *t, const char *list, GError **error)
{
    return asn1_ok(asn1_write_value(t->node, list, "NEW", 1), list, error);
}

static gboolean
put(tree_t *t, const char *field, const char *value, GError **error)
{
    return asn1_ok(asn1_write_value(t->node, field, value, (int)strlen(value)), field, error);
}

static gboolean
put_number(tree_t *t, const char *field, guint value, GError **error)
{
    g_autofree char *digits = g_strdup_printf("%u", value);

    /* Length 0: the value is a decimal text. */
    return asn1_ok(asn1_write_value(t->node, field, digits, 0), field, error);
}

static gboolean
put_oid(tree_t *t, const char *field, const char *oid, GError **error)
{
    return asn1_ok(asn1_write_value(t->node, field, oid, 1), field, error);
}

static GBytes *
encode(const tree_t *t, GError **error)
{
    guint8 der[DER_MAX];
    char description[ASN1_MAX_ERROR_DESCRIPTION_SIZE] = "";
    int len = sizeof(der);

    if (!asn1_ok(asn1_der_coding(t->node, "", der, &len, description), "DER", error))
        return NULL;
    return g_bytes_new(der, (gsize)len);
}

/* One RelativeName more in the directory name @at. */
static gboolean
put_name(tree_t *t, const char *at, const struct tcg_name *name, GError **error)
{
    g_autofree char *set = g_strconcat(at, ".?LAST", NULL);
    g_autofree char *type = g_strconcat(set, ".?LAST.type", NULL);
    g_autofree char *value = g_strconcat(set, ".?LAST.value", NULL);

    return grow(t, at, error) && grow(t, set, error) && put_oid(t, type, name->oid, error)
           && put(t, value, name->value, error);
}

static gboolean
open_names(tree_t *t, const char *type, const char *choice, GError **error)
{
    return tree_open(t, type, error) && grow(t, "", error)
           && asn1_ok(asn1_write_value(t->node, "?1", choice, 1), type, error);
}

GBytes *
tcg_alternative_name(const struct tcg_name *names, GError **error)
{
    g_auto(tree_t) t = { 0 };

    if (!open_names(&t, "GeneralNames", "directoryName", error))
        return NULL;
    for (; names->oid != NULL; names++)
        if (!put_name(&t, "?1.directoryName", names, error))
            return NULL;
    return encode(&t, error);
}

GBytes *
tcg_nested_names(const struct tcg_name *names, guint split, GError **error)
{
    g_auto(tree_t) t = { 0 };

    if (!open_names(&t, "NestedNames", "directoryNames", error))
        return NULL;
    for (guint i = 0; names[i].oid != NULL; i++) {
        if ((i == 0 || i == split) && !grow(&t, "?1.directoryNames", error))
            return NULL;
        if (!put_name(&t, i < split ? "?1.directoryNames.?1" : "?1.directoryNames.?2", &names[i],
                      error))
            return NULL;
    }
    return encode(&t, error);
}

GBytes *
tcg_specification(const char *family, guint level, guint revision, GError **error)
{
    g_auto(tree_t) t = { 0 };

    if (!tree_open(&t, "DirectoryAttributes", error) || !grow(&t, "", error)
        || !put_oid(&t, "?1.type", OID_TPM_SPECIFICATION, error) || !grow(&t, "?1.values", error)
        || !put(&t, "?1.values.?1.family", family, error)
        || !put_number(&t, "?1.values.?1.level", level, error)
        || !put_number(&t, "?1.values.?1.revision", revision, error))
        return NULL;
    return encode(&t, error);
}
