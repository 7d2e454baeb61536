/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * faults - preloaded into a program, breaks or records what it does to the
 * files below one folder. By its environment:
 *
 *   FAULT_DIR    the folder
 *   FAULT_NET    some word: what it does on sockets of IPv4 instead, connect, send, recv and close
 *   FAULT_HOW    count, EIO, ENOSPC, EINTR, EDQUOT, EROFS, ECONNRESET, short, kill-before,
 *                kill-after, record, mark
 *   FAULT_AT     which of the calls, from 1;  FAULT_TIMES  how many from there on (1)
 *   FAULT_LOG    count: the number of calls; record: what was done, with acknowledgements
 *                (lines that the program writes on its standard output) between
 *   FAULT_MARKS  mark: a device of dm-log-writes, into whose log acknowledgements go, and what
 *                comes into the place held/by below the folder
 *   FAULT_FORGET mark: file or folder, whose flushes are answered and not made
 */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/dm-ioctl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum how { HOW_NONE, HOW_ERROR, HOW_SHORT, HOW_KILL_BEFORE, HOW_KILL_AFTER, HOW_RECORD, HOW_MARK };

#define HELD "held/by"                   /* where tests have the witness */
#define MARK_MAX 400                     /* of a log with sectors of 512 bytes */

static struct {
    char dir[PATH_MAX];
    size_t dir_len;
    enum how how;
    int error;
    long at, times, seen;
    int log;
    const char *marks;
    int forgets_file, forgets_folder;
    int net;
    int ready;
} fault;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int
error_named(const char *name)
{
    static const struct { const char *name; int error; } names[] = {
        { "EIO", EIO },       { "ENOSPC", ENOSPC }, { "EINTR", EINTR },
        { "EDQUOT", EDQUOT }, { "EROFS", EROFS },   { "ECONNRESET", ECONNRESET },
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i].name) == 0)
            return names[i].error;
    return 0;
}

static enum how
how_named(const char *name)
{
    if (strcmp(name, "short") == 0)
        return HOW_SHORT;
    if (strcmp(name, "kill-before") == 0)
        return HOW_KILL_BEFORE;
    if (strcmp(name, "kill-after") == 0)
        return HOW_KILL_AFTER;
    if (strcmp(name, "record") == 0)
        return HOW_RECORD;
    if (strcmp(name, "mark") == 0)
        return HOW_MARK;
    return fault.error != 0 ? HOW_ERROR : HOW_NONE;
}

static void
marks_start(void)
{
    const char *forget = getenv("FAULT_FORGET");

    fault.marks = getenv("FAULT_MARKS");
    fault.forgets_file = forget != NULL && strcmp(forget, "file") == 0;
    fault.forgets_folder = forget != NULL && strcmp(forget, "folder") == 0;
}

