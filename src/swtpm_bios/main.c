/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * swtpm_bios - sends the commands that a BIOS sends to a TPM when a machine
 * starts: each a row, in their order.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/io.h"
#include "base/options.h"
#include "swtpm/control/client.h"

enum {
    EXIT_TPM_ERROR = 128,
    EXIT_NEEDS_RESET = 129,
    EXIT_NO_TPM = 255,
};

#define ANSWER_MAX 4096
#define HEADER_SIZE 10
#define TIMEOUT_MS 300000            /* a self test or a slow machine; only a hang takes longer */

struct bios_options {
    char *device;
    char *tcp;
    char *unix_path;
    gboolean tpm2;
    char *startup;           /* letters of -c, -s, -d, -n and -o in their order */
    gboolean self_test;
    gboolean ensure_activated;
    gboolean unassert;
    gboolean version, help;
};

#define FIELD(name) offsetof(struct bios_options, name)

static const struct option_row rows[] = {
    { "tpm-device", 0, OPTION_STRING, FIELD(device), "DEVICE",
      "the TPM's device; default /dev/tpm0" },
    { "tcp", 0, OPTION_STRING, FIELD(tcp), "[HOST]:[PORT]",
      "the TPM's data channel on TCP; default 127.0.0.1:6545" },
    { "unix", 0, OPTION_STRING, FIELD(unix_path), "PATH",
      "the TPM's data channel on a Unix socket" },
    { "tpm2", 0, OPTION_FLAG, FIELD(tpm2), NULL, "it is a TPM 2" },
    { "c", 'c', OPTION_WORD, FIELD(startup), NULL, "startup clear (default)" },
    { "s", 's', OPTION_WORD, FIELD(startup), NULL, "startup state" },
    { "d", 'd', OPTION_WORD, FIELD(startup), NULL,
      "startup deactivated (none for a TPM 2), and no enabling" },
    { "n", 'n', OPTION_WORD, FIELD(startup), NULL, "no startup" },
    { "o", 'o', OPTION_WORD, FIELD(startup), NULL, "startup only: no enabling" },
    { "cs", 0, OPTION_FLAG, FIELD(self_test), NULL,
      "run TPM_ContinueSelfTest, or TPM2_IncrementalSelfTest" },
    { "ea", 0, OPTION_FLAG, FIELD(ensure_activated), NULL,
      "end with status 129 when a TPM 1.2 has to be reset to be activated" },
    { "u", 'u', OPTION_FLAG, FIELD(unassert), NULL,
      "give up physical presence; of a TPM 2: give the platform a random password" },
    { "v", 'v', OPTION_FLAG, FIELD(version), NULL, "say the version" },
    { "help", 'h', OPTION_FLAG, FIELD(help), NULL, "say this" },
    { 0 },
};

struct step {
    gboolean wanted;
    const char *name;        /* in messages */
    guint16 tag;
    guint32 code;
    guint8 body[64];
    guint8 body_len;
};

static void
add_u16(struct step *s, guint16 value)
{
    struct builder out = builder_on(s->body + s->body_len, sizeof(s->body) - s->body_len);

    builder_be16(&out, value);
    s->body_len = (guint8)(s->body_len + builder_len(&out));
}

static void
add_u32(struct step *s, guint32 value)
{
    add_u16(s, (guint16)(value >> 16));
    add_u16(s, (guint16)value);
}

static void
add_u8(struct step *s, guint8 value)
{
    s->body[s->body_len++] = value;
}

/* ---- talking ---- */

static int
connect_tpm(const struct bios_options *o, GError **error)
{
    int fd;

    if (o->tcp != NULL) {
        fd = ptm_connect_tcp(o->tcp, "6545", error);
        if (fd < 0)
            g_prefix_error(error, "Could not connect using TCP socket. ");
    } else if (o->unix_path != NULL) {
        fd = ptm_connect_unix(o->unix_path, error);
        if (fd < 0)
            g_prefix_error(error, "Could not connect using UnixIO socket. ");
    } else {
        fd = open(o->device, O_RDWR | O_CLOEXEC);
        if (fd < 0)
            error_system(error, "Unable to open device '%s'.", o->device);
    }
    return fd;
}

/* A device gives its answer in one piece; a socket is read by the size that the header gives. */
static gboolean
read_answer(int fd, gboolean device, guint8 *answer, gsize *ret_len, GError **error)
{
    gint64 until = g_get_monotonic_time() + TIMEOUT_MS * (G_TIME_SPAN_SECOND / 1000);
    struct cursor in = cursor_from(answer, HEADER_SIZE);
    guint32 size;

    if (device) {
        ssize_t n = read(fd, answer, ANSWER_MAX);

        (void)cursor_be16(&in);
        *ret_len = n > 0 ? (gsize)n : 0;
        if (n < HEADER_SIZE)
            return error_system(error, "Returned packet is too short.");
        return cursor_be32(&in) == (guint32)n || error_system(error, "Malformed response.");
    }
    if (!io_read_until(fd, answer, HEADER_SIZE, until, error))
        return FALSE;
    (void)cursor_be16(&in);
    size = cursor_be32(&in);
    if (size < HEADER_SIZE || size > ANSWER_MAX)
        return error_system(error, "Malformed response: it says that it has %u bytes.", size);
    *ret_len = size;
    return io_read_until(fd, answer + HEADER_SIZE, size - HEADER_SIZE, until, error);
}

