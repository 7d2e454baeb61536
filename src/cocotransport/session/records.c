/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * records - the shape of a stream, from the first byte on: one handshake
 * record in the clear each way (ClientHello, ServerHello: this profile has one
 * group, so nobody asks for a retry), or an alert in place of the ServerHello;
 * application_data from then on.
 */
#include "cocotransport/session/records.h"

#include "base/cursor.h"

#include <errno.h>
#include <string.h>

#define HEADER 5
#define CLEAR_MAX 4096                       /* of a record in the clear */
#define PROTECTED_MIN (1 + 16)               /* content type and tag */
#define PROTECTED_MAX (16384 + 256)
#define SEALED_MAX 4096                       /* all that is sealed in a handshake */
#define IN_SIZE (HEADER + PROTECTED_MAX)
#define OUT_SIZE (4 * IN_SIZE)               /* a handshake flight, or a receipt and an answer */

enum { TYPE_ALERT = 21, TYPE_HANDSHAKE = 22, TYPE_DATA = 23 };

#define VERSION_HELLO 0x0301                  /* of the first ClientHello (RFC 8446, 5.1) */
#define VERSION_REST 0x0303

void
records_open(struct records *r, Stream *stream, gboolean server)
{
    *r = (struct records){ .stream = stream, .server = server };
    r->in = g_malloc(IN_SIZE);
    r->out = g_malloc(OUT_SIZE);
}

void
records_close(struct records *r)
{
    g_clear_pointer(&r->stream, stream_free);
    g_clear_pointer(&r->in, g_free);
    g_clear_pointer(&r->out, g_free);
}

static gboolean
header_good(const struct records *r, guint8 type, guint16 version, guint16 len)
{
    const gboolean hello = r->server && r->count == 0;
    const gsize max = r->open ? PROTECTED_MAX : SEALED_MAX - r->sealed;

    if (version != (hello ? VERSION_HELLO : VERSION_REST))
        return FALSE;
    if (r->count > 0)
        return type == TYPE_DATA && len >= PROTECTED_MIN && len <= max;
    if (type == TYPE_ALERT)
        return !r->server && len == 2;
    return type == TYPE_HANDSHAKE && len > 0 && len <= CLEAR_MAX;
}

/* Reads what there is into the free end of the buffer; FALSE with errno, or at the end. */
static gboolean
fill(struct records *r)
{
    ssize_t n;

    if (r->in_pos > 0) {
        memmove(r->in, r->in + r->in_pos, r->in_end - r->in_pos);
        r->in_end -= r->in_pos;
        r->in_pos = 0;
    }
    n = stream_recv(r->stream, r->in + r->in_end, IN_SIZE - r->in_end);
    if (n < 0)
        return FALSE;
    if (n == 0) {
        r->ended = TRUE;
        return FALSE;
    }
    r->in_end += (gsize)n;
    return TRUE;
}

/* Sees to it that a record is at hand whose header was found good. */
static gboolean
begin_record(struct records *r)
{
    struct cursor in;
    guint8 type;
    guint16 version, len;

    while (r->in_end - r->in_pos < HEADER)
        if (!fill(r))
            return FALSE;
    in = cursor_from(r->in + r->in_pos, HEADER);
    type = cursor_u8(&in);
    version = cursor_be16(&in);
    len = cursor_be16(&in);
    if (!header_good(r, type, version, len)) {
        r->bad = TRUE;
        errno = EPROTO;
        return FALSE;
    }
    r->left = HEADER + (gsize)len;
    /* The library gathers a handshake message of up to 2^24 bytes before it looks at its length. */
    if (!r->open && r->count > 0)
        r->sealed += len;
    r->count++;
    return TRUE;
}

ssize_t
records_pull(struct records *r, void *data, gsize size)
{
    gsize n;

    if (r->bad) {
        errno = EPROTO;
        return -1;
    }
    if ((r->left == 0 && !begin_record(r)) || (r->in_pos == r->in_end && !fill(r)))
        return r->ended && !r->bad ? 0 : -1;
    n = MIN(size, MIN(r->left, r->in_end - r->in_pos));
    memcpy(data, r->in + r->in_pos, n);
    r->in_pos += n;
    r->left -= n;
    if (r->left == 0)
        r->whole++;

    return (ssize_t)n;
}

/* What the stream does not take at once is kept; more than OUT_SIZE is a peer that does not read. */
ssize_t
records_push(struct records *r, const void *data, gsize size)
{
    gsize sent = 0;

    if (!records_pending_out(r) && !r->hold) {
        const ssize_t n = stream_send(r->stream, data, size);

        if (n < 0 && errno != EAGAIN)
            return -1;
        sent = n > 0 ? (gsize)n : 0;
    }
    if (!records_pending_out(r))
        r->out_pos = r->out_end = 0;
    if (size - sent > OUT_SIZE - r->out_end) {
        errno = ENOBUFS;
        return -1;
    }
    memcpy(r->out + r->out_end, (const guint8 *)data + sent, size - sent);
    r->out_end += size - sent;

    return (ssize_t)size;
}

gboolean
records_flush(struct records *r)
{
    while (records_pending_out(r)) {
        const ssize_t n = stream_send(r->stream, r->out + r->out_pos, r->out_end - r->out_pos);

        if (n < 0)
            return FALSE;
        r->out_pos += (gsize)n;
    }
    r->out_pos = r->out_end = 0;
    return TRUE;
}

gboolean
records_pending_out(const struct records *r)
{
    return r->out_pos < r->out_end;
}

gboolean
records_pending_in(const struct records *r)
{
    const gsize have = r->in_end - r->in_pos;
    struct cursor in = cursor_from(r->in + r->in_pos, have);

    if (stream_pending(r->stream))
        return TRUE;
    if (r->left > 0)
        return have >= r->left;
    (void)cursor_bytes(&in, 3);
    return have >= HEADER && have - HEADER >= cursor_be16(&in);
}
