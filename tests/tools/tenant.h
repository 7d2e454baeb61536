/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tenant - a client's side of HELLO, ATTACH and RESUME, message by message, for
 * programs that play one which does not keep to the protocol. What cannot go
 * wrong in a test ends the program.
 */
#pragma once

#include "cocotransport/session/client_private.h"
#include "cocotransport/session/launch.h"
#include "cocotransport/session/protocol.h"

struct tenant {
    char *link;                      /* the socket */
    struct policy *policy;
    Provider *provider;
    guint8 uuid[16];
    Tls *tls;
    gint64 deadline;
    guint8 hello[MESSAGE_HEADER + CLAIMS_MAX];
    gsize hello_len;
    guint8 answer[COCO_MESSAGE_MAX]; /* the last one, whole */
    gsize answer_len;
    guint8 message[COCO_MESSAGE_MAX];
    guint8 attach_id[ATTACH_ID_SIZE];
};

#define TENANT_CLOSED (-1)

G_NORETURN void tenant_die(const char *what, const GError *error);
/* Digits of which others are left out. */
void tenant_read_uuid(const char *text, guint8 ret[static 16]);

/* What @link, @policy, @uuid and @platform name; no link is opened. */
void tenant_prepare(struct tenant *t, char *link, const char *policy, const char *uuid,
                    const char *platform);

/* From now on its evidence is that of @platform. */
void tenant_move(struct tenant *t, const char *platform);

/* A handshake of role cocovm, or of role resume with a key and its number. */
Tls *tenant_channel(struct tenant *t);
Tls *tenant_resume_channel(struct tenant *t, const Secret *key, guint64 number);
/* The same; NULL when the other side does not know the key. */
Tls *tenant_try_key(struct tenant *t, const Secret *key, guint64 number);
/* Role operator, which has no evidence. */
Tls *tenant_operator_channel(struct tenant *t, const Secret *key);

/* The honest client's claims. */
struct claims tenant_claims(const struct tenant *t);
void tenant_write_hello(struct tenant *t, const struct claims *c);

/* FALSE: the link is gone. */
gboolean tenant_say(struct tenant *t, const guint8 *message, gsize len);
gboolean tenant_say_code(struct tenant *t, guint16 tag, guint32 code);
/* The code of the next message, unasked receipts left out, or TENANT_CLOSED; of a refusal the
 * words, to be freed. */
int tenant_hear(struct tenant *t, char **ret_words);
/* The same on another channel. */
int tenant_hear_on(struct tenant *t, Tls *tls, char **ret_words);

/* Evidence of this VM over what was said. */
void tenant_evidence(struct tenant *t, Tls *channel, enum schedule_side side, const guint8 *said,
                     gsize len, struct evidence *ret);
/* ATTACH with honest evidence, into @out. */
void tenant_write_attach(struct tenant *t, struct builder *out);
