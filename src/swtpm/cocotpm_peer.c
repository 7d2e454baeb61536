/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_peer - a link from its first byte until it is attached: reads one
 * message at a time, asks the table of roles, hands it to its handler. States
 * and their drawing: session/roles.h.
 */
#include <config.h>

#include "swtpm/cocotpm_private.h"

#include "base/error.h"

#include <glib-unix.h>
#include <poll.h>
#include <string.h>

#define MESSAGES_AT_ONCE 8
#define EVENTS_AT_ONCE 60            /* lines of the log, then one a second */

static gboolean on_io(gint fd, GIOCondition condition, gpointer data);

Peer *
peer_ref(Peer *p)
{
    p->refs++;
    return p;
}

void
peer_unref(Peer *p)
{
    if (--p->refs > 0)
        return;
    tls_free(p->tls);
    g_clear_pointer(&p->hello, g_bytes_unref);
    g_clear_pointer(&p->claims, g_bytes_unref);
    if (p->in != NULL)
        gnutls_memset(p->in, 0, COCO_MESSAGE_MAX);
    if (p->out != NULL)
        gnutls_memset(p->out, 0, COCO_MESSAGE_MAX);
    if (p->early != NULL)
        gnutls_memset(p->early, 0, COCO_MESSAGE_MAX);
    g_free(p->in);
    g_free(p->out);
    g_free(p->early);
    g_free(p);
}

static void
say(Peer *p, const char *why)
{
    guint dropped;

    if (why == NULL || !log_limit_pass(&p->c->refusals, 1, &dropped))
        return;
    if (dropped > 0)
        g_message("%u lines about refused links were left out", dropped);
    g_message("link refused: %s", why);
}

void
peer_event(Cocotpm *c, const char *format, ...)
{
    guint dropped;
    va_list args;

    if (!log_limit_burst(&c->events, 1, EVENTS_AT_ONCE, &dropped))
        return;
    if (dropped > 0)
        g_message("%u lines about links and the operator were left out", dropped);
    va_start(args, format);
    g_logv(G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, format, args);
    va_end(args);
}

void
peer_unwatch(Peer *p)
{
    if (p->watch != 0)
        g_source_remove(p->watch);
    p->watch = 0;
}

void
peer_established(Peer *p)
{
    if (p->timer != 0)
        g_source_remove(p->timer);
    p->timer = 0;
}

void
peer_close(Peer *p, const char *why)
{
    if (p->closed)
        return;
    say(p, why);
    p->closed = TRUE;
    peer_unwatch(p);
    peer_established(p);
    g_ptr_array_remove(p->c->peers, p);
    peer_unref(p);
}

/* Watches for reading always, for writing while something waits. */
void
peer_watch(Peer *p)
{
    const short events = tls_events(p->tls);
    GIOCondition condition = G_IO_IN;

    if (p->watch != 0 && p->watched == events)
        return;
    peer_unwatch(p);
    if (events & POLLOUT)
        condition |= G_IO_OUT;
    p->watched = events;
    p->watch = g_unix_fd_add(tls_fd(p->tls), condition, on_io, p);
}

void
peer_send(Peer *p, const guint8 *message, gsize len)
{
    g_autoptr(GError) error = NULL;

    if (p->closed)
        return;
    if (tls_send(p->tls, message, len, &error) != TLS_DONE) {
        peer_close(p, error != NULL ? error->message : NULL);
        return;
    }
    (void)tls_flush(p->tls, NULL);
}

void
peer_refuse(Peer *p, enum coco_status status, const char *reason)
{
    guint8 message[1024];
    struct builder b = builder_on(message, sizeof(message));

    message_refusal_write(&b, status, reason);
    peer_send(p, message, builder_len(&b));
    peer_close(p, reason);
}

void
peer_refuse_error(Peer *p, enum coco_status status, const GError *error)
{
    peer_refuse(p, status, error->message);
}

static gboolean
on_timeout(gpointer data)
{
    Peer *p = data;

    p->timer = 0;
    peer_close(p, "no attach within the time-out");
    return G_SOURCE_REMOVE;
}

