/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attacker - the host as an enemy: a relay that does to the bytes it carries
 * what it is told. It sees a stream as records (TLS, or TPM messages with
 * --plain) and keeps all it has seen. Doing nothing, it is a faithful relay.
 *
 *   attacker --listen ADDRESS --to ADDRESS --control PATH [--plain] [--record FILE]
 *
 * Orders are lines on the control socket, each answered with a line:
 *
 *   DIR WHEN ACTION [ARGUMENT]   DIR c (from the client) or s (from the server); WHEN next, the
 *                                number of a record of the next connection, from 0, or over:N
 *                                for the next one of more than N bytes
 *       drop | dup | swap | reflect | cut | cut-after | delay MS | trunc LEN | flip OFFSET
 *       | inject HEX | bytes (each sent alone) | half (no more comes from there)
 *   replay DIR CONNECTION RECORD an old record, sent on the newest connection
 *   send DIR HEX                 bytes of one's own, sent on the newest connection
 *   cut                          every connection, now
 *   refuse on|off                new connections are closed at once
 *   redirect ADDRESS             where new connections go
 *   connections | records DIR    how many there were; records of the newest connection
 *   pending                      orders that no record has met yet
 */
#include "config.h"

#include "tests/tools/attacks.h"
#include "base/cursor.h"
#include "base/io.h"
#include "base/options.h"
#include "cocotransport/link/link.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_SECONDS 30
#define READ_SIZE 16384
#define OVER "over:"

struct order {
    enum direction direction;
    int record;                      /* -1: the next one */
    gsize over;                      /* that is longer */
    const struct action *action;
    char *argument;
};

struct attacker {
    struct link_address to;
    int listener, control;
    GPtrArray *connections;          /* of struct connection *, dead ones too */
    GPtrArray *orders;
    gboolean plain, refuse;
    FILE *record;
};

/* ---- records ---- */

/* The length of the record at the start; 0 while it is not known or not whole. */
static gsize
record_length(const struct attacker *a, const GByteArray *data)
{
    struct cursor in = cursor_from(data->data, data->len);
    gsize len;

    if (a->plain) {
        cursor_be16(&in);
        len = cursor_be32(&in);
    } else {
        cursor_u8(&in);
        cursor_be16(&in);
        len = cursor_be16(&in) + 5u;
    }
    return !in.failed && len <= data->len ? len : 0;
}

static struct order *
order_take(struct attacker *a, enum direction d, guint record, gsize len)
{
    for (guint i = 0; i < a->orders->len; i++) {
        struct order *o = a->orders->pdata[i];

        if (o->direction == d && len > o->over && (o->record < 0 || o->record == (int)record))
            return g_ptr_array_steal_index(a->orders, i);
    }
    return NULL;
}

static void
order_free(gpointer data)
{
    struct order *o = data;

    g_free(o->argument);
    g_free(o);
}

static void
record_done(struct attacker *a, struct connection *c, enum direction d, GBytes *record)
{
    guint number = c->seen[d]->len;
    GBytes *held = g_steal_pointer(&c->held[d]);
    struct order *o = order_take(a, d, number, g_bytes_get_size(record));

    g_ptr_array_add(c->seen[d], g_bytes_ref(record));
    if (a->record) {
        fwrite(g_bytes_get_data(record, NULL), 1, g_bytes_get_size(record), a->record);
        fflush(a->record);
    }
    if (o) {
        o->action->run(c, d, record, o->argument);
        order_free(o);
    } else {
        forward_record(c, d, record);
    }
    if (held) {
        forward_record(c, d, held);
        g_bytes_unref(held);
    }
}

static void
take_bytes(struct attacker *a, struct connection *c, enum direction d)
{
    guint8 chunk[READ_SIZE];
    ssize_t n = recv(c->fds[d], chunk, sizeof(chunk), MSG_DONTWAIT);
    gsize len;

    if (n <= 0) {
        connection_cut(c);
        return;
    }
    g_byte_array_append(c->waiting[d], chunk, (guint)n);
    while (!c->dead && (len = record_length(a, c->waiting[d])) > 0) {
        g_autoptr(GBytes) record = g_bytes_new(c->waiting[d]->data, len);

        g_byte_array_remove_range(c->waiting[d], 0, (guint)len);
        record_done(a, c, d, record);
    }
}

/* ---- connections ---- */

