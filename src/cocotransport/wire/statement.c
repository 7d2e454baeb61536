/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * statement - see statement.h: one row a type, which says how it is read and
 * written and which kind of statement gives it.
 */
#include "cocotransport/wire/statement.h"

#include "base/error.h"
#include "cocotransport/wire/element.h"

#include <stddef.h>
#include <string.h>

enum value_kind {
    VALUE_U8, VALUE_U32, VALUE_U64, VALUE_BYTES, VALUE_TEXT, VALUE_NONCE, VALUE_PUBLICS,
    VALUE_PUBLIC, VALUE_EVENT, VALUE_PEER, VALUE_BANKS,
};

enum { IN_QUOTE = 1 << STATEMENT_QUOTE, IN_BIRTH = 1 << STATEMENT_BIRTH,
       IN_BOTH = IN_QUOTE | IN_BIRTH, IN_ALL = IN_BOTH | 1 << STATEMENT_ENDORSEMENT };

static const struct statement_row {
    const char *name;
    enum value_kind kind;
    guint32 min, max;                /* length on the wire */
    size_t field;
    guint32 last;                    /* U8: values are 1 to this */
    unsigned in;
} rows[STATEMENT_TYPES] = {
#define ROW(name, kind, min, max, field, last, in) \
    { name, kind, min, max, offsetof(struct statement, field), last, in }
    [STATEMENT_KIND] = ROW("kind", VALUE_U8, 1, 1, kind, STATEMENT_ENDORSEMENT, IN_ALL),
    [STATEMENT_NONCE] = ROW("nonce", VALUE_NONCE, STATEMENT_NONCE_MIN, STATEMENT_NONCE_MAX, nonce,
                            0, IN_ALL),
    [STATEMENT_UUID] = ROW("uuid", VALUE_BYTES, 16, 16, uuid, 0, IN_ALL),
    [STATEMENT_POLICY_DIGEST] = ROW("policy digest", VALUE_BYTES, 32, 32, policy_digest, 0,
                                    IN_ALL),
    [STATEMENT_EPOCH] = ROW("epoch", VALUE_U64, 8, 8, epoch, 0, IN_BOTH),
    [STATEMENT_LINEAGE] = ROW("lineage", VALUE_BYTES, 16, 16, lineage, 0, IN_ALL),
    [STATEMENT_GENERATION] = ROW("generation", VALUE_U64, 8, 8, generation, 0, IN_BOTH),
    [STATEMENT_CHAIN] = ROW("chain hash", VALUE_BYTES, 32, 32, chain, 0, IN_BOTH),
    [STATEMENT_FRESHNESS] = ROW("freshness", VALUE_U8, 1, 1, freshness, CLAIM_FRESHNESS_WITNESS,
                                IN_ALL),
    [STATEMENT_RESET] = ROW("reset", VALUE_U8, 1, 1, reset, CLAIM_RESET_BURNT, IN_ALL),
    [STATEMENT_FLAGS] = ROW("flags", VALUE_U32, 4, 4, flags, 0, IN_ALL),
    [STATEMENT_SOFTWARE] = ROW("software", VALUE_TEXT, 1, SOFTWARE_MAX, software, 0, IN_ALL),
    [STATEMENT_EKS] = ROW("endorsement keys", VALUE_PUBLICS, 3,
                          EK_NAMES_MAX * (2 + STATEMENT_PUBLIC_MAX), eks, 0, IN_ALL),
    [STATEMENT_AK] = ROW("attestation key", VALUE_PUBLIC, 1, STATEMENT_PUBLIC_MAX, ak, 0, IN_QUOTE),
    [STATEMENT_ATTACH_ID] = ROW("attach id", VALUE_BYTES, 32, 32, attach_id, 0, IN_QUOTE),
    [STATEMENT_LAUNCH_ID] = ROW("launch id", VALUE_BYTES, 16, 16, launch_id, 0, IN_QUOTE),
    [STATEMENT_LAUNCH_EVENT] = ROW("launch event", VALUE_EVENT, 1, STATEMENT_EVENT_MAX, event, 0,
                                   IN_QUOTE),
    [STATEMENT_PEER] = ROW("digest of the CoCoVM's evidence", VALUE_PEER, 34, 34, peer_kind, 0,
                           IN_QUOTE),
    [STATEMENT_RESET_COUNT] = ROW("reset count", VALUE_U32, 4, 4, reset_count, 0, IN_QUOTE),
    [STATEMENT_PCR_BANKS] = ROW("PCR values", VALUE_BANKS, 3 + 20 * STATEMENT_PCRS,
                                STATEMENT_BANKS_MAX * (3 + 64 * STATEMENT_PCRS), banks, 0,
                                IN_QUOTE),
    [STATEMENT_SECRETS] = ROW("digest of secrets", VALUE_BYTES, 32, 32, secrets, 0, IN_BIRTH),
    [STATEMENT_EVIDENCE] = ROW("digest of the evidence", VALUE_BYTES, 32, 32, evidence, 0,
                               IN_BIRTH),
#undef ROW
};

