/* SPDX-License-Identifier: BSD-3-Clause */
#include "swtpm/options.h"

#include <string.h>

#include "base/error.h"

#define FIELD(name) offsetof(struct swtpm_config, name)

/* Rows that more than one interface has; a macro, since a table is one array. */
#define ROWS_COMMON \
    { "tpm2", 0, OPTION_FLAG, FIELD(tpm2), NULL, "make a TPM 2 instead of a TPM 1.2" }, \
    { "tpmstate", 0, OPTION_STRING, FIELD(tpmstate), \
      "dir=DIR|backend-uri=dir://DIR|file://FILE[,mode=0640][,lock=][,backup][,fsync]", \
      "where the TPM's state lies" }, \
    { "key", 0, OPTION_STRING, FIELD(key), \
      "file=F|fd=N[,format=hex|binary]|pwdfile=F|pwdfd=N[,kdf=pbkdf2|sha512]" \
      "[,mode=aes-128-cbc|aes-256-cbc][,remove]", "key or passphrase that encrypts the state" }, \
    { "migration-key", 0, OPTION_STRING, FIELD(migration_key), "as --key", \
      "key or passphrase for state that leaves by the control channel" }, \
    { "log", 0, OPTION_STRING, FIELD(log), "file=F|fd=N[,level=N][,prefix=P][,truncate]", \
      "where messages go; file=- silences them; level 5 and more shows libtpms at work" }, \
    { "locality", 0, OPTION_STRING, FIELD(locality), "[reject-locality-4][,allow-set-locality]", \
      "refuse locality 4; allow the in-band command that sets the locality" }, \
    { "pid", 0, OPTION_STRING, FIELD(pid), "file=F|fd=N", "write the process id" }, \
    { "flags", 0, OPTION_STRING, FIELD(flags), \
      "[not-need-init][,startup-clear|startup-state|startup-deactivated|startup-none]" \
      "[,disable-auto-shutdown]", "start the TPM at once, and how" }, \
    { "runas", 'r', OPTION_STRING, FIELD(runas), "USER", "change to this user" }, \
    { "chroot", 'R', OPTION_STRING, FIELD(chroot), "DIR", "change the root folder first" }, \
    { "seccomp", 0, OPTION_STRING, FIELD(seccomp), "action=kill|log|none", \
      "what happens at a forbidden system call; default kill" }, \
    { "migration", 0, OPTION_STRING, FIELD(migration), "[incoming][,release-lock-outgoing]", \
      "when the lock on the state is taken and let go" }, \
    { "profile", 0, OPTION_STRING, FIELD(profile), \
      "name=N|profile=JSON|file=F|fd=N[,remove-disabled=check|fips-host]", \
      "profile of a new TPM 2; needs libtpms 0.10" }, \
    { "pcap", 0, OPTION_STRING, FIELD(pcap), "file=F|fd=N[,truncate][,mode=0640][,checksums]", \
      "write commands and answers to a capture file (pcapng)" }, \
    { "print-capabilities", 0, OPTION_FLAG, FIELD(print_capabilities), NULL, \
      "say in JSON what this program can do" }, \
    { "print-states", 0, OPTION_FLAG, FIELD(print_states), NULL, \
      "say in JSON which state is there; needs --tpmstate" }, \
    { "print-profiles", 0, OPTION_FLAG, FIELD(print_profiles), NULL, \
      "say in JSON which profiles there are" }, \
    { "print-info", 0, OPTION_STRING, FIELD(print_info), "FLAGS", \
      "say in JSON what libtpms knows of itself" }, \
    { "version", 'v', OPTION_FLAG, FIELD(version), NULL, "say the version" }, \
    { "help", 'h', OPTION_FLAG, FIELD(help), NULL, "say this" }

#define ROWS_SERVED \
    { "fd", 'f', OPTION_FD, FIELD(fd), "N", "a connected descriptor that commands come from" }, \
    { "daemon", 'd', OPTION_FLAG, FIELD(daemonize), NULL, "go to the background when it serves" }, \
    { "ctrl", 0, OPTION_STRING, FIELD(ctrl), \
      "type=unixio,path=P|fd=N|clientfd=N[,mode=0770][,uid=][,gid=]|" \
      "type=tcp,port=N[,bindaddr=A][,ifname=I][,terminate]", "control channel" }

static const struct option_row socket_rows[] = {
    { "port", 'p', OPTION_FD, FIELD(port), "N",
      "listen on 127.0.0.1:N, one command a connection" },
    { "server", 0, OPTION_STRING, FIELD(server),
      "[type=tcp][,port=N][,bindaddr=A][,ifname=I][,fd=N][,disconnect]|"
      "type=unixio,path=P[,mode=0770][,uid=][,gid=]", "where commands come from" },
    { "terminate", 't', OPTION_FLAG, FIELD(terminate), NULL,
      "end when the data connection is lost" },
    { "cocotpm", 0, OPTION_STRING, FIELD(cocotpm),
      "type=unixio,path=P|type=tcp,port=N|type=vsock,port=N|fd=N|provision=FD…",
      "serve one confidential VM that attests itself, with sealed state; see swtpm(8)" },
    ROWS_SERVED,
    ROWS_COMMON,
    { 0 },
};

