/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * log_writes - reads the log of the device-mapper target log-writes (kernel,
 * Documentation/admin-guide/device-mapper/log-writes.rst): what reached a disk,
 * in that order; a write that no flush followed is not in it before the next.
 *
 *   log_writes list LOG                       a line each: NUMBER KIND SECTORS [MARK]
 *   log_writes apply LOG IMAGE FROM TO [odd]  the entries FROM to TO - 1, or every second of them
 *
 * KIND is mark, flush (with FUA too), write or discard.
 */
#include "config.h"

#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cursor.h"

#define MAGIC G_GUINT64_CONSTANT(0x6a736677736872)
#define LOG_VERSION 1u
#define SECTOR 512u
#define SUPER_SIZE 28u
#define ENTRY_SIZE 32u
#define DATA_MAX (1u << 26)              /* of one entry */

#define FLAG_FLUSH 1u
#define FLAG_FUA 2u
#define FLAG_DISCARD 4u
#define FLAG_MARK 8u

struct log {
    int fd;
    off_t at;
    guint64 entries;
};

struct entry {
    guint64 sector, sectors, flags;
    char mark[SECTOR - ENTRY_SIZE + 1];
};

static void die(const char *words) G_GNUC_NORETURN;

static void
die(const char *words)
{
    fprintf(stderr, "log_writes: %s\n", words);
    exit(EXIT_FAILURE);
}

static void
take(struct log *l, void *to, gsize len)
{
    if (pread(l->fd, to, len, l->at) != (ssize_t)len)
        die("the log is cut short");
    l->at += (off_t)len;
}

static void
log_open(const char *path, struct log *ret)
{
    guint8 bytes[SECTOR] = { 0 };
    struct cursor in = cursor_from(bytes, SUPER_SIZE);

    *ret = (struct log){ .fd = open(path, O_RDONLY | O_CLOEXEC) };
    if (ret->fd < 0)
        die("the log cannot be opened");
    take(ret, bytes, sizeof(bytes));
    if (cursor_le64(&in) != MAGIC || cursor_le64(&in) != LOG_VERSION)
        die("this is no log");
    ret->entries = cursor_le64(&in);
    if (cursor_le32(&in) != SECTOR)
        die("a log with sectors of another size");
}

/* What the entry says of itself; its data are next. */
static void
log_entry(struct log *l, struct entry *ret)
{
    guint8 bytes[SECTOR] = { 0 };
    struct cursor in = cursor_from(bytes, ENTRY_SIZE);
    guint64 len;

    take(l, bytes, sizeof(bytes));
    *ret = (struct entry){ 0 };
    ret->sector = cursor_le64(&in);
    ret->sectors = cursor_le64(&in);
    ret->flags = cursor_le64(&in);
    len = cursor_le64(&in);
    if (ret->sectors > DATA_MAX / SECTOR || len > sizeof(bytes) - ENTRY_SIZE)
        die("an entry that is too large");
    if (ret->flags & FLAG_MARK)
        memcpy(ret->mark, bytes + ENTRY_SIZE, len);
}

static void
list(struct log *l)
{
    for (guint64 i = 0; i < l->entries; i++) {
        struct entry e;

        log_entry(l, &e);
        printf("%" G_GUINT64_FORMAT " %s %" G_GUINT64_FORMAT "%s%s\n", i,
               e.flags & FLAG_MARK ? "mark" :
               e.flags & FLAG_DISCARD ? "discard" :
               e.flags & (FLAG_FLUSH | FLAG_FUA) ? "flush" : "write",
               e.sectors, e.mark[0] != '\0' ? " " : "", e.mark);
        if (!(e.flags & FLAG_DISCARD))
            l->at += (off_t)(e.sectors * SECTOR);
    }
}

/* A discard promises nothing; what it leaves is the old data here, as a disk may. */
static void
apply(struct log *l, const char *image, guint64 from, guint64 to, gboolean odd)
{
    const int fd = open(image, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        die("the image cannot be opened");
    for (guint64 i = 0; i < MIN(to, l->entries); i++) {
        g_autofree guint8 *data = NULL;
        struct entry e;
        gsize len;

        log_entry(l, &e);
        len = e.flags & FLAG_DISCARD ? 0 : (gsize)e.sectors * SECTOR;
        if (i < from || (odd && i % 2 == 0)) {
            l->at += (off_t)len;
            continue;
        }
        data = g_malloc(len + 1);
        take(l, data, len);
        if (pwrite(fd, data, len, (off_t)(e.sector * SECTOR)) != (ssize_t)len)
            die("the image cannot be written");
    }
    if (close(fd) != 0)
        die("the image cannot be written");
}

int
main(int argc, char **argv)
{
    struct log l;

    if (argc == 3 && strcmp(argv[1], "list") == 0) {
        log_open(argv[2], &l);
        list(&l);
    } else if ((argc == 6 || argc == 7) && strcmp(argv[1], "apply") == 0) {
        log_open(argv[2], &l);
        apply(&l, argv[3], strtoull(argv[4], NULL, 10), strtoull(argv[5], NULL, 10), argc == 7);
    } else {
        die("list LOG | apply LOG IMAGE FROM TO [odd]");
    }
    close(l.fd);

    return EXIT_SUCCESS;
}
