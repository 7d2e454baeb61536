/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * link_latency - microseconds a command takes on one kept connection: to a
 * plain swtpm, and to a CoCoTPM through an attached session. Client and
 * servers are pinned by the caller. Runs alternate, so that what else goes on
 * in the machine meets both alike.
 *
 *   link_latency COUNT RUNS PLAIN-SOCKET LINK POLICY CHAIN UUID PLATFORM [GATE]
 *
 * Once attached it waits for the file GATE, where one is named.
 * LINK is the path of a Unix socket or any address of a link ("tcp:HOST:PORT").
 */
#include "config.h"

#include "base/io.h"
#include "cocotransport/link/link.h"
#include "cocotransport/session/attach_client.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HASHED 1024
#define WARM_UP 200

struct command {
    const char *name;
    guint8 bytes[MESSAGE_HEADER + HASHED + 8];
    gsize len;
};

static void
die(const char *what, const GError *error)
{
    fprintf(stderr, "link_latency: %s: %s\n", what, error != NULL ? error->message : "failed");
    exit(1);
}

/* TPM 2.0 Part 3: GetRandom (16.1), PCR_Read (22.4), Hash (15.4). */
static void
make_commands(struct command c[3])
{
    struct builder b;

    c[0].name = "GetRandom 32";
    b = builder_on(c[0].bytes, sizeof(c[0].bytes));
    message_header_write(&b, TAG_TPM_NO_SESSIONS, 12, 0x17b);
    builder_be16(&b, 32);
    c[0].len = builder_len(&b);
    c[1].name = "PCR_Read";
    b = builder_on(c[1].bytes, sizeof(c[1].bytes));
    message_header_write(&b, TAG_TPM_NO_SESSIONS, 20, 0x17e);
    builder_be32(&b, 1);
    builder_be16(&b, 0x000b);
    builder_u8(&b, 3);
    builder_bytes(&b, "\xff\0\0", 3);
    c[1].len = builder_len(&b);
    c[2].name = "Hash 1 KB";
    b = builder_on(c[2].bytes, sizeof(c[2].bytes));
    message_header_write(&b, TAG_TPM_NO_SESSIONS, MESSAGE_HEADER + 2 + HASHED + 2 + 4, 0x17d);
    builder_be16(&b, HASHED);
    builder_zero(&b, HASHED);
    builder_be16(&b, 0x000b);
    builder_be32(&b, 0x40000007);
    c[2].len = builder_len(&b);
}

static void
judge_answer(const guint8 *answer, gsize len)
{
    struct cursor in = cursor_from(answer, len);
    struct message_header h;

    if (!message_header_parse(&in, COCO_MESSAGE_MAX, &h, NULL) || h.size != len || h.code != 0) {
        fprintf(stderr, "link_latency: the TPM answered 0x%x\n", h.code);
        exit(1);
    }
}

static void
run_plain(int fd, const struct command *c)
{
    guint8 answer[TPM_MESSAGE_MAX];
    g_autoptr(GError) error = NULL;
    struct pollfd p = { fd, POLLIN, 0 };
    ssize_t n;

    if (!io_write_full(fd, c->bytes, c->len, &error))
        die("plain", error);
    (void)poll(&p, 1, -1);
    n = read(fd, answer, sizeof(answer));
    judge_answer(answer, n > 0 ? (gsize)n : 0);
}

static void
run_attached(Client *client, const struct command *c)
{
    guint8 answer[COCO_MESSAGE_MAX];
    g_autoptr(GError) error = NULL;
    gsize len = 0;
    enum tls_result result = client_send(client, c->bytes, c->len, &error);

    while (result == TLS_DONE && len == 0) {
        struct pollfd p = { client_fd(client), client_events(client), 0 };

        (void)poll(&p, 1, -1);
        result = client_receive(client, answer, &len, &error);
        if (result == TLS_AGAIN)
            result = TLS_DONE;
    }
    if (result != TLS_DONE)
        die("attached", error);
    judge_answer(answer, len);
}

