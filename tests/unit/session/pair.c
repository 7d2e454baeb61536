/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "pair.h"

#include "cocotransport/wire/message.h"

#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

Secret *
pair_key(guint8 fill)
{
    Secret *s = secret_new(PSK_SIZE);

    memset(secret_bytes(s), fill, PSK_SIZE);
    return s;
}

static Secret *
lookup(gpointer data, const guint8 *identity, gsize len, gboolean *ret_known)
{
    struct pair *p = data;

    *ret_known = p->server_psk != NULL && len == strlen(PAIR_IDENTITY) &&
                 memcmp(identity, PAIR_IDENTITY, len) == 0;
    return p->server_psk != NULL ? secret_copy(secret_peek(p->server_psk), PSK_SIZE) : NULL;
}

void
pair_open(struct pair *p, const Secret *client_psk, const Secret *server_psk)
{
    int c[2], s[2];

    memset(p, 0, sizeof(*p));
    p->host.side = -1;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s), 0);
    p->host.ends[0] = c[1];
    p->host.ends[1] = s[1];
    if (server_psk != NULL)
        p->server_psk = secret_copy(secret_peek(server_psk), secret_len(server_psk));
    p->client = tls_client_new(stream_new(c[0]), (const guint8 *)PAIR_IDENTITY, strlen(PAIR_IDENTITY),
                               client_psk, NULL);
    p->server = tls_server_new(s[0], lookup, p, NULL);
    ck_assert(p->client != NULL && p->server != NULL);
}

void
pair_close(struct pair *p)
{
    tls_free(p->client);
    tls_free(p->server);
    close(p->host.ends[0]);
    close(p->host.ends[1]);
    secret_free(p->server_psk);
}

gboolean
pair_carry(struct pair *p)
{
    gboolean moved = FALSE;

    for (int side = 0; side < 2; side++) {
        guint8 bytes[20000];
        const ssize_t n = recv(p->host.ends[side], bytes, sizeof(bytes), MSG_DONTWAIT);
        struct pair_host *h = &p->host;

        if (n <= 0)
            continue;
        if (side == h->side && h->at >= h->passed[side] && h->at < h->passed[side] + (gsize)n)
            bytes[h->at - h->passed[side]] ^= h->mask;
        h->passed[side] += (gsize)n;
        (void)!send(h->ends[!side], bytes, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
        moved = TRUE;
    }
    return moved;
}

void
pair_shake(struct pair *p, enum tls_result *ret_client, enum tls_result *ret_server)
{
    enum tls_result client = TLS_AGAIN, server = TLS_AGAIN;

    do {
        if (client == TLS_AGAIN)
            client = tls_handshake(p->client, NULL);
        if (server == TLS_AGAIN)
            server = tls_handshake(p->server, NULL);
    } while (pair_carry(p));
    *ret_client = client;
    *ret_server = server;
}

gboolean
pair_message(struct pair *p, Tls *from, Tls *to, const char *text)
{
    guint8 buffer[COCO_MESSAGE_MAX];
    gsize len;

    if (tls_send(from, (const guint8 *)text, strlen(text), NULL) != TLS_DONE)
        return FALSE;
    (void)pair_carry(p);
    return tls_receive(to, buffer, sizeof(buffer), &len, NULL) == TLS_DONE &&
           len == strlen(text) && memcmp(buffer, text, len) == 0;
}
