/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hcl - see hcl.h. Header of 32 bytes, 1184 bytes for the report, 20 bytes
 * that say what the claims are, the claims.
 */
#include "config.h"

#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "cocotpm/hcl.h"
#include "cocotpm/json_bounds.h"
#include "cocotransport/keys/crypto.h"

#define HCL_MAGIC 0x414c4348u        /* "HCLA" */
#define HCL_AK "HCLAkPub"

/* Base64 with - and _, and without = at the end (RFC 7515, section 2). */
static GBytes *
base64url(const char *text)
{
    g_autofree char *plain = text != NULL ? g_strdup(text) : NULL;
    g_autofree char *padded = NULL;
    guchar *data;
    gsize len;

    if (plain == NULL || *plain == '\0' || strlen(plain) > 2048)
        return NULL;
    for (char *c = plain; *c != '\0'; c++) {
        if (!g_ascii_isalnum(*c) && *c != '-' && *c != '_')
            return NULL;
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    }
    padded = g_strconcat(plain, &"==="[3 - (4 - strlen(plain) % 4) % 4], NULL);
    data = g_base64_decode(padded, &len);
    return g_bytes_new_take(data, len);
}

static gboolean
take_key(JsonNode *node, struct hcl *h)
{
    JsonObject *key;
    const char *kid, *type;

    if (!JSON_NODE_HOLDS_OBJECT(node))
        return FALSE;
    key = json_node_get_object(node);
    kid = json_string(key, "kid");
    type = json_string(key, "kty");
    if (kid == NULL || strcmp(kid, HCL_AK) != 0 || type == NULL || strcmp(type, "RSA") != 0)
        return FALSE;
    h->modulus = base64url(json_string(key, "n"));
    h->exponent = base64url(json_string(key, "e"));
    return TRUE;
}

static gboolean
read_claims(struct hcl *h, GError **error)
{
    g_autoptr(JsonObject) claims = json_bounded_object((const char *)h->claims, h->claims_len,
                                                       error);
    JsonNode *node;
    JsonArray *keys;

    if (claims == NULL)
        return FALSE;
    node = json_object_get_member(claims, "keys");
    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
        return error_malformed(error, "the claims have no keys");
    keys = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(keys); i++) {
        if (take_key(json_array_get_element(keys, i), h))
            break;
    }
    return (h->modulus != NULL && h->exponent != NULL) ||
           error_malformed(error, "the claims have no key called " HCL_AK);
}

gboolean
hcl_parse(const void *data, gsize len, struct hcl *ret, GError **error)
{
    struct cursor in = cursor_from(data, len);
    g_auto(hcl_t) h = { 0 };
    guint32 magic, kind, size;

    if (len > HCL_MAX)
        return error_malformed(error, "an HCL blob has at most %d bytes", HCL_MAX);
    magic = cursor_le32(&in);
    cursor_bytes(&in, 28);
    h.report = cursor_bytes(&in, SNP_REPORT_SIZE);
    cursor_bytes(&in, 8);            /* size with its header, version */
    kind = cursor_le32(&in);
    h.hash = cursor_le32(&in);
    size = cursor_le32(&in);
    h.claims_len = size;
    h.claims = cursor_bytes(&in, size);
    if (in.failed || magic != HCL_MAGIC)
        return error_malformed(error, "this is no HCL blob, or it is cut short");
    if (kind != HCL_SNP && kind != HCL_TDX)
        return error_malformed(error, "the HCL blob holds a report of unknown kind %u", kind);
    h.kind = (enum hcl_kind)kind;
    h.report_len = h.kind == HCL_SNP ? SNP_REPORT_SIZE : TDREPORT_SIZE;
    if (h.hash < 1 || h.hash > 3)
        return error_malformed(error, "the claims are hashed by an unknown algorithm %u", h.hash);
    if (!read_claims(&h, error))
        return FALSE;
    *ret = h;
    memset(&h, 0, sizeof(h));
    return TRUE;
}

void
hcl_clear(struct hcl *h)
{
    g_clear_pointer(&h->modulus, g_bytes_unref);
    g_clear_pointer(&h->exponent, g_bytes_unref);
}

gboolean
hcl_report_data(const struct hcl *h, guint8 ret[static 64], GError **error)
{
    const struct crypto_piece piece = { h->claims, h->claims_len };
    guint8 digest[64] = { 0 };
    const gboolean good = h->hash == 1 ? crypto_sha256(&piece, 1, digest, error)
                          : h->hash == 2 ? crypto_sha384(&piece, 1, digest, error)
                                         : crypto_sha512(&piece, 1, digest, error);

    if (good)
        memcpy(ret, digest, sizeof(digest));
    return good;
}