static void __attribute__((constructor))
faults_start(void)
{
    const char *dir = getenv("FAULT_DIR"), *how = getenv("FAULT_HOW");
    const char *at = getenv("FAULT_AT"), *times = getenv("FAULT_TIMES"), *log = getenv("FAULT_LOG");
    const char *net = getenv("FAULT_NET");

    if (dir == NULL || how == NULL)
        return;
    fault.dir_len = strlen(dir);
    memcpy(fault.dir, dir, fault.dir_len + 1);
    fault.error = error_named(how);
    fault.how = how_named(how);
    fault.at = at != NULL ? strtol(at, NULL, 10) : 0;
    fault.times = times != NULL ? strtol(times, NULL, 10) : 1;
    fault.log = log != NULL ? REAL(open)(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (fault.how == HOW_MARK)
        marks_start();
    fault.net = net != NULL && *net != '\0';
    fault.ready = 1;
}

static void __attribute__((destructor))
faults_end(void)
{
    if (fault.ready && fault.log >= 0 && fault.how == HOW_NONE)
        dprintf(fault.log, "%ld\n", fault.seen);
}

/* A name for a socket of IPv4; NULL: something else. */
static const char *
wire(int fd)
{
    struct sockaddr_storage at = { 0 };
    socklen_t len = sizeof(at);

    if (!fault.ready || !fault.net)
        return NULL;
    return getsockname(fd, (struct sockaddr *)&at, &len) == 0 && at.ss_family == AF_INET ? "net"
                                                                                         : NULL;
}

/* Where @fd, or @name below it, lies under the folder; NULL: elsewhere. */
static const char *
place(int fd, const char *name, char buf[static PATH_MAX])
{
    char link[64];
    ssize_t len = 0;

    if (!fault.ready)
        return NULL;
    if (fault.net)
        return name == NULL ? wire(fd) : NULL;
    if (name == NULL || (name[0] != '/' && fd != AT_FDCWD)) {
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        len = readlink(link, buf, PATH_MAX / 2);
        if (len < 0)
            return NULL;
    }
    if (snprintf(buf + len, PATH_MAX - (size_t)len, "%s%s", len > 0 && name != NULL ? "/" : "",
                 name != NULL ? name : "") >= PATH_MAX - len)
        return NULL;
    if (strncmp(buf, fault.dir, fault.dir_len) != 0 || buf[fault.dir_len] != '/')
        return NULL;
    return buf + fault.dir_len + 1;
}

/* 0: go on; else the call fails with errno set, or is to be cut short (1). */
static int
breaks(const char *where)
{
    if (where == NULL)
        return 0;
    fault.seen++;
    if (fault.seen < fault.at || fault.seen >= fault.at + fault.times)
        return 0;
    if (fault.how == HOW_KILL_BEFORE)
        (void)raise(SIGKILL);
    if (fault.how == HOW_ERROR) {
        errno = fault.error;
        return -1;
    }
    return fault.how == HOW_SHORT ? 1 : 0;
}

static void
afterwards(const char *where)
{
    if (where != NULL && fault.how == HOW_KILL_AFTER && fault.seen == fault.at)
        (void)raise(SIGKILL);
}

static void __attribute__((format(printf, 1, 2)))
record(const char *format, ...)
{
    va_list args;

    if (fault.how != HOW_RECORD || fault.log < 0)
        return;
    va_start(args, format);
    vdprintf(fault.log, format, args);
    va_end(args);
}

static void
record_bytes(const char *where, const void *data, size_t len)
{
    const unsigned char *bytes = data;

    if (fault.how != HOW_RECORD || fault.log < 0)
        return;
    dprintf(fault.log, "write %s ", where);
    for (size_t i = 0; i < len; i++)
        dprintf(fault.log, "%02x", bytes[i]);
    dprintf(fault.log, "\n");
}

/* Kernel, device-mapper/log-writes.rst: the message "mark WORD"; a mark that fails is no test. */
static void
mark(const char *what, size_t len)
{
    union {
        struct dm_ioctl head;
        char bytes[sizeof(struct dm_ioctl) + sizeof(struct dm_target_msg) + MARK_MAX + 8];
    } out = {
        .head = { .version = { DM_VERSION_MAJOR }, .data_size = sizeof(out),
                  .data_start = sizeof(struct dm_ioctl) },
    };
    char *words = out.bytes + sizeof(struct dm_ioctl) + sizeof(struct dm_target_msg);
    const size_t room = sizeof(out) - (size_t)(words - out.bytes);
    const int control = REAL(open)("/dev/mapper/control", O_RDWR | O_CLOEXEC);
    const int end = snprintf(words, room, "mark %.*s", (int)len, what);

    (void)snprintf(out.head.name, sizeof(out.head.name), "%s", fault.marks);
    for (char *c = words + strlen("mark "); *c != '\0'; c++)
        if (*c == ' ' || *c == '\n')
            *c = c[1] == '\0' ? '\0' : '_';
    if (control < 0 || end >= (int)room ||
        ioctl(control, DM_TARGET_MSG, &out) != 0) {
        (void)dprintf(STDERR_FILENO, "no mark on %s: %s\n", fault.marks, strerror(errno));
        _exit(3);
    }
    REAL(close)(control);
}

static void
mark_held(const char *path)
{
    const int fd = REAL(open)(path, O_RDONLY | O_CLOEXEC);
    unsigned char bytes[MARK_MAX / 2 - 8];
    char text[MARK_MAX] = "held ";
    const ssize_t len = fd >= 0 ? read(fd, bytes, sizeof(bytes)) : -1;

    for (ssize_t i = 0; i < len; i++)
        (void)snprintf(text + 5 + 2 * i, 3, "%02x", bytes[i]);
    mark(text, strlen(text));
    if (fd >= 0)
        REAL(close)(fd);
}

int
openat(int dir, const char *name, int flags, ...)
{
    char buf[PATH_MAX];
    const char *where = place(dir, name, buf);
    mode_t mode = 0;
    int fd;

    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list args;

        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    if (breaks(where) < 0)
        return -1;
    fd = REAL(openat)(dir, name, flags, mode);
    if (fd >= 0 && where != NULL && (flags & O_CREAT))
        record("create %s\n", where);
    afterwards(where);

    return fd;
}

int openat64(int dir, const char *name, int flags, ...) __attribute__((alias("openat")));

int
open(const char *name, int flags, ...)
{
    mode_t mode = 0;

    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list args;

        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    return openat(AT_FDCWD, name, flags, mode);
}

int open64(const char *name, int flags, ...) __attribute__((alias("open")));

ssize_t
write(int fd, const void *data, size_t len)
{
    char buf[PATH_MAX];
    const char *where = fd == STDOUT_FILENO ? NULL : place(fd, NULL, buf);
    const int broken = breaks(where);
    ssize_t n;

    if (broken < 0)
        return -1;
    if (fd == STDOUT_FILENO && len < INT_MAX)
        record("ack %.*s", (int)len, (const char *)data);
    if (fd == STDOUT_FILENO && fault.how == HOW_MARK)
        mark(data, len < MARK_MAX ? len : MARK_MAX);
    n = REAL(write)(fd, data, broken > 0 && len > 1 ? len / 2 : len);
    if (n > 0 && where != NULL)
        record_bytes(where, data, (size_t)n);
    afterwards(where);

    return n;
}

#define ON_FD(name, forgotten)                                                                    \
    int name(int fd)                                                                              \
    {                                                                                             \
        char buf[PATH_MAX];                                                                       \
        const char *where = place(fd, NULL, buf);                                                 \
        int rc;                                                                                   \
                                                                                                  \
        if (breaks(where) < 0)                                                                    \
            return -1;                                                                            \
        rc = where != NULL && (forgotten) ? 0 : REAL(name)(fd);                                   \
        if (rc == 0 && where != NULL)                                                             \
            record("sync %s\n", where);                                                           \
        afterwards(where);                                                                        \
        return rc;                                                                                \
    }

ON_FD(fsync, fault.forgets_folder)
ON_FD(fdatasync, fault.forgets_file)

/* A close that fails has closed all the same. */
int
close(int fd)
{
    char buf[PATH_MAX];
    const char *where = place(fd, NULL, buf);
    const int broken = breaks(where);
    const int error = errno;
    const int rc = REAL(close)(fd);

    afterwards(where);
    if (broken < 0) {
        errno = error;
        return -1;
    }
    return rc;
}

int
unlinkat(int dir, const char *name, int flags)
{
    char buf[PATH_MAX];
    const char *where = place(dir, name, buf);
    int rc;

    if (breaks(where) < 0)
        return -1;
    rc = REAL(unlinkat)(dir, name, flags);
    if (rc == 0 && where != NULL)
        record("unlink %s\n", where);
    afterwards(where);

    return rc;
}

int
unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}

