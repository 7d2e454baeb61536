/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * guestmsg - the header of 0x60 bytes: authentication tag (16 of 32 bytes are
 * used), sequence number, 8 bytes outside the authenticated part, then 48 bytes
 * that are. The nonce is the sequence number, so that a message under another
 * number does not open.
 */
#include "snpemu/guestmsg.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"
#include "cocotransport/keys/crypto.h"

#include <string.h>

#define TAG_FIELD 32
#define AAD_AT 0x30
#define AAD_SIZE (GUESTMSG_HEADER - AAD_AT)

gboolean
guestmsg_header_parse(const uint8_t page[static GUEST_PAGE], struct guestmsg *ret, GError **error)
{
    struct cursor in = cursor_from(page, GUESTMSG_HEADER);
    struct guestmsg m = { 0 };

    cursor_bytes(&in, TAG_FIELD);
    m.sequence = cursor_le64(&in);
    cursor_bytes(&in, 8);
    m.algorithm = cursor_u8(&in);
    m.header_version = cursor_u8(&in);
    m.header_size = cursor_le16(&in);
    m.type = cursor_u8(&in);
    m.version = cursor_u8(&in);
    m.size = cursor_le16(&in);
    cursor_bytes(&in, 4);
    m.vmpck = cursor_u8(&in);

    if (in.failed || m.algorithm != 1 || m.header_version != 1
        || m.header_size != GUESTMSG_HEADER || m.size == 0 || m.size > GUESTMSG_PAYLOAD_MAX
        || m.vmpck > 3)
        return error_malformed(error, "guest message header: algorithm %u, version %u, size %u, "
                               "payload %u, VMPCK %u", m.algorithm, m.header_version,
                               m.header_size, m.size, m.vmpck);
    *ret = m;
    return TRUE;
}

static void
nonce_from(uint64_t sequence, uint8_t ret[static GCM_NONCE_SIZE])
{
    struct builder b = builder_on(ret, GCM_NONCE_SIZE);

    builder_le64(&b, sequence);
    builder_zero(&b, 4);
}

static void
header_write(const struct guestmsg *m, size_t len, uint8_t page[static GUESTMSG_HEADER])
{
    struct builder b = builder_on(page, GUESTMSG_HEADER);

    builder_zero(&b, TAG_FIELD);
    builder_le64(&b, m->sequence);
    builder_zero(&b, 8);
    builder_u8(&b, 1);
    builder_u8(&b, 1);
    builder_le16(&b, GUESTMSG_HEADER);
    builder_u8(&b, m->type);
    builder_u8(&b, m->version);
    builder_le16(&b, (uint16_t)len);
    builder_zero(&b, 4);
    builder_u8(&b, m->vmpck);
    builder_zero(&b, 35);
}

gboolean
guestmsg_seal(const Secret *vmpck, const struct guestmsg *message, const void *payload, size_t len,
              uint8_t ret[static GUEST_PAGE], GError **error)
{
    uint8_t page[GUEST_PAGE + GCM_TAG_SIZE] = { 0 };
    uint8_t nonce[GCM_NONCE_SIZE];

    if (len == 0 || len > GUESTMSG_PAYLOAD_MAX)
        return error_malformed(error, "a guest message of %zu bytes does not fit a page", len);
    header_write(message, len, page);
    nonce_from(message->sequence, nonce);
    if (!crypto_gcm_seal(vmpck, nonce, page + AAD_AT, AAD_SIZE, payload, len,
                         page + GUESTMSG_HEADER, error))
        return FALSE;
    memcpy(page, page + GUESTMSG_HEADER + len, GCM_TAG_SIZE);
    memset(page + GUESTMSG_HEADER + len, 0, GCM_TAG_SIZE);
    memcpy(ret, page, GUEST_PAGE);
    return TRUE;
}

Secret *
guestmsg_open(const Secret *vmpck, const struct guestmsg *message,
              const uint8_t page[static GUEST_PAGE], GError **error)
{
    uint8_t sealed[GUESTMSG_PAYLOAD_MAX + GCM_TAG_SIZE];
    uint8_t nonce[GCM_NONCE_SIZE];

    nonce_from(message->sequence, nonce);
    memcpy(sealed, page + GUESTMSG_HEADER, message->size);
    memcpy(sealed + message->size, page, GCM_TAG_SIZE);
    return crypto_gcm_open(vmpck, nonce, page + AAD_AT, AAD_SIZE, sealed,
                           message->size + (size_t)GCM_TAG_SIZE, error);
}

gboolean
guestmsg_is_answer(const struct guestmsg *sent, const struct guestmsg *answer)
{
    return answer->sequence == sent->sequence + 1 && answer->type == sent->type + 1
           && answer->version == sent->version && answer->vmpck == sent->vmpck;
}
