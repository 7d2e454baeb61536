/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * schedule - labels, and the order in which the inputs are hashed.
 */
#include "cocotransport/keys/schedule.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"

#include <string.h>

static const char identity_name[] = { 'C', 'o', 'C', 'o', 'T', 'P', 'M' };

#define IDENTITY_VERSION 1
#define TARGET_TLS13 0x0304
#define TARGET_HKDF_SHA256 0x0001
#define EXTERNAL_IDENTITY (sizeof(identity_name) + 1 + 1 + 16)

static const char context_label[] = "CoCoTPM psk context v1";
static const char evidence_label[] = "CoCoTPM evidence v1";
static const char statement_label[] = "CoCoTPM quote v1";
static const char psk_label[] = "tls13 derived psk";      /* RFC 8446, 7.1 puts "tls13 " before */

static const struct schedule_row {
    const char *label;
    size_t len;
} schedule_rows[SCHEDULE_KEYS] = {
    [SCHEDULE_STATE_KEK] = { "CoCoTPM state kek v1", AES256_KEY_SIZE },
    [SCHEDULE_STATE_RECOVERY] = { "CoCoTPM state recovery v1", AES256_KEY_SIZE },
    [SCHEDULE_FORMAT_SNP] = { "CoCoTPM swtpm key snp v1", AES256_KEY_SIZE },
    [SCHEDULE_FORMAT_VMPCK] = { "CoCoTPM swtpm key vmpck v1", AES256_KEY_SIZE },
};

Secret *
schedule_derive(enum schedule_key which, const Secret *ikm, const void *salt, size_t salt_len,
                const struct crypto_piece *pieces, size_t count, GError **error)
{
    const struct schedule_row *row = &schedule_rows[which];
    uint8_t info[512];
    struct builder b = builder_on(info, sizeof(info));
    g_autoptr(Secret) prk = NULL;

    builder_bytes(&b, row->label, strlen(row->label));
    for (size_t i = 0; i < count; i++)
        builder_bytes(&b, pieces[i].data, pieces[i].len);
    if (b.failed) {
        error_system(error, "%s: more than %zu bytes of context", row->label, sizeof(info));
        return NULL;
    }
    prk = crypto_hkdf_extract(ikm, salt, salt_len, error);
    if (prk == NULL)
        return NULL;

    return crypto_hkdf_expand(prk, info, builder_len(&b), row->len, error);
}

gboolean
schedule_context(uint8_t role, const uint8_t uuid[static 16],
                 const uint8_t cocotpm[static REFERENCE_SIZE],
                 const uint8_t cocovm[static REFERENCE_SIZE], uint8_t ret[static SHA256_SIZE],
                 GError **error)
{
    const struct crypto_piece pieces[] = {
        { context_label, sizeof(context_label) - 1 },
        { &role, 1 },
        { uuid, 16 },
        { cocotpm, REFERENCE_SIZE },
        { cocovm, REFERENCE_SIZE },
    };

    return crypto_sha256(pieces, G_N_ELEMENTS(pieces), ret, error);
}

size_t
psk_identity_write(const struct psk_identity *id, uint8_t ret[static IDENTITY_MAX])
{
    const size_t numbered = id->role == ROLE_RESUME ? 8 : 0;
    struct builder b = builder_on(ret, IDENTITY_MAX);

    builder_be16(&b, (uint16_t)(EXTERNAL_IDENTITY + numbered));
    builder_bytes(&b, identity_name, sizeof(identity_name));
    builder_u8(&b, IDENTITY_VERSION);
    builder_u8(&b, id->role);
    builder_bytes(&b, id->uuid, sizeof(id->uuid));
    if (numbered > 0)
        builder_be64(&b, id->number);
    builder_be16(&b, SHA256_SIZE);
    builder_bytes(&b, id->context, SHA256_SIZE);
    builder_be16(&b, TARGET_TLS13);
    builder_be16(&b, TARGET_HKDF_SHA256);
    g_assert(!b.failed);

    return builder_len(&b);
}

