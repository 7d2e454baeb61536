/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * protocol - what both halves of a session have to agree on beyond the wire
 * formats: labels, the order of fields in HELLO, ATTACH and RESUME, and how
 * evidence is bound to the channel (protocol, sections 5 and 6.2).
 */
#pragma once

#include "cocotransport/session/client.h"
#include "cocotransport/wire/evidence.h"

/* Evidence of @side over what it vouches for, on this channel. */
gboolean protocol_report_data(Tls *tls, enum schedule_side side, const void *claims, gsize len,
                              guint8 ret[static SHA512_SIZE], GError **error);

/* The key for the next session, from this one (section 6.2). */
Secret *protocol_resume_key(Tls *tls, GError **error);

/* HELLO's answer: u32 length of the claims, claims, evidence. */
struct hello_answer {
    const guint8 *claims;            /* as received: what the evidence vouches for */
    gsize claims_len;
    struct cursor evidence;
};
gboolean hello_answer_parse(struct cursor *in, struct hello_answer *ret, GError **error);
void     hello_answer_write(const void *claims, gsize len, const struct evidence *evidence,
                            struct builder *out);

/* ATTACH's answer, up to the event, which is the rest. */
gboolean attachment_parse(struct cursor *in, struct attachment *ret, GError **error);
void     attachment_write(const struct attachment *a, struct builder *out);

/* RESUME: the fixed part, then evidence over it (empty where the launch's evidence is burnt). Its
 * answer: u64 number of the last command that was carried out, then that one's answer, a whole
 * message, where the client has not received it. */
#define RESUME_SIZE (ATTACH_ID_SIZE + 8 + 8)

struct resume {
    guint8  attach_id[ATTACH_ID_SIZE];   /* zeroes: the answer to ATTACH did not come in */
    guint64 sent;                        /* number of the last command; ATTACH is 1 */
    guint64 received;                    /* of the last answer */
};
gboolean resume_parse(struct cursor *in, struct resume *ret, GError **error);
void     resume_write(const struct resume *r, struct builder *out);

/* Certificates are judged by the clock, but never by one before this (the host may set it back). */
gint64 protocol_now(void);
