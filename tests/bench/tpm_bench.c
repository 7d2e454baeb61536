/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tpm_bench - times a swtpm from outside.
 *   tpm_bench commands DATA-SOCKET COUNT      medians of three commands on one kept connection
 *   tpm_bench control DATA-SOCKET CTRL-SOCKET COUNT
 *             latency of control commands while RSA keys are made on the data connection
 *   tpm_bench nvwrite DATA-SOCKET… COUNT      medians of NV_Write on each, alternating; the place
 *             of a socket may have "bare:FOLDER": the system calls alone that bring the bytes of
 *             FOLDER/bare to the disk
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

#include "bare.h"
#include "base/builder.h"
#include "base/io.h"
#include "swtpm/control/client.h"

#define MESSAGE_MAX 4096

static G_NORETURN void
die(const char *what)
{
    fprintf(stderr, "tpm_bench: %s\n", what);
    exit(EXIT_FAILURE);
}

static gint64
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (gint64)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

static int
connect_or_die(const char *path)
{
    g_autoptr(GError) error = NULL;
    int fd = ptm_connect_unix(path, &error);

    if (fd < 0)
        die(error->message);
    return fd;
}

struct command {
    const char *name;
    guint8 bytes[MESSAGE_MAX];
    gsize len;
};

static struct builder
begin(struct command *c, const char *name, guint16 tag, guint32 code)
{
    struct builder out = builder_on(c->bytes, sizeof(c->bytes));

    c->name = name;
    builder_be16(&out, tag);
    builder_be32(&out, 0);
    builder_be32(&out, code);
    return out;
}

static void
finish(struct command *c, struct builder *out)
{
    c->len = builder_len(out);
    builder_be32_at(out, 2, (guint32)c->len);
}

static void
make_get_random(struct command *c)
{
    struct builder out = begin(c, "GetRandom 32", 0x8001, 0x17b);

    builder_be16(&out, 32);
    finish(c, &out);
}

static void
make_pcr_read(struct command *c)
{
    struct builder out = begin(c, "PCR_Read", 0x8001, 0x17e);

    builder_be32(&out, 1);
    builder_be16(&out, 0x000b);
    builder_u8(&out, 3);
    builder_bytes(&out, "\xff\0\0", 3);
    finish(c, &out);
}

static void
make_hash(struct command *c)
{
    struct builder out = begin(c, "Hash 1 KB", 0x8001, 0x17d);

    builder_be16(&out, 1024);
    builder_zero(&out, 1024);
    builder_be16(&out, 0x000b);
    builder_be32(&out, 0x40000007);
    finish(c, &out);
}

/* An RSA 2048 storage key in the owner hierarchy; @unique makes each another key, so a new search. */
static void
make_create_primary(struct command *c, guint32 unique)
{
    struct builder out = begin(c, "CreatePrimary", 0x8002, 0x131);
    gsize public;

    builder_be32(&out, 0x40000001);
    builder_be32(&out, 9);
    builder_be32(&out, 0x40000009);
    builder_zero(&out, 5);
    builder_be16(&out, 4);                 /* TPM2B_SENSITIVE_CREATE, empty */
    builder_zero(&out, 4);
    public = builder_len(&out);
    builder_be16(&out, 0);
    builder_be16(&out, 0x0001);            /* RSA, SHA-256 */
    builder_be16(&out, 0x000b);
    builder_be32(&out, 0x00030072);
    builder_be16(&out, 0);
    builder_be16(&out, 0x0006);            /* AES 128 CFB */
    builder_be16(&out, 128);
    builder_be16(&out, 0x0043);
    builder_be16(&out, 0x0010);
    builder_be16(&out, 2048);
    builder_be32(&out, 0);
    builder_be16(&out, 256);
    builder_zero(&out, 252);
    builder_be32(&out, unique);
    builder_be16_at(&out, public, (guint16)(builder_len(&out) - public - 2));
    builder_be16(&out, 0);
    builder_be32(&out, 0);
    finish(c, &out);
}

