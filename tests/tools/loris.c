/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * loris - a crowd in front of a CoCoTPM: connections that say nothing, that say
 * a byte a second, or that stop in the middle of a handshake; those that are
 * closed are opened again. With --flood every connection says its first message
 * and is opened anew as soon as it was answered or closed.
 *
 *   loris --to tcp:ADDRESS:PORT --count N --hello FILE [--flood]
 *
 * FILE holds a ClientHello. Says "crowded" once as soon as N connections are
 * open or waiting to be accepted at once. Runs until SIGTERM, then prints how
 * many connections there were, and how many were answered.
 */
#include "config.h"

#include "base/io.h"
#include "base/options.h"
#include "cocotransport/link/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define COUNT_MAX 4000
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
    struct sockaddr_in to;
    GBytes *hello;
    gboolean crowded;
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

/* As many as are wanted wait at the same time, so none of them is waited for. */
static void
open_one(struct crowd *c, guint i)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&c->to, sizeof(c->to)) < 0
        && errno != EINPROGRESS)
        io_close(&fd);
    c->polls[i] = (struct pollfd){ fd, POLLOUT, 0 };
    c->said[i] = 0;
}

static void
opened(struct crowd *c, guint i)
{
    int error = 0;
    socklen_t len = sizeof(error);

    if (getsockopt(c->polls[i].fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error != 0) {
        io_close(&c->polls[i].fd);
        return;
    }
    c->polls[i].events = POLLIN;
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
    if (c->polls[i].events == POLLOUT) {
        opened(c, i);
        return;
    }
    n = recv(c->polls[i].fd, answer, sizeof(answer), MSG_DONTWAIT);
    c->answered += n > 0 ? 1 : 0;
    if (n <= 0 || c->config->flood)
        io_close(&c->polls[i].fd);
}

static void
say_crowded(struct crowd *c)
{
    guint there = 0;

    for (guint i = 0; i < c->config->count; i++)
        there += c->polls[i].fd >= 0;
    if (c->crowded || there < c->config->count)
        return;
    c->crowded = TRUE;
    puts("crowded");
    fflush(stdout);
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
        say_crowded(c);
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

static gboolean
address_parse(const char *text, struct sockaddr_in *ret, GError **error)
{
    struct link_address a;
    gboolean good;

    if (!link_address_parse(text, &a, error))
        return FALSE;
    *ret = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((guint16)a.port) };
    good = a.kind == LINK_TCP && inet_pton(AF_INET, a.host, &ret->sin_addr) == 1;
    link_address_clear(&a);
    return good;
}

static gboolean
prepare(struct crowd *c, struct config *config, int argc, char **argv, GError **error)
{
    if (!options_parse(rows, argc, argv, config, NULL, error) || !config->to || !config->hello
        || config->count == 0 || config->count > COUNT_MAX
        || !address_parse(config->to, &c->to, error)
        || !(c->hello = io_read_file(config->hello, 4096, error)))
        return FALSE;
    c->config = config;
    for (guint i = 0; i < config->count; i++)
        c->polls[i].fd = -1;
    return TRUE;
}

int
main(int argc, char **argv)
{
    g_autofree struct crowd *crowd = g_new0(struct crowd, 1);
    struct config config = { 0 };
    const struct sigaction action = { .sa_handler = on_term };
    g_autoptr(GError) error = NULL;
    const gboolean good = prepare(crowd, &config, argc, argv, &error);

    if (good) {
        sigaction(SIGTERM, &action, NULL);
        run(crowd);
        printf("%" G_GUINT64_FORMAT " connections, %" G_GUINT64_FORMAT " answered\n",
               crowd->opened, crowd->answered);
    } else {
        fprintf(stderr, "loris: %s\n", error ? error->message : "an option is missing");
    }
    g_clear_pointer(&crowd->hello, g_bytes_unref);
    options_clear(rows, &config);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
