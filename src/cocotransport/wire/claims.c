/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * claims - one row a type: what it holds, how long it is, who gives it.
 */
#include "cocotransport/wire/claims.h"

#include "base/error.h"
#include "cocotransport/wire/element.h"

#include <stddef.h>
#include <string.h>

enum claim_kind { KIND_U8, KIND_U16, KIND_U32, KIND_U64, KIND_BYTES, KIND_TEXT, KIND_NAMES };
enum claim_who { WHO_NEVER, WHO_MAY, WHO_MUST };

static const struct claim_row {
    const char *name;
    enum claim_kind kind;
    guint32 min, max;        /* length on the wire */
    size_t field;
    guint32 last;            /* U8: values are 1 to this; 0: any */
    enum claim_who who[2];   /* by enum claims_side */
} claim_rows[CLAIM_TYPES] = {
#define ROW(name, kind, min, max, field, last, client, server) \
    { name, kind, min, max, offsetof(struct claims, field), last, { client, server } }
    [CLAIM_VERSION] = ROW("version", KIND_U16, 2, 2, version, 0, WHO_MUST, WHO_MUST),
    [CLAIM_UUID] = ROW("UUID", KIND_BYTES, 16, 16, uuid, 0, WHO_MUST, WHO_MUST),
    [CLAIM_PSK] = ROW("psk", KIND_U8, 1, 1, psk, CLAIM_PSK_BOOTSTRAP, WHO_MUST, WHO_MUST),
    [CLAIM_SOFTWARE] = ROW("software", KIND_TEXT, 1, SOFTWARE_MAX, software, 0, WHO_MAY, WHO_MUST),
    [CLAIM_RECEIPT] = ROW("receipt", KIND_BYTES, 80, 80, receipt, 0, WHO_MAY, WHO_NEVER),
    [CLAIM_HELLO] = ROW("hello", KIND_BYTES, 64, 64, hello, 0, WHO_NEVER, WHO_MUST),
    [CLAIM_EK_NAMES] = ROW("ek-names", KIND_NAMES, 2, EK_NAMES_MAX * (1 + EK_NAME_MAX), ek_names,
                           0, WHO_NEVER, WHO_MAY),
    [CLAIM_POLICY_DIGEST] = ROW("policy-digest", KIND_BYTES, 32, 32, policy_digest, 0, WHO_NEVER,
                                WHO_MUST),
    [CLAIM_EPOCH] = ROW("epoch", KIND_U64, 8, 8, epoch, 0, WHO_NEVER, WHO_MUST),
    [CLAIM_LINEAGE] = ROW("lineage", KIND_BYTES, 16, 16, lineage, 0, WHO_NEVER, WHO_MUST),
    [CLAIM_GENERATION] = ROW("generation", KIND_U64, 8, 8, generation, 0, WHO_NEVER, WHO_MUST),
    [CLAIM_CHAIN] = ROW("chain", KIND_BYTES, 32, 32, chain, 0, WHO_NEVER, WHO_MUST),
    [CLAIM_FRESHNESS] = ROW("freshness", KIND_U8, 1, 1, freshness, CLAIM_FRESHNESS_WITNESS,
                            WHO_NEVER, WHO_MUST),
    [CLAIM_RESET] = ROW("reset", KIND_U8, 1, 1, reset, CLAIM_RESET_BURNT, WHO_NEVER, WHO_MUST),
    [CLAIM_FLAGS] = ROW("flags", KIND_U32, 4, 4, flags, 0, WHO_NEVER, WHO_MUST),
#undef ROW
};

static gboolean
names_read(struct cursor value, struct claims *c)
{
    c->ek_count = 0;
    while (cursor_left(&value) > 0) {
        struct ek_name *name = &c->ek_names[c->ek_count];

        if (c->ek_count == EK_NAMES_MAX)
            return FALSE;
        name->len = cursor_u8(&value);
        if (name->len == 0 || name->len > EK_NAME_MAX)
            return FALSE;
        cursor_copy(&value, name->bytes, name->len);
        c->ek_count++;
    }
    return !value.failed;
}