static void
make_flush(struct command *c, guint32 handle)
{
    struct builder out = begin(c, "FlushContext", 0x8001, 0x165);

    builder_be32(&out, handle);
    finish(c, &out);
}

static void
send_command(int fd, const struct command *c)
{
    if (!io_write_full(fd, c->bytes, c->len, NULL))
        die("swtpm took no command");
}

/* The response code; the handle that follows it, where there is one. */
static guint32
receive_answer(int fd, guint32 *ret_handle)
{
    guint8 answer[MESSAGE_MAX] = { 0 };
    struct cursor in = cursor_from(answer, sizeof(answer));
    gsize have = 0, size = 10;
    guint32 rc;

    while (have < size) {
        ssize_t n = read(fd, answer + have, sizeof(answer) - have);

        if (n <= 0)
            die("swtpm gave no answer");
        have += (gsize)n;
        if (have >= 10)
            size = (gsize)answer[4] << 8 | answer[5];
    }
    (void)cursor_bytes(&in, 6);
    rc = cursor_be32(&in);
    if (ret_handle != NULL)
        *ret_handle = cursor_be32(&in);
    return rc;
}

static void
time_command(int fd, const struct command *c, guint count)
{
    g_autofree gint64 *times = g_new(gint64, count);

    for (guint i = 0; i < count; i++) {
        gint64 start = now();

        send_command(fd, c);
        if (receive_answer(fd, NULL) != 0)
            die(c->name);
        times[i] = now() - start;
    }
    qsort(times, count, sizeof(times[0]), compare);
    printf("%s: median %.2f us, p99 %.2f us\n", c->name, (double)times[count / 2] / 1000,
           (double)times[count - 1 - count / 100] / 1000);
}

static void
run_commands(const char *path, guint count)
{
    static void (*const makers[])(struct command *) = { make_get_random, make_pcr_read, make_hash };
    int fd = connect_or_die(path);

    for (gsize i = 0; i < G_N_ELEMENTS(makers); i++) {
        struct command c;

        makers[i](&c);
        time_command(fd, &c, count);
    }
    close(fd);
}

static gboolean
answer_is_there(int fd)
{
    struct pollfd pfd = { .fd = fd, .events = POLLIN };

    return poll(&pfd, 1, 0) > 0;
}

/* GET_CONFIG needs nothing of libtpms. */
static gint64
time_control(int fd)
{
    guint8 answer[4] = { 0 };
    gint64 start = now();

    if (!ptm_request(fd, CMD_GET_CONFIG, NULL, 0, answer, sizeof(answer), NULL))
        die("no answer on the control channel");
    return now() - start;
}

static void
run_control(const char *data_path, const char *ctrl_path, guint count)
{
    g_autofree gint64 *times = g_new(gint64, count);
    int data = connect_or_die(data_path), ctrl = connect_or_die(ctrl_path);
    guint during = 0, unique = 0;
    struct command c;

    while (during < count) {
        guint32 handle = 0;

        make_create_primary(&c, ++unique);
        send_command(data, &c);
        while (during < count) {
            gint64 took = time_control(ctrl);

            if (answer_is_there(data))
                break;                     /* the key was ready by then: this one says nothing */
            times[during++] = took;
            usleep(1000);
        }
        if (receive_answer(data, &handle) != 0)
            die("CreatePrimary failed");
        make_flush(&c, handle);
        send_command(data, &c);
        receive_answer(data, NULL);
        if (unique > 100 * count)
            die("the control channel answers only when no key is being made");
    }
    qsort(times, count, sizeof(times[0]), compare);
    printf("%u control commands while a key was being made: median %.3f ms, p99 %.3f ms, max %.3f ms\n",
           count, (double)times[count / 2] / 1e6, (double)times[count - 1 - count / 100] / 1e6,
           (double)times[count - 1] / 1e6);
    close(data);
    close(ctrl);
}

#define NV_INDEX 0x01500020u
#define RH_OWNER 0x40000001u

/* The owner's empty password. */
static void
add_password(struct builder *out)
{
    builder_be32(out, 9);
    builder_be32(out, 0x40000009);
    builder_zero(out, 5);
}