Peer *
peer_new(Cocotpm *c, int fd, GError **error)
{
    Tls *tls = tls_server_new(fd, cocotpm_find_key, c, error);
    Peer *p;

    if (tls == NULL)
        return NULL;
    p = g_new0(Peer, 1);
    p->refs = 1;
    p->c = c;
    p->tls = tls;
    p->state = PEER_HANDSHAKE;
    p->source.ops = &serve_ops;
    p->source.fd = fd;
    p->in = g_malloc0(COCO_MESSAGE_MAX);
    p->out = g_malloc0(COCO_MESSAGE_MAX);
    p->timer = g_timeout_add_seconds(c->options.timeout, on_timeout, p);
    g_ptr_array_add(c->peers, p);
    peer_watch(p);

    return p;
}

/* Too many operators: the one that came first goes. */
static void
make_operator_room(Cocotpm *c, const Peer *newest)
{
    guint count = 0;
    Peer *oldest = NULL;

    for (guint i = 0; i < c->peers->len; i++) {
        Peer *p = c->peers->pdata[i];

        if (p == newest || p->role != ROLE_OPERATOR)
            continue;
        if (oldest == NULL)
            oldest = p;
        count++;
    }
    if (count >= OPERATORS_MAX)
        peer_close(oldest, "too many operators");
}

static gboolean
shaken(Peer *p, GError **error)
{
    gsize len;
    const guint8 *identity = tls_identity(p->tls, &len);
    struct psk_identity id;

    if (!psk_identity_parse(identity, len, &id, error))
        return FALSE;
    p->role = id.role;
    p->key_number = id.number;
    p->state = PEER_OPEN;
    if (p->role == ROLE_OPERATOR) {
        make_operator_room(p->c, p);
        peer_established(p);
    }
    return TRUE;
}

static void
dispatch(Peer *p, gsize len)
{
    g_autoptr(GError) error = NULL;
    struct message_header h;
    const struct role_row *row = roles_find(p->role, p->state, p->in, len, &h, &error);
    struct cursor body;

    if (row == NULL) {
        peer_refuse_error(p, error->code == COCO_ERROR_MALFORMED ? COCO_MALFORMED
                                                                 : COCO_WRONG_STATE, error);
        return;
    }
    body = cursor_from(p->in + MESSAGE_HEADER, len - MESSAGE_HEADER);
    switch (row->code) {
    case COCO_HELLO:
        peer_hello(p, body, p->in, len);
        break;
    case COCO_ATTACH:
        peer_attach(p, body);
        break;
    case COCO_INFO:
        peer_info(p);
        break;
    case COCO_RESUME:
        peer_resume(p, body);
        break;
    default:
        peer_operator(p, row->code);
    }
}

/* One step: a part of the handshake, or one message. TRUE: there may be more. */
static gboolean
step(Peer *p, GError **error)
{
    enum tls_result result;
    gsize len;

    if (p->state == PEER_HANDSHAKE) {
        result = tls_handshake(p->tls, error);
        if (result == TLS_DONE)
            return shaken(p, error);
    } else {
        result = tls_receive(p->tls, p->in, COCO_MESSAGE_MAX, &len, error);
        if (result == TLS_DONE) {
            dispatch(p, len);
            return TRUE;
        }
    }
    if (result == TLS_CLOSED)
        peer_close(p, NULL);
    return FALSE;
}

static gboolean
reads(const Peer *p)
{
    return !p->closed && (p->state & (PEER_HANDSHAKE | PEER_OPEN | PEER_GREETED)) != 0;
}

/* Stays bounded: the rest is looked at when the loop comes round again. */
static void
go_on(Peer *p)
{
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < MESSAGES_AT_ONCE && reads(p) && step(p, &error); i++)
        ;
    if (error != NULL)
        peer_close(p, error->message);
}

static gboolean
on_again(gpointer data)
{
    Peer *p = data;

    if (reads(p)) {
        go_on(p);
        if (reads(p))
            peer_watch(p);
    }
    if (reads(p) && tls_pending(p->tls))
        return G_SOURCE_CONTINUE;
    peer_unref(p);
    return G_SOURCE_REMOVE;
}

static gboolean
on_io(gint fd, GIOCondition condition, gpointer data)
{
    Peer *p = peer_ref(data);
    guint watch = p->watch;

    (void)fd;
    (void)condition;
    if (tls_flush(p->tls, NULL) == TLS_CLOSED)
        peer_close(p, NULL);
    go_on(p);
    if (reads(p))
        peer_watch(p);
    else if (!p->closed)
        peer_unwatch(p);
    /* What TLS holds already raises no event: looked at until it holds nothing. */
    if (reads(p) && tls_pending(p->tls))
        g_idle_add(on_again, peer_ref(p));
    watch = p->watch == watch ? watch : 0;
    peer_unref(p);

    return watch != 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}