static int
by_value(const void *a, const void *b)
{
    const gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

static gint64
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (gint64)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct figures {
    double median, p99;              /* us */
};

static struct figures
measure(int fd, Client *client, const struct command *c, guint count)
{
    g_autofree gint64 *took = g_new(gint64, count);
    const guint middle = count / 2, late = count * 99 / 100;

    for (guint i = 0; i < count + WARM_UP; i++) {
        const gint64 start = now_ns();

        if (client != NULL)
            run_attached(client, c);
        else
            run_plain(fd, c);
        took[i < WARM_UP ? 0 : i - WARM_UP] = now_ns() - start;
    }
    qsort(took, count, sizeof(*took), by_value);
    return (struct figures){ (double)took[middle] / 1000, (double)took[late] / 1000 };
}

static int
connect_to(gpointer data, gint64 deadline, GError **error)
{
    struct link_address a = { .kind = LINK_UNIX, .path = data, .fd = -1 };
    int fd;

    if (((const char *)data)[0] == '/')
        return link_connect(&a, deadline, error);
    if (!link_address_parse(data, &a, error))
        return -1;
    fd = link_connect(&a, deadline, error);
    link_address_clear(&a);
    return fd;
}

static Stream *
open_to(gpointer data, gint64 deadline, GError **error)
{
    const int fd = connect_to(data, deadline, error);

    return fd < 0 ? NULL : stream_new(fd);
}

static Client *
attach(char **argv)
{
    const gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) policy = io_read_file(argv[5], 65536, &error);
    g_autoptr(GBytes) chain = policy != NULL ? io_read_file(argv[6], 65536, &error) : NULL;
    struct attach_client_config config = { .chain = chain };
    Client *client;

    if (chain == NULL)
        die("reading", error);
    config.policy = policy_parse(g_bytes_get_data(policy, NULL), g_bytes_get_size(policy),
                                 POLICY_DRIVER, &error);
    config.provider = config.policy != NULL ? provider_open(argv[8], &error) : NULL;
    if (config.provider == NULL)
        die("preparing", error);
    for (guint i = 0, at = 0; argv[7][i] != '\0' && at < 32; i++)
        if (g_ascii_isxdigit(argv[7][i])) {
            const int digit = g_ascii_xdigit_value(argv[7][i]);

            config.uuid[at / 2] = (guint8)(config.uuid[at / 2] << 4 | digit);
            at++;
        }
    client = attach_client_run(&config, open_to, argv[4], deadline, NULL, &error);
    if (client == NULL)
        die("attaching", error);
    provider_free(config.provider);
    policy_free((struct policy *)config.policy);
    return client;
}

int
main(int argc, char **argv)
{
    struct command commands[3];
    g_autoptr(GError) error = NULL;
    g_autoptr(Client) client = NULL;
    guint count, runs;
    int plain;

    if (argc != 9 && argc != 10) {
        fprintf(stderr, "usage: link_latency COUNT RUNS PLAIN LINK POLICY CHAIN UUID PLATFORM\n");
        return 2;
    }
    count = (guint)atoi(argv[1]);
    runs = (guint)atoi(argv[2]);
    plain = connect_to(argv[3], g_get_monotonic_time() + 60 * G_USEC_PER_SEC, &error);
    if (plain < 0 || !io_set_nonblocking(plain, FALSE, &error))
        die("plain", error);
    client = attach(argv);
    printf("attached\n");
    (void)fflush(stdout);
    make_commands(commands);
    while (argc == 10 && !g_file_test(argv[9], G_FILE_TEST_EXISTS))
        g_usleep(10000);
    printf("%-14s %4s %10s %10s %10s %10s %10s   (medians and p99 of %u, us)\n", "command", "run",
           "plain", "cocotpm", "added", "plain p99", "coco p99", count);
    for (guint c = 0; c < 3; c++) {
        double best[2] = { 1e9, 1e9 };

        for (guint i = 0; i < runs; i++) {
            const struct figures p = measure(plain, NULL, &commands[c], count);
            const struct figures k = measure(plain, client, &commands[c], count);

            printf("%-14s %4u %10.2f %10.2f %10.2f %10.2f %10.2f\n", commands[c].name, i + 1,
                   p.median, k.median, k.median - p.median, p.p99, k.p99);
            best[0] = MIN(best[0], p.median);
            best[1] = MIN(best[1], k.median);
        }
        printf("%-14s best %10.2f %10.2f %10.2f\n", commands[c].name, best[0], best[1],
               best[1] - best[0]);
    }
    close(plain);
    return 0;
}
