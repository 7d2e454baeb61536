/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tunnel frames, both ways: what parses, written back, is the same; and any
 * bytes of a stream that are packed come out of the frame as they went in.
 */
#include "config.h"

#include "cocotransport/wire/tunnel.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same_again(const struct tunnel_frame *f, const uint8_t *data, size_t size)
{
    guint8 memory[TUNNEL_FRAME_MAX];
    struct builder b = builder_on(memory, sizeof(memory));

    tunnel_frame_write(&b, f->code, f->payload, f->len);
    if (b.failed || builder_len(&b) != size || memcmp(memory, data, size) != 0)
        abort();
}

static void
opened_again(const struct tunnel_frame *f)
{
    guint8 memory[8];
    struct builder b = builder_on(memory, sizeof(memory));
    struct tunnel_opened o;

    if (!tunnel_opened_parse(f, &o, NULL))
        return;
    tunnel_opened_write(&o, &b);
    if (b.failed || f->len != sizeof(memory) || memcmp(memory, f->payload, f->len) != 0)
        abort();
}

/* What a frame of this size holds of the stream, once its record has its header again. */
static void
unpack(const uint8_t *data, gsize taken, const guint8 *frame, gsize len, gboolean answer)
{
    guint8 header[TUNNEL_RECORD_HEADER];
    struct tunnel_frame f;
    gsize skip = 0;

    if (!(answer ? tunnel_answer_parse : tunnel_request_parse)(frame, len, &f, NULL))
        abort();
    if (f.code == TUNNEL_RECORD) {
        tunnel_record_header(f.len, header);
        skip = sizeof(header);
        if (taken < skip || memcmp(header, data, skip) != 0)
            abort();
    }
    if (f.len != taken - skip || memcmp(f.payload, data + skip, f.len) != 0)
        abort();
}

static void
pack(const uint8_t *data, size_t size, gsize frame_max, gboolean answer)
{
    guint8 memory[TUNNEL_FRAME_MAX];

    for (gsize at = 0; at < size;) {
        struct builder b = builder_on(memory, sizeof(memory));
        gsize taken = tunnel_pack(data + at, size - at, frame_max, answer, &b);

        if (b.failed || taken == 0 || taken > size - at || builder_len(&b) > frame_max)
            abort();
        unpack(data + at, taken, memory, builder_len(&b), answer);
        at += taken;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tunnel_frame f;

    if (tunnel_request_parse(data, size, &f, NULL)) {
        if (!tunnel_code_known(f.code))
            abort();
        same_again(&f, data, size);
    }
    if (tunnel_answer_parse(data, size, &f, NULL)) {
        same_again(&f, data, size);
        opened_again(&f);
    }
    pack(data, size, TUNNEL_FRAME_MIN, FALSE);
    pack(data, size, TUNNEL_FRAME_MAX, TRUE);
    return 0;
}
