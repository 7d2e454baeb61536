/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * faults - preloaded into a program, breaks or records what it does to the
 * files below one folder. By its environment:
 *
 *   FAULT_DIR    the folder
 *   FAULT_HOW    count, EIO, ENOSPC, EINTR, EDQUOT, EROFS, short, kill-before, kill-after, record
 *   FAULT_AT     which of the calls, from 1;  FAULT_TIMES  how many from there on (1)
 *   FAULT_LOG    count: the number of calls; record: what was done, with acknowledgements
 *                (lines that the program writes on its standard output) between
 */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum how { HOW_NONE, HOW_ERROR, HOW_SHORT, HOW_KILL_BEFORE, HOW_KILL_AFTER, HOW_RECORD };

static struct {
    char dir[PATH_MAX];
    size_t dir_len;
    enum how how;
    int error;
    long at, times, seen;
    int log;
    int ready;
} fault;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int
error_named(const char *name)
{
    static const struct { const char *name; int error; } names[] = {
        { "EIO", EIO },       { "ENOSPC", ENOSPC }, { "EINTR", EINTR },
        { "EDQUOT", EDQUOT }, { "EROFS", EROFS },
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
    return fault.error != 0 ? HOW_ERROR : HOW_NONE;
}

static void __attribute__((constructor))
faults_start(void)
{
    const char *dir = getenv("FAULT_DIR"), *how = getenv("FAULT_HOW");
    const char *at = getenv("FAULT_AT"), *times = getenv("FAULT_TIMES"), *log = getenv("FAULT_LOG");

    if (dir == NULL || how == NULL)
        return;
    fault.dir_len = strlen(dir);
    memcpy(fault.dir, dir, fault.dir_len + 1);
    fault.error = error_named(how);
    fault.how = how_named(how);
    fault.at = at != NULL ? strtol(at, NULL, 10) : 0;
    fault.times = times != NULL ? strtol(times, NULL, 10) : 1;
    fault.log = log != NULL ? REAL(open)(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    fault.ready = 1;
}

static void __attribute__((destructor))
faults_end(void)
{
    if (fault.ready && fault.log >= 0 && fault.how == HOW_NONE)
        dprintf(fault.log, "%ld\n", fault.seen);
}

/* Where @fd, or @name below it, lies under the folder; NULL: elsewhere. */
static const char *
place(int fd, const char *name, char buf[static PATH_MAX])
{
    char link[64];
    ssize_t len = 0;

    if (!fault.ready)
        return NULL;
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
    n = REAL(write)(fd, data, broken > 0 && len > 1 ? len / 2 : len);
    if (n > 0 && where != NULL)
        record_bytes(where, data, (size_t)n);
    afterwards(where);

    return n;
}

#define ON_FD(name)                                                                               \
    int name(int fd)                                                                              \
    {                                                                                             \
        char buf[PATH_MAX];                                                                       \
        const char *where = place(fd, NULL, buf);                                                 \
        int rc;                                                                                   \
                                                                                                  \
        if (breaks(where) < 0)                                                                    \
            return -1;                                                                            \
        rc = REAL(name)(fd);                                                                      \
        if (rc == 0 && where != NULL)                                                             \
            record("sync %s\n", where);                                                           \
        afterwards(where);                                                                        \
        return rc;                                                                                \
    }

ON_FD(fsync)
ON_FD(fdatasync)

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
    const char *where = place(fd, NULL, buf);
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