/* Read, then written again and compared: so every identity has one spelling only. */
gboolean
psk_identity_parse(const void *wire, size_t len, struct psk_identity *ret, GError **error)
{
    struct cursor in = cursor_from(wire, len);
    struct psk_identity id = { 0 };
    uint8_t again[IDENTITY_MAX];

    (void)cursor_bytes(&in, 2 + sizeof(identity_name) + 1);
    id.role = cursor_u8(&in);
    cursor_copy(&in, id.uuid, sizeof(id.uuid));
    if (id.role == ROLE_RESUME)
        id.number = cursor_be64(&in);
    (void)cursor_bytes(&in, 2);
    cursor_copy(&in, id.context, SHA256_SIZE);
    (void)cursor_bytes(&in, 4);
    if (!cursor_done(&in) || id.role < ROLE_COCOVM || id.role > ROLE_RESUME)
        return error_malformed(error, "PSK identity: not one of this protocol");
    if (psk_identity_write(&id, again) != len || memcmp(again, wire, len) != 0)
        return error_malformed(error, "PSK identity: not one of this protocol's version");
    *ret = id;

    return TRUE;
}

/* HKDF-Expand-Label's info: u16 length, label and context each behind a length byte. */
Secret *
schedule_psk(const Secret *epsk, const void *identity, size_t len, GError **error)
{
    const struct crypto_piece piece = { identity, len };
    const uint8_t zeroes[SHA256_SIZE] = { 0 };
    uint8_t hash[SHA256_SIZE];
    uint8_t info[2 + 1 + sizeof(psk_label) - 1 + 1 + SHA256_SIZE];
    struct builder b = builder_on(info, sizeof(info));
    g_autoptr(Secret) prk = NULL;

    if (!crypto_sha256(&piece, 1, hash, error))
        return NULL;
    builder_be16(&b, PSK_SIZE);
    builder_u8(&b, sizeof(psk_label) - 1);
    builder_bytes(&b, psk_label, sizeof(psk_label) - 1);
    builder_u8(&b, SHA256_SIZE);
    builder_bytes(&b, hash, sizeof(hash));
    g_assert(!b.failed);
    prk = crypto_hkdf_extract(epsk, zeroes, sizeof(zeroes), error);
    if (prk == NULL)
        return NULL;

    return crypto_hkdf_expand(prk, info, builder_len(&b), PSK_SIZE, error);
}

gboolean
schedule_report_data(enum schedule_side side, uint8_t role, const void *identity,
                     size_t identity_len, const uint8_t exporter[static EXPORTER_SIZE],
                     const void *claims, size_t claims_len, uint8_t ret[static SHA512_SIZE],
                     GError **error)
{
    const struct crypto_piece id = { identity, identity_len };
    const struct crypto_piece said = { claims, claims_len };
    const uint8_t who[2] = { (uint8_t)side, role };
    uint8_t id_hash[SHA512_SIZE];
    uint8_t claims_hash[SHA512_SIZE];
    const struct crypto_piece pieces[] = {
        { evidence_label, sizeof(evidence_label) - 1 },
        { who, sizeof(who) },
        { id_hash, sizeof(id_hash) },
        { exporter, EXPORTER_SIZE },
        { claims_hash, sizeof(claims_hash) },
    };

    return crypto_sha512(&id, 1, id_hash, error) &&
           crypto_sha512(&said, 1, claims_hash, error) &&
           crypto_sha512(pieces, G_N_ELEMENTS(pieces), ret, error);
}

gboolean
schedule_statement_data(const void *statement, size_t len, uint8_t ret[static SHA512_SIZE],
                        GError **error)
{
    const struct crypto_piece pieces[] = {
        { statement_label, sizeof(statement_label) - 1 },
        { statement, len },
    };

    return crypto_sha512(pieces, G_N_ELEMENTS(pieces), ret, error);
}