static gboolean
public_read(struct cursor *value, size_t len, struct statement_public *ret)
{
    if (len == 0 || len > STATEMENT_PUBLIC_MAX)
        return FALSE;
    ret->len = (guint16)len;
    cursor_copy(value, ret->bytes, len);
    return !value->failed;
}

static gboolean
publics_read(struct cursor value, struct statement *s)
{
    for (s->ek_count = 0; cursor_left(&value) > 0; s->ek_count++) {
        const guint16 len = cursor_be16(&value);

        if (s->ek_count == EK_NAMES_MAX || !public_read(&value, len, &s->eks[s->ek_count]))
            return FALSE;
    }
    return TRUE;
}

/* Hash algorithms of PCR banks (TCG algorithm registry) and their sizes. */
static gboolean
bank_is_known(guint16 alg, guint8 size)
{
    return (alg == 0x4 && size == 20) || (alg == 0xb && size == 32) || (alg == 0xc && size == 48) ||
           (alg == 0xd && size == 64);
}

static gboolean
banks_read(struct cursor value, struct statement *s)
{
    for (s->bank_count = 0; cursor_left(&value) > 0; s->bank_count++) {
        struct statement_bank *bank = &s->banks[s->bank_count];

        if (s->bank_count == STATEMENT_BANKS_MAX)
            return FALSE;
        bank->alg = cursor_be16(&value);
        bank->size = cursor_u8(&value);
        if (!bank_is_known(bank->alg, bank->size))
            return FALSE;
        for (guint i = 0; i < s->bank_count; i++) {
            if (s->banks[i].alg == bank->alg)
                return FALSE;
        }
        for (guint i = 0; i < STATEMENT_PCRS; i++)
            cursor_copy(&value, bank->values[i], bank->size);
    }
    return !value.failed;
}

/* The length was judged by the row before. */
static gboolean
value_read(const struct statement_row *row, struct cursor value, struct statement *s)
{
    const size_t len = cursor_left(&value);
    void *field = (guint8 *)s + row->field;

    switch (row->kind) {
    case VALUE_U8:
        *(guint8 *)field = cursor_u8(&value);
        return *(guint8 *)field >= 1 && *(guint8 *)field <= row->last;
    case VALUE_U32:
        *(guint32 *)field = cursor_be32(&value);
        return TRUE;
    case VALUE_U64:
        *(guint64 *)field = cursor_be64(&value);
        return TRUE;
    case VALUE_BYTES:
        cursor_copy(&value, field, row->max);
        return TRUE;
    case VALUE_TEXT:
        return element_text(value, field);
    case VALUE_NONCE:
        s->nonce_len = (guint8)len;
        cursor_copy(&value, s->nonce, len);
        return TRUE;
    case VALUE_PUBLICS:
        return publics_read(value, s);
    case VALUE_PUBLIC:
        return public_read(&value, len, field);
    case VALUE_EVENT:
        s->event_len = (guint16)len;
        cursor_copy(&value, s->event, len);
        return TRUE;
    case VALUE_PEER:
        s->peer_kind = cursor_be16(&value);
        cursor_copy(&value, s->peer_digest, sizeof(s->peer_digest));
        return TRUE;
    case VALUE_BANKS:
        return banks_read(value, s);
    }
    return FALSE;
}