static gboolean
transfer(const struct bios_options *o, const struct step *s, guint8 *answer, gsize *ret_len,
         GError **error)
{
    guint8 command[HEADER_SIZE + sizeof(s->body)] = { 0 };
    struct builder out = builder_on(command, sizeof(command));
    g_auto(AutoFd) fd = connect_tpm(o, error);

    if (fd < 0)
        return FALSE;
    builder_be16(&out, s->tag);
    builder_be32(&out, HEADER_SIZE + s->body_len);
    builder_be32(&out, s->code);
    builder_bytes(&out, s->body, s->body_len);
    return io_write_full(fd, command, builder_len(&out), error) &&
           read_answer(fd, o->tcp == NULL && o->unix_path == NULL, answer, ret_len, error);
}

/* ---- the steps ---- */

#define STEPS_MAX 9

/* What kind of Startup, 'c', 's', 'd' or 'n', and whether the TPM is then enabled: the last counts. */
static char
startup_kind(const struct bios_options *o, gboolean *ret_enable)
{
    const char *letters = o->startup != NULL ? o->startup : "";
    char kind = 'c';

    *ret_enable = TRUE;
    for (; *letters != '\0'; letters++) {
        *ret_enable = *letters != 'd' && *letters != 'o';
        if (*letters != 'o')
            kind = *letters;
    }
    return kind;
}

static guint
steps_tpm2(const struct bios_options *o, struct step *s)
{
    gboolean enable;
    char kind = startup_kind(o, &enable);
    guint8 password[20];

    s[0] = (struct step) { kind == 'c' || kind == 's', "TPM2_Startup", 0x8001, 0x144, { 0 }, 0 };
    add_u16(&s[0], kind == 's' ? 1 : 0);
    s[1] = (struct step) { o->self_test, "TPM2_IncrementalSelfTest", 0x8001, 0x142, { 0 }, 0 };
    add_u32(&s[1], 1);
    add_u16(&s[1], 0x0004);                /* SHA-1 */
    s[2] = (struct step) { o->unassert, "TPM2_HierarchyChangeAuth", 0x8002, 0x129, { 0 }, 0 };
    add_u32(&s[2], 0x4000000c);            /* the platform */
    add_u32(&s[2], 9);
    add_u32(&s[2], 0x40000009);
    add_u16(&s[2], 0);
    add_u8(&s[2], 1);                      /* continueSession */
    add_u16(&s[2], 0);
    if (getrandom(password, sizeof(password), 0) != (ssize_t)sizeof(password))
        s[2].wanted = FALSE;
    add_u16(&s[2], sizeof(password));
    for (gsize i = 0; i < sizeof(password); i++)
        add_u8(&s[2], password[i]);
    return 3;
}

static struct step
presence(gboolean wanted, const char *name, guint16 value)
{
    struct step s = { wanted, name, 0x00c1, 0x4000000a, { 0 }, 0 };

    add_u16(&s, value);
    return s;
}

#define GET_PERMANENT_FLAGS 3        /* the step whose answer -ea looks at */
#define LAST_BEFORE_RESET 5          /* what comes after it waits for the reset */

static guint
steps_tpm12(const struct bios_options *o, struct step *s)
{
    static const struct {
        char kind;
        guint16 type;
        const char *name;
    } startups[] = {
        { 'c', 1, "TPM_Startup(0x01)" },
        { 's', 2, "TPM_Startup(0x02)" },
        { 'd', 3, "TPM_Startup(0x03)" },
    };
    gboolean more;
    char kind = startup_kind(o, &more);

    for (gsize i = 0; i < G_N_ELEMENTS(startups); i++) {
        if (kind != startups[i].kind)
            continue;
        s[0] = (struct step) { TRUE, startups[i].name, 0x00c1, 0x99, { 0 }, 0 };
        add_u16(&s[0], startups[i].type);
    }
    s[1] = presence(more, "TSC_PhysicalPresence(CMD_ENABLE)", 0x20);
    s[2] = presence(more, "TSC_PhysicalPresence(PRESENT)", 0x08);
    s[GET_PERMANENT_FLAGS] = (struct step) { more && o->ensure_activated, "TPM_GetCapability()",
                                             0x00c1, 0x65, { 0 }, 0 };
    add_u32(&s[3], 4);                     /* TPM_CAP_FLAG */
    add_u32(&s[3], 4);
    add_u32(&s[3], 0x108);                 /* TPM_CAP_FLAG_PERMANENT */
    s[4] = (struct step) { more, "TPM_PhysicalEnable", 0x00c1, 0x6f, { 0 }, 0 };
    s[5] = (struct step) { more, "TPM_PhysicalSetDeactivated", 0x00c1, 0x72, { 0 }, 0 };
    add_u8(&s[5], 0);
    s[6] = (struct step) { o->self_test, "TPM_ContinueSelfTest", 0x00c1, 0x53, { 0 }, 0 };
    s[7] = presence(o->unassert, "TSC_PhysicalPresence(CMD_ENABLE)", 0x20);
    s[8] = presence(o->unassert, "TSC_PhysicalPresence(NOT_PRESENT|LOCK)", 0x14);
    return 9;
}

