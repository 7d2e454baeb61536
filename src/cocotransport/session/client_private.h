/* SPDX-License-Identifier: BSD-3-Clause */
/* client_private - the client's struct, for client.c, attach_client.c and resume_client.c only. */
#pragma once

#include "cocotransport/session/attach_client.h"

/* Keys to resume with: [0] made the session at hand (or is all there is), [1] comes from it. */
struct resume_key {
    guint64 number;                  /* 0: none */
    Secret *key;
};

struct Client {
    Tls *tls;                        /* NULL: the link is gone */
    guint8 uuid[16];
    guint8 context[SHA256_SIZE];     /* of role resume */
    struct attachment attachment;
    gboolean attached;               /* the answer to ATTACH came in */
    gboolean burnt;
    struct resume_key keys[2];
    guint64 sent, received;          /* commands and answers; ATTACH is 1 */
    Secret *command;                 /* the last one, as long as its answer is not there */
    gsize command_len;
    Secret *answer;                  /* one that RESUME brought and nobody has received yet */
    gboolean receipt_given;
    struct receipt receipt;
    client_changed changed;          /* may be NULL */
    gpointer changed_data;
};

Client *client_new(void);
/* Number @sent is on its way: kept until its answer comes. */
void client_keep_command(Client *c, const guint8 *message, gsize len);
/* What comes in before an answer, other than it: TRUE when @message was a RECEIPT. FALSE: not one. */
gboolean client_take_receipt(Client *c, const guint8 *message, gsize len);
/* An answer has to be one to what was asked: a TPM's to a TPM command, ours to ours. */
gboolean client_answer_fits(const Client *c, const guint8 *message, gsize len);
/* The answer to what was sent over @tls, which need not be the client's yet, after receipts. @ret and
 * @ret_reason as of client_read_answer(); @what is for words. */
gboolean client_hear_answer(Client *c, Tls *tls, const char *what, gint64 deadline,
                            enum coco_status *ret_status, GBytes **ret, char **ret_reason,
                            GError **error);
void client_lose_link(Client *c);
gboolean client_say_changed(const Client *c, GError **error);

/* TLS over a new link. DENIED: the server does not have this key. */
Tls *client_open_channel(const struct psk_identity *id, const Secret *epsk, attach_connect connect,
                         gpointer data, gint64 deadline, GError **error);