static gboolean
part_read(struct cursor *in, guint16 *last, struct statement *s, GError **error)
{
    const struct statement_row *row;
    struct element e;

    if (!element_read(in, "statement", last, &e, error))
        return FALSE;
    if (e.type >= STATEMENT_TYPES)
        return error_malformed(error, "statement: type %u is unknown", e.type);
    row = &rows[e.type];
    if (e.len < row->min || e.len > row->max || !value_read(row, e.value, s))
        return error_malformed(error, "statement: %s has no good value", row->name);
    s->given |= 1u << e.type;
    return TRUE;
}

gboolean
statement_parse(struct cursor *in, struct statement *ret, GError **error)
{
    g_autofree struct statement *s = g_new0(struct statement, 1);
    guint16 last = 0;

    if (in->failed || cursor_left(in) > STATEMENT_MAX)
        return error_malformed(error, "statement: more than %u bytes", STATEMENT_MAX);
    while (cursor_left(in) > 0) {
        if (!part_read(in, &last, s, error))
            return FALSE;
    }
    if (!(s->given & 1u << STATEMENT_KIND))
        return error_malformed(error, "statement: it does not say what it is");
    for (guint type = 1; type < STATEMENT_TYPES; type++) {
        const gboolean wanted = (rows[type].in & 1u << s->kind) != 0;

        if (wanted != ((s->given & 1u << type) != 0))
            return error_malformed(error, "statement: %s is %s", rows[type].name,
                                   wanted ? "missing" : "not for this kind");
    }
    if ((s->flags & ~CLAIM_FLAGS_KNOWN) != 0)
        return error_malformed(error, "statement: unknown flags");
    *ret = *s;
    return TRUE;
}

static void
banks_write(const struct statement *s, struct builder *out)
{
    for (guint i = 0; i < s->bank_count; i++) {
        builder_be16(out, s->banks[i].alg);
        builder_u8(out, s->banks[i].size);
        for (guint pcr = 0; pcr < STATEMENT_PCRS; pcr++)
            builder_bytes(out, s->banks[i].values[pcr], s->banks[i].size);
    }
}

static void
value_write(const struct statement_row *row, const struct statement *s, struct builder *out)
{
    const void *field = (const guint8 *)s + row->field;

    switch (row->kind) {
    case VALUE_U8:
        builder_u8(out, *(const guint8 *)field);
        break;
    case VALUE_U32:
        builder_be32(out, *(const guint32 *)field);
        break;
    case VALUE_U64:
        builder_be64(out, *(const guint64 *)field);
        break;
    case VALUE_BYTES:
        builder_bytes(out, field, row->max);
        break;
    case VALUE_TEXT:
        builder_bytes(out, field, strlen(field));
        break;
    case VALUE_NONCE:
        builder_bytes(out, s->nonce, s->nonce_len);
        break;
    case VALUE_PUBLICS:
        for (guint i = 0; i < s->ek_count; i++) {
            builder_be16(out, s->eks[i].len);
            builder_bytes(out, s->eks[i].bytes, s->eks[i].len);
        }
        break;
    case VALUE_PUBLIC:
        builder_bytes(out, s->ak.bytes, s->ak.len);
        break;
    case VALUE_EVENT:
        builder_bytes(out, s->event, s->event_len);
        break;
    case VALUE_PEER:
        builder_be16(out, s->peer_kind);
        builder_bytes(out, s->peer_digest, sizeof(s->peer_digest));
        break;
    case VALUE_BANKS:
        banks_write(s, out);
        break;
    }
}

void
statement_write(const struct statement *s, struct builder *out)
{
    for (guint type = 1; type < STATEMENT_TYPES; type++) {
        size_t start;

        if (!(rows[type].in & 1u << s->kind))
            continue;
        start = element_start(out, type);
        value_write(&rows[type], s, out);
        element_end(out, start);
    }
}

gboolean
statement_answer_parse(struct cursor *in, struct statement_answer *ret, GError **error)
{
    const guint32 len = cursor_be32(in);
    const guint8 *statement = len <= STATEMENT_MAX ? cursor_bytes(in, len) : NULL;

    if (statement == NULL || in->failed)
        return error_malformed(error, "the answer to EVIDENCE is cut short");
    ret->statement = statement;
    ret->statement_len = len;
    ret->evidence = cursor_sub(in, cursor_left(in));
    return TRUE;
}