static const struct option_row chardev_rows[] = {
    { "chardev", 'c', OPTION_STRING, FIELD(chardev), "PATH",
      "the character device that commands come from" },
    { "vtpm-proxy", 0, OPTION_FLAG, FIELD(vtpm_proxy), NULL,
      "make a TPM device by the kernel's vTPM proxy" },
    ROWS_SERVED,
    ROWS_COMMON,
    { 0 },
};

static const struct option_row cuse_rows[] = {
    { "name", 'n', OPTION_STRING, FIELD(name), "NAME", "name of the device under /dev" },
    { "maj", 'M', OPTION_INT, FIELD(major), "N", "major number of the device" },
    { "min", 'm', OPTION_INT, FIELD(minor), "N", "minor number of the device" },
    ROWS_COMMON,
    { 0 },
};

static const struct {
    const char *name;
    const struct option_row *rows;
} interfaces[] = {
    [SWTPM_SOCKET] = { "socket", socket_rows },
    [SWTPM_CHARDEV] = { "chardev", chardev_rows },
    [SWTPM_CUSE] = { "cuse", cuse_rows },
};

const struct option_row *
swtpm_rows(enum swtpm_interface interface)
{
    return interfaces[interface].rows;
}

char *
swtpm_usage(enum swtpm_interface interface)
{
    g_autofree char *help = options_help(interfaces[interface].rows);

    return g_strdup_printf("Usage: swtpm %s [options]\n\nThe following options are supported:\n\n%s",
                           interfaces[interface].name, help);
}

#undef FIELD
#define FIELD(name) offsetof(struct channel_options, name)

#define ROWS_CHANNEL \
    { "type", 0, OPTION_STRING, FIELD(type), "tcp|unixio", "kind of socket" }, \
    { "path", 0, OPTION_STRING, FIELD(path), "PATH", "path of the Unix socket" }, \
    { "port", 0, OPTION_INT, FIELD(port), "N", "TCP port" }, \
    { "bindaddr", 0, OPTION_STRING, FIELD(bindaddr), "ADDR", "address to listen on" }, \
    { "ifname", 0, OPTION_STRING, FIELD(ifname), "NAME", "interface of a link-local address" }, \
    { "fd", 0, OPTION_FD, FIELD(fd), "N", "a socket that listens (or is connected) already" }, \
    { "mode", 0, OPTION_OCTAL, FIELD(mode), "MODE", "mode of the Unix socket" }, \
    { "uid", 0, OPTION_STRING, FIELD(uid), "USER", "owner of the Unix socket" }, \
    { "gid", 0, OPTION_STRING, FIELD(gid), "GROUP", "group of the Unix socket" }

static const struct option_row server_rows[] = {
    ROWS_CHANNEL,
    { "disconnect", 0, OPTION_BOOL, FIELD(disconnect), NULL, "one command a connection" },
    { 0 },
};

static const struct option_row ctrl_rows[] = {
    ROWS_CHANNEL,
    { "clientfd", 0, OPTION_FD, FIELD(clientfd), "N", "a connected socket" },
    { "terminate", 0, OPTION_BOOL, FIELD(terminate), NULL,
      "end when the control connection is lost" },
    { 0 },
};

static gboolean
channel_parse(const struct option_row *rows, const char *option, const char *text,
              struct channel_options *ret, GError **error)
{
    *ret = (struct channel_options) { .port = -1, .fd = -1, .clientfd = -1,
                                      .mode = 0770 };
    return suboptions_parse(rows, option, text, ret, error);
}

gboolean
server_options_parse(const char *text, struct channel_options *ret, GError **error)
{
    return channel_parse(server_rows, "--server", text, ret, error);
}

gboolean
ctrl_options_parse(const char *text, struct channel_options *ret, GError **error)
{
    return channel_parse(ctrl_rows, "--ctrl", text, ret, error);
}

void
channel_options_clear(struct channel_options *o)
{
    options_clear(ctrl_rows, o);
}

#undef FIELD
#define FIELD(name) offsetof(struct log_options, name)
static const struct option_row log_rows[] = {
    { "file", 0, OPTION_STRING, FIELD(file), "FILE", "log file; - for none" },
    { "fd", 0, OPTION_FD, FIELD(fd), "N", "open descriptor" },
    { "level", 0, OPTION_INT, FIELD(level), "N", "how much" },
    { "prefix", 0, OPTION_STRING, FIELD(prefix), "TEXT", "before each line" },
    { "truncate", 0, OPTION_BOOL, FIELD(truncate), NULL, "empty the file first" },
    { 0 },
};

gboolean
log_options_parse(const char *text, struct log_options *ret, GError **error)
{
    *ret = (struct log_options) { .fd = -1, .level = 1 };
    return suboptions_parse(log_rows, "--log", text, ret, error);
}