/* The length was judged by the row before. */
static gboolean
value_read(const struct claim_row *row, struct cursor value, struct claims *c)
{
    void *field = (char *)c + row->field;

    switch (row->kind) {
    case KIND_U8:
        *(guint8 *)field = cursor_u8(&value);
        return row->last == 0 || (*(guint8 *)field >= 1 && *(guint8 *)field <= row->last);
    case KIND_U16:
        *(guint16 *)field = cursor_be16(&value);
        return TRUE;
    case KIND_U32:
        *(guint32 *)field = cursor_be32(&value);
        return TRUE;
    case KIND_U64:
        *(guint64 *)field = cursor_be64(&value);
        return TRUE;
    case KIND_BYTES:
        cursor_copy(&value, field, row->max);
        return TRUE;
    case KIND_TEXT:
        return element_text(value, field);
    case KIND_NAMES:
        return names_read(value, c);
    }
    return FALSE;
}

static gboolean
claim_read(struct cursor *in, enum claims_side side, guint16 *last, struct claims *c,
           GError **error)
{
    const struct claim_row *row;
    struct element e;

    if (!element_read(in, "claims", last, &e, error))
        return FALSE;
    if (e.type >= CLAIM_OPTIONAL)
        return TRUE;
    if (e.type >= CLAIM_TYPES)
        return error_malformed(error, "claims: type %u is unknown", e.type);
    row = &claim_rows[e.type];
    if (row->who[side] == WHO_NEVER)
        return error_malformed(error, "claims: %s is not for this side to give", row->name);
    if (e.len < row->min || e.len > row->max || !value_read(row, e.value, c))
        return error_malformed(error, "claims: %s has no good value", row->name);
    c->given |= 1u << e.type;

    return TRUE;
}

gboolean
claims_parse(struct cursor *in, enum claims_side side, struct claims *ret, GError **error)
{
    struct claims c = { 0 };
    guint16 last = 0;

    if (in->failed || cursor_left(in) > CLAIMS_MAX)
        return error_malformed(error, "claims: more than %u bytes", CLAIMS_MAX);
    while (cursor_left(in) > 0)
        if (!claim_read(in, side, &last, &c, error))
            return FALSE;
    for (guint type = 1; type < CLAIM_TYPES; type++)
        if (claim_rows[type].who[side] == WHO_MUST && !(c.given & (1u << type)))
            return error_malformed(error, "claims: %s is missing", claim_rows[type].name);
    *ret = c;

    return TRUE;
}

static void
value_write(const struct claim_row *row, const struct claims *c, struct builder *out)
{
    const void *field = (const char *)c + row->field;

    switch (row->kind) {
    case KIND_U8:
        builder_u8(out, *(const guint8 *)field);
        break;
    case KIND_U16:
        builder_be16(out, *(const guint16 *)field);
        break;
    case KIND_U32:
        builder_be32(out, *(const guint32 *)field);
        break;
    case KIND_U64:
        builder_be64(out, *(const guint64 *)field);
        break;
    case KIND_BYTES:
        builder_bytes(out, field, row->max);
        break;
    case KIND_TEXT:
        builder_bytes(out, field, strlen(field));
        break;
    case KIND_NAMES:
        for (guint i = 0; i < c->ek_count; i++) {
            builder_u8(out, c->ek_names[i].len);
            builder_bytes(out, c->ek_names[i].bytes, c->ek_names[i].len);
        }
        break;
    }
}

void
claims_write(const struct claims *c, struct builder *out)
{
    for (guint type = 1; type < CLAIM_TYPES; type++) {
        size_t start;

        if (!(c->given & (1u << type)))
            continue;
        start = element_start(out, type);
        value_write(&claim_rows[type], c, out);
        element_end(out, start);
    }
}

const char *
claim_freshness_name(guint8 freshness)
{
    static const char *const names[] = { "unknown", "none", "receipt", "witness" };

    return names[freshness < G_N_ELEMENTS(names) ? freshness : 0];
}

const char *
claim_reset_name(guint8 reset)
{
    static const char *const names[] = { "unknown", "log", "witness", "burnt" };

    return names[reset < G_N_ELEMENTS(names) ? reset : 0];
}