static void
make_nv_define(struct command *c)
{
    struct builder out = begin(c, "NV_DefineSpace", 0x8002, 0x12a);

    builder_be32(&out, RH_OWNER);
    add_password(&out);
    builder_be16(&out, 0);
    builder_be16(&out, 14);
    builder_be32(&out, NV_INDEX);
    builder_be16(&out, 0x000b);
    builder_be32(&out, 1u << 1 | 1u << 17);        /* OWNERWRITE, OWNERREAD */
    builder_be16(&out, 0);
    builder_be16(&out, 8);
    finish(c, &out);
}

/* Another value each time: one that is there already is not stored. */
static void
make_nv_write(struct command *c, guint64 value)
{
    struct builder out = begin(c, "NV_Write", 0x8002, 0x137);

    builder_be32(&out, RH_OWNER);
    builder_be32(&out, NV_INDEX);
    add_password(&out);
    builder_be16(&out, 8);
    builder_be64(&out, value);
    builder_be16(&out, 0);
    finish(c, &out);
}

/* A TPM, or a folder for its system calls alone. */
struct target {
    const char *name;
    int fd;
    gboolean bare;
    GBytes *state;
};

static void
ask(const struct target *t, const struct command *c)
{
    send_command(t->fd, c);
    if (receive_answer(t->fd, NULL) != 0)
        die(c->name);
}

static void
target_open(struct target *t, const char *path)
{
    g_autofree char *file = NULL;
    struct command c;

    t->name = path;
    t->bare = g_str_has_prefix(path, "bare:");
    if (t->bare) {
        file = g_build_filename(path + strlen("bare:"), "bare", NULL);
        t->fd = open(path + strlen("bare:"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        t->state = io_read_file(file, 1 << 20, NULL);
        if (t->fd < 0 || t->state == NULL)
            die(file);
        return;
    }
    t->fd = connect_or_die(path);
    make_nv_define(&c);
    ask(t, &c);
}

static gint64
time_store(const struct target *t, guint64 value)
{
    const gint64 start = now();
    struct command c;
    gsize len;

    if (t->bare) {
        const guint8 *data = g_bytes_get_data(t->state, &len);

        if (!bare_store(t->fd, data, len))
            die(t->name);
    } else {
        make_nv_write(&c, value);
        ask(t, &c);
    }
    return now() - start;
}

static void
target_close(struct target *t)
{
    close(t->fd);
    g_clear_pointer(&t->state, g_bytes_unref);
}

static void
run_nvwrite(char **paths, guint sockets, guint count)
{
    g_autofree struct target *targets = g_new0(struct target, sockets);
    g_autofree gint64 *times = g_new(gint64, (gsize)sockets * count);

    for (guint k = 0; k < sockets; k++)
        target_open(&targets[k], paths[k]);
    for (guint i = 0; i < count * sockets; i++) {
        const guint k = i % sockets;

        times[k * count + i / sockets] = time_store(&targets[k], i);
    }
    for (guint k = 0; k < sockets; k++) {
        gint64 *mine = times + (gsize)k * count;

        qsort(mine, count, sizeof(*mine), compare);
        printf("%s: median %.1f us, p99 %.1f us\n", paths[k], (double)mine[count / 2] / 1000,
               (double)mine[count - 1 - count / 100] / 1000);
        target_close(&targets[k]);
    }
}

int
main(int argc, char **argv)
{
    guint count = argc > 3 ? (guint)atoi(argv[argc - 1]) : 0;

    if (argc == 4 && strcmp(argv[1], "commands") == 0 && count > 0)
        run_commands(argv[2], count);
    else if (argc == 5 && strcmp(argv[1], "control") == 0 && count > 0)
        run_control(argv[2], argv[3], count);
    else if (argc >= 4 && strcmp(argv[1], "nvwrite") == 0 && count > 0)
        run_nvwrite(argv + 2, (guint)argc - 3, count);
    else
        die("usage: tpm_bench commands DATA COUNT | control DATA CTRL COUNT | nvwrite DATA… COUNT");
    return EXIT_SUCCESS;
}