/* TPM_PERMANENT_FLAGS: tag, disable, ownership, deactivated (TPM Main Part 2, 7.1). */
static gboolean
is_deactivated(const guint8 *answer, gsize len)
{
    struct cursor in = cursor_from(answer, len);

    (void)cursor_bytes(&in, HEADER_SIZE + 4 + 2 + 2);
    return cursor_u8(&in) != 0 && !in.failed;
}

static int
run(const struct bios_options *o)
{
    struct step steps[STEPS_MAX] = { { 0 } };
    guint count = o->tpm2 ? steps_tpm2(o, steps) : steps_tpm12(o, steps);
    gboolean reset = FALSE;
    int status = EXIT_SUCCESS;

    for (guint i = 0; i < count; i++) {
        guint8 answer[ANSWER_MAX] = { 0 };
        struct cursor in = cursor_from(answer, HEADER_SIZE);
        g_autoptr(GError) error = NULL;
        gsize len = 0;
        guint32 rc;

        if (!steps[i].wanted || (reset && i > LAST_BEFORE_RESET))
            continue;
        if (!transfer(o, &steps[i], answer, &len, &error)) {
            fprintf(stderr, "%s\n", error->message);
            /* MALFORMED is an address that cannot be one. */
            return g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED) ? EXIT_FAILURE
                                                                           : EXIT_NO_TPM;
        }
        (void)cursor_bytes(&in, 6);
        rc = cursor_be32(&in);
        if (rc != 0) {
            /* Where swtpm_bios has always said it. */
            fprintf(o->tpm2 ? stdout : stderr, "%s returned error code 0x%08x\n", steps[i].name, rc);
            status = EXIT_TPM_ERROR;
        } else if (!o->tpm2 && i == GET_PERMANENT_FLAGS) {
            reset = is_deactivated(answer, len);
        }
    }
    if (reset)
        printf("TPM requires a reset\n");
    return reset ? EXIT_NEEDS_RESET : status;
}

/* As other programs of the TPM 1.2's days: only without an address on the command line. */
static void
default_address(struct bios_options *o)
{
    const char *host = getenv("TCSD_TCP_DEVICE_HOSTNAME");
    const char *port = getenv("TCSD_TCP_DEVICE_PORT");
    const char *device = getenv("TPM_DEVICE");

    if (o->device != NULL || o->tcp != NULL || o->unix_path != NULL)
        return;
    if (getenv("TCSD_USE_TCP_DEVICE") != NULL)
        o->tcp = g_strdup_printf("%s:%s", host != NULL ? host : "", port != NULL ? port : "");
    else
        o->device = g_strdup(device != NULL ? device : "/dev/tpm0");
}

static void
usage(FILE *to)
{
    g_autofree char *help = options_help(rows);

    fprintf(to, "TPM emulator BIOS emulator version 0.11.0\nCoCoTPM " PACKAGE_VERSION "\n\n"
            "swtpm_bios [options]\n\n"
            "Runs TPM_Startup (unless -n), then (unless -o) sets PP, enable, activate\n"
            "and finally (using -u) gives up physical presence (PP)\n\n"
            "The following options are supported:\n%s", help);
}

int
main(int argc, char **argv)
{
    struct bios_options o = { 0 };
    g_autoptr(GError) error = NULL;
    char **ignored;                        /* further words, as swtpm_bios always did */
    int status = EXIT_FAILURE;

    if (!options_parse_one_dash(rows, argc, argv, &o, &ignored, &error)) {
        fprintf(stderr, "swtpm_bios: %s\n", error->message);
        usage(stderr);
    } else if (o.help || o.version) {
        usage(stdout);
        status = o.help ? EXIT_SUCCESS : EXIT_FAILURE;   /* -v: as swtpm_bios always did */
    } else {
        default_address(&o);
        status = run(&o);
    }
    options_clear(rows, &o);
    return status;
}
