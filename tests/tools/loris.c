/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * loris - a crowd in front of a CoCoTPM: connections that say nothing, that say
 * a byte a second, or that stop in the middle of a handshake; those that are
 * closed are opened again. With --flood every connection says its first message
 * and is opened anew as soon as it was answered or closed.
 *
 *   loris --to ADDRESS --count N --hello FILE [--flood]
 *
 * FILE holds a ClientHello. Runs until SIGTERM, then prints how many
 * connections there were, and how many were answered.
 */
#include "config.h"

#include "base/io.h"
#include "base/options.h"
#include "cocotransport/link/link.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define COUNT_MAX 4000
#define CONNECT_MS 20
#define OPENED_AT_ONCE 50

struct config {
    char *to, *hello;
    guint count;
    gboolean flood;
};

static const struct option_row rows[] = {
    { "to", 0, OPTION_STRING, offsetof(struct config, to), "ADDRESS", "of the CoCoTPM" },
    { "hello", 0, OPTION_STRING, offsetof(struct config, hello), "FILE", "a ClientHello" },
    { "count", 0, OPTION_UINT, offsetof(struct config, count), "N", "connections at a time" },
    { "flood", 0, OPTION_FLAG, offsetof(struct config, flood), NULL, "as fast as possible" },
    { 0 }
};

/* What a connection does is its number modulo three. */
enum manner { SILENT, SLOW, HALF };

struct crowd {
    const struct config *config;
    struct link_address to;
    GBytes *hello;
    struct pollfd polls[COUNT_MAX];
    gsize said[COUNT_MAX];           /* bytes of the hello */
    guint64 opened, answered;
};

static volatile sig_atomic_t ended;

static void
on_term(int number)
{
    (void)number;
    ended = 1;
}

static void
say(struct crowd *c, guint i, gsize len)
{
    gsize size;
    const guint8 *hello = g_bytes_get_data(c->hello, &size);
    ssize_t n;

    len = MIN(len, size - c->said[i]);
    n = len == 0 ? 0 : send(c->polls[i].fd, hello + c->said[i], len, MSG_NOSIGNAL | MSG_DONTWAIT);
    c->said[i] += n > 0 ? (gsize)n : 0;
}

static void
open_one(struct crowd *c, guint i)
{
    const gint64 deadline = g_get_monotonic_time() + CONNECT_MS * 1000;

    c->polls[i] = (struct pollfd){ link_connect(&c->to, deadline, NULL), POLLIN, 0 };
    c->said[i] = 0;
    if (c->polls[i].fd < 0)
        return;
    c->opened++;
    if (c->config->flood)
        say(c, i, G_MAXSIZE);
    else if (i % 3 == HALF)
        say(c, i, g_bytes_get_size(c->hello) / 2);
}

static void
look_at(struct crowd *c, guint i)
{
    guint8 answer[4096];
    ssize_t n;

    if (c->polls[i].fd < 0 || c->polls[i].revents == 0)
        return;
    n = recv(c->polls[i].fd, answer, sizeof(answer), MSG_DONTWAIT);
    c->answered += n > 0 ? 1 : 0;
    if (n <= 0 || c->config->flood)
        io_close(&c->polls[i].fd);
}

static void
run(struct crowd *c)
{
    gint64 next = g_get_monotonic_time();

    while (!ended) {
        guint room = OPENED_AT_ONCE;

        for (guint i = 0; i < c->config->count && room > 0 && !ended; i++)
            if (c->polls[i].fd < 0) {
                open_one(c, i);
                room--;
            }
        (void)poll(c->polls, c->config->count, c->config->flood ? 10 : 100);
        for (guint i = 0; i < c->config->count; i++)
            look_at(c, i);
        if (c->config->flood || g_get_monotonic_time() < next)
            continue;
        next += G_USEC_PER_SEC;
        for (guint i = SLOW; i < c->config->count; i += 3)
            if (c->polls[i].fd >= 0)
                say(c, i, 1);
    }
}

int
main(int argc, char **argv)
{
    g_autofree struct crowd *crowd = g_new0(struct crowd, 1);
    struct config config = { 0 };
    const struct sigaction action = { .sa_handler = on_term };
    g_autoptr(GError) error = NULL;

    if (!options_parse(rows, argc, argv, &config, NULL, &error) || !config.to || !config.hello
        || config.count == 0 || config.count > COUNT_MAX
        || !link_address_parse(config.to, &crowd->to, &error)
        || !(crowd->hello = io_read_file(config.hello, 4096, &error))) {
        fprintf(stderr, "loris: %s\n", error ? error->message : "an option is missing");
        return EXIT_FAILURE;
    }
    sigaction(SIGTERM, &action, NULL);
    crowd->config = &config;
    for (guint i = 0; i < config.count; i++)
        crowd->polls[i].fd = -1;
    run(crowd);
    printf("%" G_GUINT64_FORMAT " connections, %" G_GUINT64_FORMAT " answered\n", crowd->opened,
           crowd->answered);
    return 0;
}
