/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "swtpm/sockets.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <net/if.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"

#define BACKLOG 1                    /* as swtpm: who comes second waits for the first to go */

gboolean
sockets_fd_ok(int fd, const char *option, GError **error)
{
    struct stat st;

    if (fd < 3)
        return error_malformed(error, "%s: Bad filedescriptor %d: must be 3 or above", option, fd);
    if (fstat(fd, &st) != 0)
        return error_errno(error, errno, "%s: Bad filedescriptor %d", option, fd);
    if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode))
        return error_malformed(error, "%s: Bad filedescriptor type: a socket, pipe or character "
                               "device is needed", option);
    return TRUE;
}

static gboolean
find_user(const char *name, uid_t *ret, GError **error)
{
    const struct passwd *pw = getpwnam(name);
    guint64 number;

    if (pw != NULL)
        *ret = pw->pw_uid;
    else if (g_ascii_string_to_unsigned(name, 10, 0, G_MAXUINT32 - 1, &number, NULL))
        *ret = (uid_t)number;
    else
        return error_malformed(error, "User '%s' does not exist", name);
    return TRUE;
}

static gboolean
find_group(const char *name, gid_t *ret, GError **error)
{
    const struct group *gr = getgrnam(name);
    guint64 number;

    if (gr != NULL)
        *ret = gr->gr_gid;
    else if (g_ascii_string_to_unsigned(name, 10, 0, G_MAXUINT32 - 1, &number, NULL))
        *ret = (gid_t)number;
    else
        return error_malformed(error, "Group '%s' does not exist", name);
    return TRUE;
}

static gboolean
set_owner(const struct channel_options *o, GError **error)
{
    uid_t uid = (uid_t)-1;
    gid_t gid = (gid_t)-1;

    if ((o->uid != NULL && !find_user(o->uid, &uid, error)) ||
        (o->gid != NULL && !find_group(o->gid, &gid, error)))
        return FALSE;
    if ((o->uid != NULL || o->gid != NULL) && chown(o->path, uid, gid) != 0)
        return error_errno(error, errno, "Could not change the owner of %s", o->path);
    return TRUE;
}

/* Nobody may connect between bind and chmod: hence the umask. */
static int
listen_unix(const struct channel_options *o, GError **error)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    g_auto(AutoFd) fd = -1;
    mode_t mask;
    int rc, ret;

    if (strlen(o->path) >= sizeof(addr.sun_path)) {
        error_malformed(error, "Path for UnioIO socket is too long (%zu bytes at most): %s",
                        sizeof(addr.sun_path) - 1, o->path);
        return -1;
    }
    memcpy(addr.sun_path, o->path, strlen(o->path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        error_errno(error, errno, "Could not make a Unix socket");
        return -1;
    }
    unlink(o->path);
    mask = umask(0177);
    rc = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
    umask(mask);
    if (rc != 0) {
        error_errno(error, errno, "Could not bind to %s", o->path);
        return -1;
    }
    if (chmod(o->path, o->mode) != 0)
        error_errno(error, errno, "Could not change the mode of %s", o->path);
    else if (!set_owner(o, error))
        ;
    else if (listen(fd, BACKLOG) != 0)
        error_errno(error, errno, "Could not listen on %s", o->path);
    else {
        ret = fd;
        fd = -1;
        return ret;
    }
    unlink(o->path);
    return -1;
}

static gboolean
resolve(const struct channel_options *o, struct addrinfo **ret, GError **error)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
    const char *host = o->bindaddr != NULL ? o->bindaddr : "127.0.0.1";
    g_autofree char *scoped = o->ifname != NULL && strchr(host, ':') != NULL
                                  ? g_strdup_printf("%s%%%s", host, o->ifname) : g_strdup(host);
    g_autofree char *port = g_strdup_printf("%d", o->port);
    int rc;

    if (g_ascii_strncasecmp(host, "fe80:", 5) == 0 && o->ifname == NULL)
        return error_malformed(error, "Missing interface name for link local address %s", host);
    if (strchr(host, ':') != NULL && o->ifname != NULL && if_nametoindex(o->ifname) == 0)
        return error_errno(error, errno, "Could not convert interface name '%s' to index",
                           o->ifname);
    rc = getaddrinfo(scoped, port, &hints, ret);

    if (rc != 0)
        return error_malformed(error, "Could not parse the bind address '%s': %s", scoped,
                               gai_strerror(rc));
    return TRUE;
}

static int
listen_tcp(const struct channel_options *o, GError **error)
{
    struct addrinfo *ai = NULL;
    int one = 1, fd;

    if (o->port > 65535) {
        error_malformed(error, "TCP socket port outside valid range: %d is above 65535", o->port);
        return -1;
    }
    if (!resolve(o, &ai, error))
        return -1;
    fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        error_errno(error, errno, "Could not open TCP socket on port %d", o->port);
        io_close(&fd);
    }
    freeaddrinfo(ai);
    return fd;
}

/* A descriptor that listens is accepted from; one that is connected is served. */
static gboolean
take_fd(int fd, const char *option, struct sockets *ret, GError **error)
{
    int listening = 0;
    socklen_t len = sizeof(listening);

    if (!sockets_fd_ok(fd, option, error))
        return FALSE;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening)
        ret->listen_fd = fd;
    else
        ret->client_fd = fd;
    return TRUE;
}

gboolean
sockets_open(const struct channel_options *o, const char *option, struct sockets *ret,
             GError **error)
{
    gboolean ctrl = g_strcmp0(option, "--ctrl") == 0;
    gboolean unixio = g_strcmp0(o->type, "unixio") == 0;

    *ret = (struct sockets) { .listen_fd = -1, .client_fd = -1 };
    if (o->type == NULL && ctrl)
        return error_malformed(error, "Missing type parameter for control channel");
    if (o->type != NULL && !unixio && strcmp(o->type, "tcp") != 0)
        return error_malformed(error, "%s: Unsupported socket type: %s", option, o->type);
    ret->tcp = !unixio;
    if (o->fd >= 0)
        return take_fd(o->fd, option, ret, error);
    if (o->clientfd >= 0) {
        if (!sockets_fd_ok(o->clientfd, option, error))
            return FALSE;
        ret->client_fd = o->clientfd;
        return TRUE;
    }
    if (unixio && o->path == NULL)
        return error_malformed(error, "%s: Missing path and fd options for UnixIO", option);
    if (!unixio && o->port < 0)
        return error_malformed(error, "%s: No valid port number provided for TCP socket "
                               "(port= or fd=)", option);
    ret->listen_fd = unixio ? listen_unix(o, error) : listen_tcp(o, error);
    if (ret->listen_fd >= 0 && unixio)
        ret->path = g_strdup(o->path);
    return ret->listen_fd >= 0;
}

void
sockets_close(struct sockets *s)
{
    io_close(&s->listen_fd);
    io_close(&s->client_fd);
    if (s->path != NULL)
        unlink(s->path);
    g_clear_pointer(&s->path, g_free);
}
