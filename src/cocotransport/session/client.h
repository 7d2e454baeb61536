/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * client - the CoCoVM's half of an attached session: commands out, answers in,
 * counted so that none is lost or run twice when the link is cut (protocol,
 * section 6.2). Belongs to one thread; waits only where its name says so.
 */
#pragma once

#include "base/builder.h"
#include "cocotransport/session/tls.h"
#include "cocotransport/wire/claims.h"
#include "cocotransport/wire/message.h"
#include "cocotransport/wire/receipt.h"

#define ATTACH_ID_SIZE 32

typedef struct Client Client;

/* What ATTACH returned, and what the server said of itself. */
struct attachment {
    guint8  attach_id[ATTACH_ID_SIZE];
    guint64 epoch;
    guint8  lineage[16];
    guint8  localities;              /* bit n: locality n may be set */
    GBytes *event;                   /* TCG_PCR_EVENT2 of PCR 0 (wire/eventlog.h makes a log of it) */
    struct claims server;
};

void client_free(Client *c);         /* without DETACH: the TPM stays suspended; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)

const struct attachment *client_attachment(const Client *c);
/* The newest receipt that came in; NULL when none did. */
const struct receipt *client_receipt(const Client *c);

/*
 * For main loops: send one message (a TPM command or a CoCoTPM command), then
 * receive until DONE whenever client_fd() shows client_events(). One command at
 * a time; CANCEL may be sent between. CLOSED or FAILED from any of these means
 * that the link is gone: resume_client_run(), after which client_receive()
 * goes on waiting for the answer to the same command.
 */
/* To be asked for anew before each wait, and after client_send() where a wait goes on: it tells of
 * what came in during client_send(), too. */
int client_fd(const Client *c);
short client_events(const Client *c);
/* What client_receive() has at hand, so that client_fd() will not tell of it. */
gboolean client_pending(const Client *c);
enum tls_result client_send(Client *c, const guint8 *message, gsize len, GError **error);
enum tls_result client_receive(Client *c, guint8 ret[static COCO_MESSAGE_MAX], gsize *ret_len,
                               GError **error);
enum tls_result client_cancel(Client *c, GError **error);

/* Waits for the answer to what was sent. FALSE: none until @deadline, or the link is gone. */
gboolean client_receive_until(Client *c, guint8 ret[static COCO_MESSAGE_MAX], gsize *ret_len,
                              gint64 deadline, GError **error);
/* TRUE: a command was sent, and client_receive() has its answer still to come. */
gboolean client_waiting(const Client *c);

/* Sends a CoCoTPM command, as client_send() does. */
enum tls_result client_ask(Client *c, enum coco_command code, const guint8 *body, gsize len,
                           GError **error);
/* Of an answer that was received: the status in @ret_status, the body in @ret (may be NULL).
 * FALSE: it was none. @ret_reason: words of a refusal, to be freed. */
gboolean client_read_answer(const guint8 *message, gsize len, enum coco_status *ret_status,
                            GBytes **ret, char **ret_reason, GError **error);

/* Both, waiting between. FALSE: the link is gone, too. */
gboolean client_request(Client *c, enum coco_command code, const guint8 *body, gsize len,
                        gint64 deadline, enum coco_status *ret_status, GBytes **ret,
                        char **ret_reason, GError **error);

/* The state needed to resume from another process (--resume FILE), secret, of CLIENT_SAVED_MAX
 * bytes at most; and back, without a link: NULL when these bytes are none. */
#define CLIENT_SAVED_MAX (1024 + 2 * COCO_MESSAGE_MAX)
void client_save(const Client *c, struct builder *out);
Client *client_load(const guint8 *saved, gsize len, GError **error);
/* To be saved again: keys or numbers have changed. Called before a command leaves, so that what is
 * saved never is behind the CoCoTPM; FALSE: it does not leave. */
typedef gboolean (*client_changed)(const Client *c, gpointer data, GError **error);
void client_on_change(Client *c, client_changed changed, gpointer data);