static void
connection_new(struct attacker *a)
{
    gint64 deadline = g_get_monotonic_time() + CONNECT_SECONDS * G_USEC_PER_SEC;
    int client = link_accept(a->listener, NULL);
    struct connection *c;

    if (client < 0)
        return;
    c = g_new0(struct connection, 1);
    c->fds[0] = client;
    c->fds[1] = a->refuse ? -1 : link_connect(&a->to, deadline, NULL);
    for (guint d = 0; d < 2; d++) {
        c->waiting[d] = g_byte_array_new();
        c->seen[d] = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
        if (c->fds[d] >= 0)
            io_set_nonblocking(c->fds[d], FALSE, NULL);
    }
    g_ptr_array_add(a->connections, c);
    if (c->fds[1] < 0)
        connection_cut(c);
}

static struct connection *
newest(const struct attacker *a)
{
    return a->connections->len ? a->connections->pdata[a->connections->len - 1] : NULL;
}

/* ---- orders ---- */

static int
direction_of(const char *word)
{
    if (!word || (strcmp(word, "c") && strcmp(word, "s")))
        return -1;
    return word[0] == 'c' ? FROM_CLIENT : FROM_SERVER;
}

static gboolean
order_add(struct attacker *a, char **words)
{
    int direction = direction_of(words[0]);
    const struct action *action;
    struct order *o;

    if (direction < 0 || !words[1] || !words[2])
        return FALSE;
    action = attack_find(words[2], words[3] != NULL);
    if (!action)
        return FALSE;
    o = g_new0(struct order, 1);
    o->direction = (enum direction)direction;
    if (g_str_has_prefix(words[1], OVER))
        o->over = (gsize)atoi(words[1] + strlen(OVER));
    o->record = strcmp(words[1], "next") && o->over == 0 ? atoi(words[1]) : -1;
    o->action = action;
    o->argument = g_strdup(words[3]);
    g_ptr_array_add(a->orders, o);
    return TRUE;
}

static gboolean
say_replay(struct attacker *a, char **words, GString *answer)
{
    int direction = direction_of(words[1]);
    struct connection *old;
    guint number;

    (void)answer;
    if (direction < 0 || !words[2] || !words[3] || !newest(a))
        return FALSE;
    if ((guint)atoi(words[2]) >= a->connections->len)
        return FALSE;
    old = a->connections->pdata[atoi(words[2])];
    number = (guint)atoi(words[3]);
    if (number >= old->seen[direction]->len)
        return FALSE;
    forward_record(newest(a), (enum direction)direction, old->seen[direction]->pdata[number]);
    return TRUE;
}

static gboolean
say_send(struct attacker *a, char **words, GString *answer)
{
    int direction = direction_of(words[1]);
    g_autoptr(GBytes) bytes = words[1] && words[2] ? attack_bytes(words[2]) : NULL;

    (void)answer;
    if (direction < 0 || !bytes || !newest(a))
        return FALSE;
    forward_record(newest(a), (enum direction)direction, bytes);
    return TRUE;
}

static gboolean
say_cut(struct attacker *a, char **words, GString *answer)
{
    (void)words, (void)answer;
    for (guint i = 0; i < a->connections->len; i++)
        connection_cut(a->connections->pdata[i]);
    return TRUE;
}

static gboolean
say_refuse(struct attacker *a, char **words, GString *answer)
{
    (void)answer;
    a->refuse = g_strcmp0(words[1], "on") == 0;
    return words[1] != NULL;
}

static gboolean
say_redirect(struct attacker *a, char **words, GString *answer)
{
    struct link_address to;

    (void)answer;
    if (!words[1] || !link_address_parse(words[1], &to, NULL))
        return FALSE;
    link_address_clear(&a->to);
    a->to = to;
    return TRUE;
}

static gboolean
say_connections(struct attacker *a, char **words, GString *answer)
{
    (void)words;
    g_string_printf(answer, "%u", a->connections->len);
    return TRUE;
}

static gboolean
say_records(struct attacker *a, char **words, GString *answer)
{
    int direction = direction_of(words[1]);

    if (direction < 0 || !newest(a))
        return FALSE;
    g_string_printf(answer, "%u", newest(a)->seen[direction]->len);
    return TRUE;
}

static gboolean
say_pending(struct attacker *a, char **words, GString *answer)
{
    (void)words;
    g_string_printf(answer, "%u", a->orders->len);
    return TRUE;
}

static const struct {
    const char *word;
    gboolean (*run)(struct attacker *a, char **words, GString *answer);
} sayings[] = {
    { "replay", say_replay },           { "send", say_send },
    { "cut", say_cut },                 { "refuse", say_refuse },
    { "redirect", say_redirect },       { "connections", say_connections },
    { "records", say_records },         { "pending", say_pending },
};

