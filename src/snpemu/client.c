/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * client - what needs no emulator and the front ends run here; every other command goes to the
 * emulator as the words that were typed, and the folder they were typed in.
 */
#include "config.h"

#include "snpemu/client.h"

#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"
#include "cocotransport/link/link.h"
#include "snpemu/command.h"
#include "snpemu/command_options.h"
#include "snpemu/front.h"
#include "snpemu/idmake.h"
#include "snpemu/launch.h"
#include "snpemu/serve.h"

#include <string.h>

#define ANSWER_SECONDS 120
#define FILE_MAX (64u * 1024 * 1024)

/* The digest of --measurement or of the files of --measurement-of. */
static gboolean
measure(const struct command_options *o, uint8_t ret[static MEASUREMENT_SIZE], GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    struct launch l = { .state = LAUNCH_LOADING };

    if (o->measurement != NULL)
        return hex_decode(o->measurement, ret, MEASUREMENT_SIZE, error);
    for (guint i = 0; o->measurement_of != NULL && i < o->measurement_of->len; i++) {
        GBytes *file = io_read_file(g_ptr_array_index(o->measurement_of, i), FILE_MAX, error);

        if (file == NULL)
            return FALSE;
        g_ptr_array_add(files, file);
    }
    if (launch_update_files(&l, files) != FW_OK)
        return error_system(error, "the files cannot be measured");
    memcpy(ret, l.measurement, MEASUREMENT_SIZE);
    return TRUE;
}

static void
print_hex(const uint8_t *bytes, size_t len)
{
    g_autofree char *hex = hex_encode(bytes, len);

    g_print("%s\n", hex);
}

static gboolean
run_measure(const struct command_options *o, GError **error)
{
    uint8_t measurement[MEASUREMENT_SIZE];

    if (!measure(o, measurement, error))
        return FALSE;
    print_hex(measurement, sizeof(measurement));
    return TRUE;
}

static gboolean
run_idblock(const struct command_options *o, GError **error)
{
    struct id_config c = { .guest_svn = o->svn, .policy = o->policy, .id_key = o->id_key,
                           .author_key = o->author_key_file };
    g_autofree struct id_made *made = g_new0(struct id_made, 1);

    if (o->id_key == NULL || o->id_block == NULL || o->id_auth == NULL)
        return error_malformed(error, "--id-key, --id-block and --id-auth are needed");
    if (!measure(o, c.measurement, error)
        || (o->family_id && !hex_decode(o->family_id, c.family_id, sizeof(c.family_id), error))
        || (o->image_id && !hex_decode(o->image_id, c.image_id, sizeof(c.image_id), error))
        || !id_make(&c, made, error)
        || !io_write_file(o->id_block, made->block, sizeof(made->block), 0644, error)
        || !io_write_file(o->id_auth, made->auth, sizeof(made->auth), 0644, error))
        return FALSE;
    print_hex(made->id_key_digest, sizeof(made->id_key_digest));
    if (o->author_key_file != NULL)
        print_hex(made->author_key_digest, sizeof(made->author_key_digest));
    return TRUE;
}

#ifdef FUSE
static gboolean
run_fuse(const struct command_options *o, GError **error)
{
    if (o->guest == NULL || o->mount == NULL)
        return error_malformed(error, "--guest and --mount are needed");
    return front_fuse(o->guest, o->mount, error);
}

static gboolean
run_cuse(const struct command_options *o, GError **error)
{
    if (o->guest == NULL)
        return error_malformed(error, "--guest is needed");
    return front_cuse(o->guest, error);
}
#endif

static const struct {
    const char *name;
    gboolean (*run)(const struct command_options *o, GError **error);
    const char *help;
} local_commands[] = {
    { "measure", run_measure, "prints the launch digest of --measurement-of" },
    { "idblock", run_idblock, "writes an ID block and its authentication" },
#ifdef FUSE
    { "fuse", run_fuse, "serves --guest as the file sev-guest in the folder --mount" },
    { "cuse", run_cuse, "serves --guest as the device /dev/sev-guest" },
#endif
};

char *
client_help(void)
{
    GString *s = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(local_commands); i++)
        g_string_append_printf(s, "  %-14s %s\n", local_commands[i].name, local_commands[i].help);
    return g_string_free(s, FALSE);
}

/* Folder and words, each with its zero byte. */
static gboolean
request_send(int fd, char **words, gint64 deadline, GError **error)
{
    g_autofree char *folder = g_get_current_dir();
    g_autofree uint8_t *frame = g_malloc(EMULATOR_FRAME_MAX);
    struct builder b = builder_on(frame, EMULATOR_FRAME_MAX);

    builder_be32(&b, 0);
    builder_be16(&b, COMMAND_OPERATION);
    builder_bytes(&b, folder, strlen(folder) + 1);
    for (guint i = 0; words[i] != NULL; i++)
        builder_bytes(&b, words[i], strlen(words[i]) + 1);
    if (b.failed)
        return error_malformed(error, "the command is too long");
    builder_be32_at(&b, 0, (uint32_t)builder_len(&b) - EMULATOR_PREFIX);
    return io_write_until(fd, frame, builder_len(&b), deadline, error);
}

static gboolean
answer_print(int fd, gint64 deadline, GError **error)
{
    uint8_t prefix[EMULATOR_PREFIX];
    struct cursor in = cursor_from(prefix, sizeof(prefix));
    g_autofree uint8_t *frame = NULL;
    g_autofree char *text = NULL;
    uint32_t size = 0;
    gboolean ok = FALSE;

    if (!io_read_until(fd, prefix, sizeof(prefix), deadline, error))
        return FALSE;
    size = cursor_be32(&in);
    if (size < 3 || size > EMULATOR_FRAME_MAX)
        return error_malformed(error, "a broken answer from the emulator");
    frame = g_malloc(size);
    if (!io_read_until(fd, frame, size, deadline, error))
        return FALSE;
    in = cursor_from(frame, size);
    cursor_be16(&in);
    ok = cursor_u8(&in) == 1;
    text = g_strndup((const char *)in.pos, cursor_left(&in));
    if (!ok)
        return error_denied(error, "%s", text);
    if (text[0] != '\0')
        g_print("%s\n", text);
    return TRUE;
}

static gboolean
ask_emulator(const struct command_options *o, char **words, GError **error)
{
    const gint64 deadline = g_get_monotonic_time() + ANSWER_SECONDS * G_TIME_SPAN_SECOND;
    const struct link_address address = { .kind = LINK_UNIX, .path = o->socket };
    g_auto(AutoFd) fd = -1;

    if (o->socket == NULL)
        return error_malformed(error, "--socket is needed");
    fd = link_connect(&address, deadline, error);
    return fd >= 0 && request_send(fd, words, deadline, error)
           && answer_print(fd, deadline, error);
}

gboolean
client_run(char **words, GError **error)
{
    struct command_options o;
    gboolean ok = FALSE;

    command_options_init(&o);
    if (options_parse(command_rows, (int)g_strv_length(words), words, &o, NULL, error)) {
        gboolean (*run)(const struct command_options *, GError **) = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(local_commands); i++)
            if (strcmp(words[0], local_commands[i].name) == 0)
                run = local_commands[i].run;
        ok = run != NULL ? run(&o, error) : ask_emulator(&o, words, error);
    }
    command_options_clear(&o);
    return ok;
}
