/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sandbox - an allow list: what glibc, GLib, libtpms and OpenSSL need to serve,
 * and no more than that what the front of a CUSE device needs.
 * All threads are made before; it is put on every one of them (TSYNC).
 */
#include "config.h"

#include "swtpm/sandbox.h"

#include <errno.h>
#include <string.h>

#include <seccomp.h>

#include "base/error.h"

/* The command channel's own first: libseccomp checks in this order. */
static const int allowed[] = {
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev),
    SCMP_SYS(sendto), SCMP_SYS(recvfrom), SCMP_SYS(sendmsg), SCMP_SYS(recvmsg), SCMP_SYS(futex),
    SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time),

    /* sockets */
    SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(shutdown), SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(socket),
    SCMP_SYS(connect), SCMP_SYS(readv), SCMP_SYS(fcntl), SCMP_SYS(ioctl), SCMP_SYS(close),
    SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(pipe2), SCMP_SYS(select),
    SCMP_SYS(pselect6), SCMP_SYS(eventfd2), SCMP_SYS(socketpair), SCMP_SYS(bind),
    SCMP_SYS(sendmmsg),

    /* state files */
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(fstat), SCMP_SYS(lstat),
    SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(lseek), SCMP_SYS(pread64), SCMP_SYS(pwrite64),
    SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(fsync), SCMP_SYS(fdatasync),
    SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlink),
    SCMP_SYS(unlinkat), SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(fchmod), SCMP_SYS(fchmodat),
    SCMP_SYS(flock), SCMP_SYS(msync), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(fstatfs),
    SCMP_SYS(statfs), SCMP_SYS(getdents64), SCMP_SYS(umask), SCMP_SYS(mkdirat), SCMP_SYS(getcwd),

    /* memory */
    SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect),
    SCMP_SYS(madvise), SCMP_SYS(mlock), SCMP_SYS(mlock2), SCMP_SYS(munlock),

    /* the process itself */
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
    SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getrandom), SCMP_SYS(uname),
    SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(getrusage), SCMP_SYS(times),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(tgkill), SCMP_SYS(exit),
    SCMP_SYS(exit_group), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sysinfo),
    SCMP_SYS(prlimit64), SCMP_SYS(getrlimit), SCMP_SYS(membarrier), SCMP_SYS(set_tid_address),
};

static gboolean
fill(scmp_filter_ctx ctx, GError **error)
{
    int rc;

    for (gsize i = 0; i < G_N_ELEMENTS(allowed); i++) {
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
        if (rc < 0 && rc != -EDOM)         /* a call that this architecture has not */
            return error_errno(error, -rc, "seccomp_rule_add");
    }
    rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
    if (rc < 0)
        return error_errno(error, -rc, "seccomp: TSYNC");
    /* A binary tree: the list is long. */
    (void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    rc = seccomp_load(ctx);
    if (rc < 0)
        return error_errno(error, -rc, "seccomp_load");
    return TRUE;
}

/* Of libseccomp's API levels the second is the first with TSYNC, that is with seccomp(2). */
gboolean
sandbox_possible(void)
{
    return seccomp_api_get() >= 2;
}

gboolean
sandbox_close(const char *action, GError **error)
{
    scmp_filter_ctx ctx;
    gboolean ok;

#ifdef SANITIZERS
    return TRUE;
#endif
    if (g_strcmp0(action, "none") == 0)
        return TRUE;
    ctx = seccomp_init(g_strcmp0(action, "log") == 0 ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS);
    if (ctx == NULL)
        return error_system(error, "seccomp_init failed: this kernel cannot do what --seccomp "
                            "asks for; action=none goes without");
    ok = fill(ctx, error);
    seccomp_release(ctx);
    return ok;
}