static void
obey(struct attacker *a, const char *line, GString *answer)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 4);
    gboolean good = FALSE;

    g_string_assign(answer, "ok");
    for (guint i = 0; words[0] && i < G_N_ELEMENTS(sayings); i++)
        if (strcmp(words[0], sayings[i].word) == 0) {
            good = sayings[i].run(a, words, answer);
            words[0][0] = '\0';
        }
    if (words[0] && words[0][0])
        good = order_add(a, words);
    if (!good)
        g_string_assign(answer, "no");
    g_string_append_c(answer, '\n');
}

/* One order a connection: a line in, a line out. */
static void
control_new(struct attacker *a)
{
    g_auto(AutoFd) fd = link_accept(a->control, NULL);
    gint64 deadline = g_get_monotonic_time() + CONNECT_SECONDS * G_USEC_PER_SEC;
    g_autoptr(GString) line = g_string_new(NULL);
    g_autoptr(GString) answer = g_string_new(NULL);
    char c;

    while (fd >= 0 && io_read_until(fd, &c, 1, deadline, NULL) && c != '\n')
        g_string_append_c(line, c);
    if (fd < 0)
        return;
    obey(a, line->str, answer);
    io_write_until(fd, answer->str, answer->len, deadline, NULL);
}

/* ---- main ---- */

static void
run_once(struct attacker *a)
{
    g_autoptr(GArray) polls = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    struct pollfd p = { .events = POLLIN };
    guint count = a->connections->len;

    p.fd = a->listener;
    g_array_append_val(polls, p);
    p.fd = a->control;
    g_array_append_val(polls, p);
    for (guint i = 0; i < 2 * count; i++) {
        /* poll(2) passes over negative ones. */
        p.fd = ((struct connection *)a->connections->pdata[i / 2])->fds[i % 2];
        g_array_append_val(polls, p);
    }
    if (poll((struct pollfd *)(void *)polls->data, polls->len, -1) < 0)
        return;
    for (guint i = 0; i < 2 * count; i++) {
        struct connection *c = a->connections->pdata[i / 2];

        if (g_array_index(polls, struct pollfd, 2 + i).revents && c->fds[i % 2] >= 0)
            take_bytes(a, c, (enum direction)(i % 2));
    }
    if (g_array_index(polls, struct pollfd, 1).revents)
        control_new(a);
    if (g_array_index(polls, struct pollfd, 0).revents)
        connection_new(a);
}

struct config {
    char *listen, *to, *control, *record;
    gboolean plain;
};

static const struct option_row rows[] = {
    { "listen", 0, OPTION_STRING, offsetof(struct config, listen), "ADDRESS", "for clients" },
    { "to", 0, OPTION_STRING, offsetof(struct config, to), "ADDRESS", "of the server" },
    { "control", 0, OPTION_STRING, offsetof(struct config, control), "PATH", "for orders" },
    { "record", 0, OPTION_STRING, offsetof(struct config, record), "FILE", "keep all bytes" },
    { "plain", 0, OPTION_FLAG, offsetof(struct config, plain), NULL, "TPM messages, no TLS" },
    { 0 }
};

static gboolean
start(struct attacker *a, const struct config *config, GError **error)
{
    struct link_address listen = { .fd = -1 };
    struct link_address control = { .kind = LINK_UNIX, .fd = -1, .mode = 0600 };
    gboolean good = config->listen && config->to && config->control
                    && link_address_parse(config->listen, &listen, error)
                    && link_address_parse(config->to, &a->to, error);

    if (!good)
        return FALSE;
    control.path = config->control;
    a->plain = config->plain;
    a->record = config->record ? fopen(config->record, "wb") : NULL;
    a->connections = g_ptr_array_new();
    a->orders = g_ptr_array_new_with_free_func(order_free);
    a->listener = link_listen(&listen, error);
    a->control = a->listener < 0 ? -1 : link_listen(&control, error);
    link_address_clear(&listen);
    return a->control >= 0;
}

int
main(int argc, char **argv)
{
    struct attacker a = { 0 };
    struct config config = { 0 };
    g_autoptr(GError) error = NULL;

    signal(SIGPIPE, SIG_IGN);
    if (!options_parse(rows, argc, argv, &config, NULL, &error) || !start(&a, &config, &error)) {
        fprintf(stderr, "attacker: %s\n", error ? error->message : "an option is missing");
        return EXIT_FAILURE;
    }
    for (;;)
        run_once(&a);
}
