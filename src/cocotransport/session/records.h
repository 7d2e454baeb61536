/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * records - the bytes under TLS: buffers a non-blocking stream both ways and
 * judges the header of each record that comes in. TLS 1.3 tells receivers to
 * ignore type and version of a protected record (RFC 8446, 5.2), and so the
 * library does; here every byte of a stream has one value it may have, so that
 * nothing a host changes goes unseen.
 */
#pragma once

#include "base/stream.h"

#include <glib.h>
#include <sys/types.h>

struct records {
    Stream *stream;
    gboolean server;
    gboolean bad;            /* a header was refused: the stream is of no more use */
    gboolean ended;
    guint count;             /* records begun */
    guint whole;             /* of them, passed on to their end */
    gboolean open;           /* the handshake is done; until then: */
    gsize sealed;            /* bytes in records that are not in the clear */
    gsize left;              /* of the record at hand, not yet passed on, header included */
    guint8 *in;              /* [in_pos, in_end) is read and not yet passed on */
    gsize in_pos, in_end;
    guint8 *out;             /* [out_pos, out_end) is what the stream did not take yet */
    gsize out_pos, out_end;
    gboolean hold;           /* push() only keeps: what follows goes out in the same write */
};

/* Takes over @stream. */
void records_open(struct records *r, Stream *stream, gboolean server);
void records_close(struct records *r);

/* As GnuTLS wants them: the count, 0 at the end, -1 and errno. */
ssize_t records_pull(struct records *r, void *data, gsize size);
ssize_t records_push(struct records *r, const void *data, gsize size);

/* TRUE when nothing is kept any more; -1 in errno's way is FALSE with errno set (EAGAIN: wait). */
gboolean records_flush(struct records *r);
gboolean records_pending_out(const struct records *r);
/* A whole record is at hand, so that no event on the stream will tell of it. */
gboolean records_pending_in(const struct records *r);
