/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attacks - each gets a whole record and the connection it came on.
 */
#include "config.h"

#include "tests/tools/attacks.h"

#include "base/io.h"
#include "base/keyfile.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BYTE_USEC 500

void
connection_cut(struct connection *c)
{
    io_close(&c->fds[0]);
    io_close(&c->fds[1]);
    c->dead = TRUE;
}

/* Towards the other side of @d, as it would arrive without us. */
static void
forward(struct connection *c, enum direction d, const guint8 *data, gsize len)
{
    while (len > 0 && !c->dead) {
        ssize_t n = send(c->fds[1 - d], data, len, MSG_NOSIGNAL);

        if (n <= 0) {
            connection_cut(c);
            return;
        }
        data += n;
        len -= (gsize)n;
    }
}

void
forward_record(struct connection *c, enum direction d, GBytes *record)
{
    forward(c, d, g_bytes_get_data(record, NULL), g_bytes_get_size(record));
}

static void
act_drop(struct connection *c, enum direction d, GBytes *record,
         const char *argument)
{
    (void)c, (void)d, (void)record, (void)argument;
}

static void
act_dup(struct connection *c, enum direction d, GBytes *record,
        const char *argument)
{
    (void)argument;
    forward_record(c, d, record);
    forward_record(c, d, record);
}

static void
act_swap(struct connection *c, enum direction d, GBytes *record,
         const char *argument)
{
    (void)argument;
    g_clear_pointer(&c->held[d], g_bytes_unref);
    c->held[d] = g_bytes_ref(record);
}

static void
act_reflect(struct connection *c, enum direction d, GBytes *record,
            const char *argument)
{
    (void)argument;
    forward_record(c, 1 - d, record);
}

static void
act_cut(struct connection *c, enum direction d, GBytes *record,
        const char *argument)
{
    (void)d, (void)record, (void)argument;
    connection_cut(c);
}

static void
act_cut_after(struct connection *c, enum direction d, GBytes *record,
              const char *argument)
{
    (void)argument;
    forward_record(c, d, record);
    connection_cut(c);
}

static void
act_delay(struct connection *c, enum direction d, GBytes *record,
          const char *argument)
{
    g_usleep((gulong)atoi(argument) * 1000);
    forward_record(c, d, record);
}

static void
act_trunc(struct connection *c, enum direction d, GBytes *record,
          const char *argument)
{
    forward(c, d, g_bytes_get_data(record, NULL),
            MIN((gsize)atoi(argument), g_bytes_get_size(record)));
    connection_cut(c);
}

static void
act_flip(struct connection *c, enum direction d, GBytes *record,
         const char *argument)
{
    gsize len = g_bytes_get_size(record);
    g_autofree guint8 *copy = g_memdup2(g_bytes_get_data(record, NULL), len);

    copy[(gsize)atoi(argument) % len] ^= 1;
    forward(c, d, copy, len);
}

GBytes *
attack_bytes(const char *hex)
{
    gsize len = strlen(hex) / 2;
    guint8 *bytes = g_malloc0(MAX(len, 1));

    if (!hex_decode(hex, bytes, len, NULL)) {
        g_free(bytes);
        return NULL;
    }
    return g_bytes_new_take(bytes, len);
}

static void
act_inject(struct connection *c, enum direction d, GBytes *record,
           const char *argument)
{
    g_autoptr(GBytes) own = attack_bytes(argument);

    if (own)
        forward_record(c, d, own);
    forward_record(c, d, record);
}

static void
act_bytes(struct connection *c, enum direction d, GBytes *record,
          const char *argument)
{
    gsize len;
    const guint8 *data = g_bytes_get_data(record, &len);

    (void)argument;
    for (gsize i = 0; i < len; i++) {
        forward(c, d, data + i, 1);
        g_usleep(BYTE_USEC);
    }
}

static void
act_half(struct connection *c, enum direction d, GBytes *record,
         const char *argument)
{
    (void)argument;
    forward_record(c, d, record);
    if (!c->dead)
        shutdown(c->fds[1 - d], SHUT_WR);
}

static const struct action actions[] = {
    { "drop", FALSE, act_drop },       { "dup", FALSE, act_dup },
    { "swap", FALSE, act_swap },       { "reflect", FALSE, act_reflect },
    { "cut", FALSE, act_cut },         { "cut-after", FALSE, act_cut_after },
    { "delay", TRUE, act_delay },      { "trunc", TRUE, act_trunc },
    { "flip", TRUE, act_flip },        { "inject", TRUE, act_inject },
    { "bytes", FALSE, act_bytes },     { "half", FALSE, act_half },
};

const struct action *
attack_find(const char *name, gboolean argued)
{
    for (guint i = 0; i < G_N_ELEMENTS(actions); i++)
        if (strcmp(actions[i].name, name) == 0 && (argued || !actions[i].needs_argument))
            return &actions[i];
    return NULL;
}
