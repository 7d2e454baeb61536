/* SPDX-License-Identifier: BSD-3-Clause */
/* isolate - what a process gives up, in stages; see isolate.h. */
#include "config.h"

#include "base/isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"

gboolean
isolate_descriptors(GError **error)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        /* The lowest one that is free: this one. */
        if (open("/dev/null", O_RDWR) != fd)
            return error_errno(error, errno, "/dev/null as descriptor %d", fd);
    }
    return TRUE;
}

gboolean
isolate_memory(GError **error)
{
    const struct rlimit none = { 0, 0 };

    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return error_errno(error, errno, "forbidding core dumps");
#ifndef SANITIZERS           /* LeakSanitizer traces its own process at the end */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return error_errno(error, errno, "PR_SET_DUMPABLE");
#endif
    return TRUE;
}

void
isolate_environment(void)
{
    (void)clearenv();
}

struct identity {
    char *name;              /* NULL: a bare number, without groups of its own */
    uid_t uid;
    gid_t gid;
};

/* A name from the user database, or a number, which is then the group too (as swtpm has it). */
static gboolean
find_user(const char *user, struct identity *ret, GError **error)
{
    const struct passwd *entry = getpwnam(user);
    guint64 number;

    if (entry != NULL) {
        *ret = (struct identity){ .name = g_strdup(entry->pw_name), .uid = entry->pw_uid,
                                  .gid = entry->pw_gid };
        return TRUE;
    }
    if (!g_ascii_string_to_unsigned(user, 10, 0, G_MAXUINT32 - 1, &number, NULL))
        return error_malformed(error, "there is no user '%s'", user);
    *ret = (struct identity){ .uid = (uid_t)number, .gid = (gid_t)number };
    return TRUE;
}

static gboolean
enter_root(const char *path, GError **error)
{
    if (chroot(path) != 0)
        return error_errno(error, errno, "chroot to %s", path);
    if (chdir("/") != 0)
        return error_errno(error, errno, "chdir to /");
    return TRUE;
}

static gboolean
become(const struct identity *who, GError **error)
{
    const int groups = who->name != NULL ? initgroups(who->name, who->gid)
                                         : setgroups(1, &who->gid);

    /* Without privilege the groups cannot change; that is fine for whom we are already. */
    if (groups != 0 && (errno != EPERM || geteuid() != who->uid || getegid() != who->gid))
        return error_errno(error, errno, "changing groups");
    if (setresgid(who->gid, who->gid, who->gid) != 0)
        return error_errno(error, errno, "changing to group %u", (guint)who->gid);
    if (setresuid(who->uid, who->uid, who->uid) != 0)
        return error_errno(error, errno, "changing to user %u", (guint)who->uid);
    return TRUE;
}

gboolean
isolate_root(const char *chroot_path, const char *user, GError **error)
{
    struct identity who = { 0 };
    gboolean done;

    /* The user database is outside of the new root. */
    if (user != NULL && !find_user(user, &who, error))
        return FALSE;
    done = (chroot_path == NULL || enter_root(chroot_path, error)) &&
           (user == NULL || become(&who, error));
    g_free(who.name);
    return done;
}
