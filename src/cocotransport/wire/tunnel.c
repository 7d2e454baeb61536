/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tunnel - frames of the in-band tunnel, parsed and written side by side.
 */
#include "config.h"

#include "cocotransport/wire/tunnel.h"

#include "base/error.h"


#define TAG 0x8001

/* TLS 1.3 record (RFC 8446, section 5.1): opaque type 23, version 0x0303, u16 length. */
#define RECORD_TYPE 23
#define RECORD_VERSION 0x0303
#define RECORD_BODY_MAX (16384 + 256)

static const struct {
    guint32 code;
    gsize min, max;              /* of the payload */
} requests[] = {
    { TUNNEL_DATA, 1, TUNNEL_FRAME_MAX - TUNNEL_HEADER },
    { TUNNEL_RECORD, 1, TUNNEL_FRAME_MAX - TUNNEL_HEADER },
    { TUNNEL_POLL, 0, 0 },
    { TUNNEL_OPEN, 4, 4 },
    { TUNNEL_CLOSE, 0, 0 },
}, answers[] = {
    { TUNNEL_OK, 0, TUNNEL_FRAME_MAX - TUNNEL_HEADER },
    { TUNNEL_RECORD, 1, TUNNEL_FRAME_MAX - TUNNEL_HEADER },
    { TUNNEL_ENDED, 0, 0 },
};

static gboolean
frame_parse(const void *data, gsize len, struct tunnel_frame *ret, GError **error)
{
    struct cursor in = cursor_from(data, len);
    guint16 tag = cursor_be16(&in);
    guint32 size = cursor_be32(&in);
    guint32 code = cursor_be32(&in);

    if (in.failed || tag != TAG || size != len)
        return error_malformed(error, "a tunnel frame of %zu bytes says tag 0x%04x, size %u", len,
                               tag, size);
    *ret = (struct tunnel_frame){ code, in.pos, cursor_left(&in) };
    return TRUE;
}

/* One row a code; both tables have the same shape. */
#define FRAME_CHECK(table, frame) \
    for (guint i = 0; i < G_N_ELEMENTS(table); i++) \
        if ((table)[i].code == (frame).code) \
            return (frame).len >= (table)[i].min && (frame).len <= (table)[i].max;

static gboolean
request_allowed(struct tunnel_frame f)
{
    FRAME_CHECK(requests, f)
    return FALSE;
}

static gboolean
answer_allowed(struct tunnel_frame f)
{
    FRAME_CHECK(answers, f)
    return FALSE;
}

gboolean
tunnel_request_parse(const void *data, gsize len, struct tunnel_frame *ret, GError **error)
{
    struct tunnel_frame f = { 0 };

    if (!frame_parse(data, len, &f, error))
        return FALSE;
    if (!request_allowed(f))
        return error_malformed(error, "tunnel code 0x%08x with %zu bytes", f.code, f.len);
    *ret = f;
    return TRUE;
}

gboolean
tunnel_answer_parse(const void *data, gsize len, struct tunnel_frame *ret, GError **error)
{
    struct tunnel_frame f = { 0 };

    if (!frame_parse(data, len, &f, error))
        return FALSE;
    if (!answer_allowed(f))
        return error_malformed(error, "the tunnel's other end answers 0x%08x with %zu bytes",
                               f.code, f.len);
    *ret = f;
    return TRUE;
}

gboolean
tunnel_code_known(guint32 code)
{
    for (guint i = 0; i < G_N_ELEMENTS(requests); i++)
        if (requests[i].code == code)
            return TRUE;
    return FALSE;
}

void
tunnel_frame_write(struct builder *out, guint32 code, const void *payload, gsize len)
{
    builder_be16(out, TAG);
    builder_be32(out, (guint32)(TUNNEL_HEADER + len));
    builder_be32(out, code);
    builder_bytes(out, payload, len);
}

gboolean
tunnel_opened_parse(const struct tunnel_frame *frame, struct tunnel_opened *ret, GError **error)
{
    struct cursor in = cursor_from(frame->payload, frame->len);
    struct tunnel_opened o = { 0 };

    o.stream = cursor_be32(&in);
    o.frame_max = cursor_be32(&in);
    if (!cursor_done(&in) || o.frame_max < TUNNEL_FRAME_MIN || o.frame_max > TUNNEL_FRAME_MAX)
        return error_malformed(error, "the answer to the tunnel's opening is malformed");
    *ret = o;
    return TRUE;
}

void
tunnel_opened_write(const struct tunnel_opened *o, struct builder *out)
{
    builder_be32(out, o->stream);
    builder_be32(out, o->frame_max);
}

/* TRUE when @data is one whole application_data record and nothing else. */
static gboolean
is_one_record(const guint8 *data, gsize len)
{
    struct cursor in = cursor_from(data, len);
    guint8 type = cursor_u8(&in);
    guint16 version = cursor_be16(&in);
    guint16 body = cursor_be16(&in);

    return !in.failed && type == RECORD_TYPE && version == RECORD_VERSION && body > 0
           && body <= RECORD_BODY_MAX && cursor_left(&in) == body;
}

gsize
tunnel_pack(const guint8 *data, gsize len, gsize frame_max, gboolean answer, struct builder *out)
{
    gsize room = frame_max - TUNNEL_HEADER;

    if (is_one_record(data, len) && len - TUNNEL_RECORD_HEADER <= room) {
        tunnel_frame_write(out, TUNNEL_RECORD, data + TUNNEL_RECORD_HEADER,
                           len - TUNNEL_RECORD_HEADER);
        return len;
    }
    tunnel_frame_write(out, answer ? TUNNEL_OK : TUNNEL_DATA, data, MIN(len, room));
    return MIN(len, room);
}

void
tunnel_record_header(gsize len, guint8 ret[static TUNNEL_RECORD_HEADER])
{
    struct builder out = builder_on(ret, TUNNEL_RECORD_HEADER);

    builder_u8(&out, RECORD_TYPE);
    builder_be16(&out, RECORD_VERSION);
    builder_be16(&out, (guint16)len);
}