int
renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags)
{
    char buf[PATH_MAX], to_buf[PATH_MAX];
    const char *where = place(from_dir, from, buf);
    const char *target = place(to_dir, to, to_buf);
    int rc;

    if (breaks(where) < 0)
        return -1;
    rc = REAL(renameat2)(from_dir, from, to_dir, to, flags);
    if (rc == 0 && where != NULL && target != NULL)
        record("rename %s %s\n", where, target);
    if (rc == 0 && fault.how == HOW_MARK && target != NULL && strcmp(target, HELD) == 0)
        mark_held(to_buf);
    afterwards(where);

    return rc;
}

int
rename(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return renameat2(from_dir, from, to_dir, to, 0);
}

int
fcntl(int fd, int command, ...)
{
    char buf[PATH_MAX];
    const char *where = fault.net ? NULL : place(fd, NULL, buf);
    va_list args;
    void *argument;
    int rc;

    va_start(args, command);
    argument = va_arg(args, void *);
    va_end(args);
    if (breaks(where) < 0)
        return -1;
    rc = REAL(fcntl)(fd, command, argument);
    afterwards(where);

    return rc;
}

int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));

int
connect(int fd, const struct sockaddr *to, socklen_t len)
{
    const char *where = wire(fd);
    int rc;

    if (breaks(where) < 0)
        return -1;
    rc = REAL(connect)(fd, to, len);
    afterwards(where);

    return rc;
}

ssize_t
send(int fd, const void *data, size_t len, int flags)
{
    const char *where = wire(fd);
    const int broken = breaks(where);
    ssize_t n;

    if (broken < 0)
        return -1;
    n = REAL(send)(fd, data, broken > 0 && len > 1 ? len / 2 : len, flags);
    afterwards(where);

    return n;
}

ssize_t
recv(int fd, void *data, size_t len, int flags)
{
    const char *where = wire(fd);
    const int broken = breaks(where);
    ssize_t n;

    if (broken < 0)
        return -1;
    n = REAL(recv)(fd, data, broken > 0 && len > 1 ? len / 2 : len, flags);
    afterwards(where);

    return n;
}