#undef FIELD
#define FIELD(name) offsetof(struct file_options, name)
static const struct option_row pid_rows[] = {
    { "file", 0, OPTION_STRING, FIELD(file), "FILE", "pid file" },
    { "fd", 0, OPTION_FD, FIELD(fd), "N", "open descriptor" },
    { 0 },
};

gboolean
pid_options_parse(const char *text, struct file_options *ret, GError **error)
{
    *ret = (struct file_options) { .fd = -1 };
    if (!suboptions_parse(pid_rows, "--pid", text, ret, error))
        return FALSE;
    if (ret->file == NULL && ret->fd < 0)
        return error_malformed(error, "The file=<pidfile> or fd=<fd> option is required for --pid");
    return TRUE;
}

#undef FIELD
#define FIELD(name) offsetof(struct locality_options, name)
static const struct option_row locality_rows[] = {
    { "reject-locality-4", 0, OPTION_BOOL, FIELD(reject_locality_4), NULL, "refuse locality 4" },
    { "allow-set-locality", 0, OPTION_BOOL, FIELD(allow_set_locality), NULL,
      "allow the in-band command" },
    { 0 },
};

gboolean
locality_options_parse(const char *text, struct locality_options *ret, GError **error)
{
    return suboptions_parse(locality_rows, "--locality", text, ret, error);
}

#undef FIELD
#define FIELD(name) offsetof(struct flag_options, name)
static const struct option_row flag_rows[] = {
    { "not-need-init", 0, OPTION_BOOL, FIELD(not_need_init), NULL, "start without CMD_INIT" },
    { "startup-clear", 0, OPTION_BOOL, FIELD(startup_clear), NULL, "and send Startup(CLEAR)" },
    { "startup-state", 0, OPTION_BOOL, FIELD(startup_state), NULL, "and send Startup(STATE)" },
    { "startup-deactivated", 0, OPTION_BOOL, FIELD(startup_deactivated), NULL,
      "and send Startup(DEACTIVATED), TPM 1.2" },
    { "startup-none", 0, OPTION_BOOL, FIELD(startup_none), NULL, "send nothing" },
    { "disable-auto-shutdown", 0, OPTION_BOOL, FIELD(disable_auto_shutdown), NULL,
      "send no TPM2_Shutdown of our own" },
    { 0 },
};

gboolean
flag_options_parse(const char *text, struct flag_options *ret, GError **error)
{
    return suboptions_parse(flag_rows, "--flags", text, ret, error);
}

#undef FIELD
#define FIELD(name) offsetof(struct migration_options, name)
static const struct option_row migration_rows[] = {
    { "incoming", 0, OPTION_BOOL, FIELD(incoming), NULL, "lock when the state has come" },
    { "release-lock-outgoing", 0, OPTION_BOOL, FIELD(release_lock_outgoing), NULL,
      "let the lock go when the state has gone" },
    { 0 },
};

gboolean
migration_options_parse(const char *text, struct migration_options *ret, GError **error)
{
    return suboptions_parse(migration_rows, "--migration", text, ret, error);
}

#undef FIELD
#define FIELD(name) offsetof(struct pcap_options, name)
static const struct option_row pcap_rows[] = {
    { "file", 0, OPTION_STRING, FIELD(file), "FILE", "capture file" },
    { "fd", 0, OPTION_FD, FIELD(fd), "N", "open descriptor" },
    { "truncate", 0, OPTION_BOOL, FIELD(truncate), NULL, "empty the file first" },
    { "mode", 0, OPTION_OCTAL, FIELD(mode), "MODE", "mode of the file" },
    { "checksums", 0, OPTION_BOOL, FIELD(checksums), NULL, "reckon those of IP and TCP" },
    { 0 },
};

gboolean
pcap_options_parse(const char *text, struct pcap_options *ret, GError **error)
{
    *ret = (struct pcap_options) { .fd = -1, .mode = 0640 };
    if (!suboptions_parse(pcap_rows, "--pcap", text, ret, error))
        return FALSE;
    if (ret->file == NULL && ret->fd < 0)
        return error_malformed(error, "The file=<file> or fd=<fd> option is required for --pcap");
    return TRUE;
}

struct seccomp_options {
    char *action;
};
static const struct option_row seccomp_rows[] = {
    { "action", 0, OPTION_STRING, offsetof(struct seccomp_options, action), "kill|log|none", "" },
    { 0 },
};

char *
seccomp_options_parse(const char *text, GError **error)
{
    struct seccomp_options o = { NULL };

    if (!suboptions_parse(seccomp_rows, "--seccomp", text, &o, error)) {
        g_free(o.action);
        return NULL;
    }
    if (o.action == NULL)
        return g_strdup("kill");
    if (g_strcmp0(o.action, "kill") == 0 || g_strcmp0(o.action, "log") == 0 ||
        g_strcmp0(o.action, "none") == 0)
        return o.action;
    error_malformed(error, "Unsupported seccomp log action %s; use action=kill, log or none",
                    o.action);
    g_free(o.action);
    return NULL;
}
