/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tunnel - frames of the in-band tunnel: a link's bytes inside TPM commands
 * with vendor codes, so that they pass through the guest's TPM driver and
 * QEMU's TPM device (protocol, section 8). One frame is one exchange.
 */
#pragma once

#include "base/builder.h"
#include "base/cursor.h"

#include <glib.h>

#define TUNNEL_HEADER 10
/* The longest frame any device takes (TIS); CRB takes 3968. */
#define TUNNEL_FRAME_MAX 4096
#define TUNNEL_FRAME_MIN 1024
/* What a record carries in front of its body: type, version, length. */
#define TUNNEL_RECORD_HEADER 5

enum tunnel_code {
    TUNNEL_DATA = 0x2000c0c0,    /* bytes of the stream; in an answer: code 0 */
    TUNNEL_RECORD = 0x2000c0c1,  /* one application_data record without its header */
    TUNNEL_POLL = 0x2000c0c2,    /* no payload */
    TUNNEL_OPEN = 0x2000c0c3,    /* u32 stream number */
    TUNNEL_CLOSE = 0x2000c0c4,   /* no payload */
};

/* Codes of an answer besides TUNNEL_RECORD: bytes (maybe none); the stream has ended. */
#define TUNNEL_OK 0
#define TUNNEL_ENDED 0x2000c0cf

struct tunnel_frame {
    guint32 code;
    const guint8 *payload;       /* inside what was parsed */
    gsize len;
};

/* @data is one whole frame. Fails on a foreign tag, a size other than @len, an unknown code,
 * or a payload where none belongs. */
gboolean tunnel_request_parse(const void *data, gsize len, struct tunnel_frame *ret,
                              GError **error);
gboolean tunnel_answer_parse(const void *data, gsize len, struct tunnel_frame *ret,
                             GError **error);

/* TRUE for a code that belongs to the tunnel: no TPM command of the guest's. */
gboolean tunnel_code_known(guint32 code);

void tunnel_frame_write(struct builder *out, guint32 code, const void *payload, gsize len);

/* The payload of OPEN's answer: which stream, and the largest frame either way. */
struct tunnel_opened {
    guint32 stream;
    guint32 frame_max;
};
gboolean tunnel_opened_parse(const struct tunnel_frame *frame, struct tunnel_opened *ret,
                             GError **error);
void     tunnel_opened_write(const struct tunnel_opened *o, struct builder *out);

/*
 * How the bytes waiting in a stream travel best in a frame of at most
 * @frame_max bytes: exactly one whole application_data record goes without its
 * header, anything else as it is, as much as fits. Writes the frame and returns
 * how many of the @len bytes went into it. @answer: of the two codes for bytes.
 */
gsize tunnel_pack(const guint8 *data, gsize len, gsize frame_max, gboolean answer,
                  struct builder *out);

/* The five bytes in front of a record whose body has @len bytes. */
void tunnel_record_header(gsize len, guint8 ret[static TUNNEL_RECORD_HEADER]);
