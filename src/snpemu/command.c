/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * command - a table of commands; each reads its words by rows of its own.
 */
#include "snpemu/command.h"

#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"
#include "base/options.h"
#include "cocotransport/attest/certtable.h"
#include "snpemu/command_options.h"
#include "snpemu/driver.h"
#include "snpemu/report.h"
#include "snpemu/serve.h"

#include <string.h>

#define FILE_MAX (64u * 1024 * 1024)

struct Host {
    struct chip *chip;
    GHashTable *guests;              /* path → struct guest */
    gboolean done;
};

/* One VM and the socket that is its guest device. */
struct guest {
    struct chip *chip;
    struct driver *driver;
    Server *server;
};

static void
guest_free(void *data)
{
    struct guest *g = data;

    server_free(g->server);
    driver_free(g->driver);
    g_free(g);
}

Host *
host_new(struct chip *chip)
{
    Host *h = g_new0(Host, 1);

    h->chip = chip;
    h->guests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, guest_free);
    return h;
}

void
host_free(Host *h)
{
    if (h == NULL)
        return;
    g_hash_table_unref(h->guests);
    g_free(h);
}

gboolean
host_is_done(const Host *h)
{
    return h->done;
}

static gboolean
guest_device(struct guest *g, struct cursor *body, struct builder *out)
{
    struct snpdev_request request = { 0 };
    struct snpdev_answer answer = { 0 };

    if (!emulator_request_parse(body, &request, NULL))
        return FALSE;
    driver_request(g->driver, &request, &answer);
    emulator_answer_write(&answer, out);
    snpdev_answer_clear(&answer);
    return TRUE;
}

static gboolean
guest_message(struct guest *g, struct cursor *body, struct builder *out)
{
    const uint8_t *page = cursor_bytes(body, GUEST_PAGE);
    uint8_t answer[GUEST_PAGE] = { 0 };

    if (page == NULL || !cursor_done(body))
        return FALSE;
    builder_be32(out, firmware_guest_request(g->chip, g->driver->launch, page, answer));
    builder_bytes(out, answer, sizeof(answer));
    return TRUE;
}

static gboolean
guest_answer(void *data, uint16_t operation, struct cursor *body, struct builder *out)
{
    struct guest *g = data;

    switch (operation) {
    case EMULATOR_DEVICE:
        return guest_device(g, body, out);
    case EMULATOR_MESSAGE:
        return guest_message(g, body, out);
    case EMULATOR_SECRETS_PAGE:
        builder_bytes(out, g->driver->secrets, GUEST_PAGE);
        return TRUE;
    default:
        return FALSE;
    }
}

/* What the commands have in common while they run. */
struct call {
    Host *host;
    const char *folder;
    struct command_options options;
    char *text;
};

static GBytes *
file_read(const struct call *c, const char *path, size_t max, GError **error)
{
    g_autofree char *absolute = g_canonicalize_filename(path, c->folder);

    return io_read_file(absolute, max, error);
}

static gboolean
fw_ok(enum fw_status status, const char *what, GError **error)
{
    if (status == FW_OK)
        return TRUE;
    if (error != NULL && *error != NULL)
        return FALSE;
    return error_denied(error, "%s: status 0x%x, %s", what, (unsigned)status,
                        fw_status_text(status));
}

static gboolean
measure(const struct call *c, struct launch *l, GError **error)
{
    const struct command_options *o = &c->options;
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

    if ((o->measurement != NULL) == (o->measurement_of != NULL))
        return error_malformed(error, "either --measurement or --measurement-of is needed");
    if (o->measurement != NULL)
        return hex_decode(o->measurement, l->measurement, sizeof(l->measurement), error);
    for (guint i = 0; i < o->measurement_of->len; i++) {
        GBytes *file = file_read(c, g_ptr_array_index(o->measurement_of, i), FILE_MAX, error);

        if (file == NULL)
            return FALSE;
        g_ptr_array_add(files, file);
    }
    return fw_ok(launch_update_files(l, files), "LAUNCH_UPDATE", error);
}

static gboolean
finish(const struct call *c, struct launch *l, GError **error)
{
    const struct command_options *o = &c->options;
    uint8_t host_data[32] = { 0 };
    struct launch_finish f = { .host_data = host_data, .author_key_en = o->author_key,
                               .vcek_disabled = o->vcek_disabled };
    g_autoptr(GBytes) block = NULL, auth = NULL;

    if (o->host_data != NULL && !hex_decode(o->host_data, host_data, sizeof(host_data), error))
        return FALSE;
    if (o->id_block != NULL && (block = file_read(c, o->id_block, ID_BLOCK_SIZE, error)) == NULL)
        return FALSE;
    if (o->id_auth != NULL && (auth = file_read(c, o->id_auth, ID_AUTH_SIZE, error)) == NULL)
        return FALSE;
    f.id_block = block;
    f.id_auth = auth;
    return fw_ok(launch_finish(l, &f), "LAUNCH_FINISH", error);
}

static gboolean
faults_add_all(struct driver *d, GPtrArray *faults, GError **error)
{
    for (guint i = 0; faults != NULL && i < faults->len; i++)
        if (!faults_add(d->faults, g_ptr_array_index(faults, i), error))
            return FALSE;
    return TRUE;
}

static struct driver *
launch_driver(struct call *c, GError **error)
{
    const struct command_options *o = &c->options;
    g_autoptr(launch_t) launch = NULL;
    g_autoptr(driver_t) d = NULL;

    if (o->vmpck >= VMPCKS) {
        error_malformed(error, "--vmpck is 0 to 3");
        return NULL;
    }
    if (!fw_ok(launch_start(c->host->chip, o->policy, &launch), "LAUNCH_START", error)
        || !measure(c, launch, error) || !finish(c, launch, error))
        return NULL;
    d = driver_new(c->host->chip, g_steal_pointer(&launch), o->vmpck);
    d->no_certs = o->no_certs;
    d->vmpl = o->vmpl;
    if (o->certs != NULL && (d->certs = file_read(c, o->certs, CERTTABLE_MAX, error)) == NULL)
        return NULL;
    return faults_add_all(d, o->faults, error) ? g_steal_pointer(&d) : NULL;
}

static gboolean
run_launch(struct call *c, GError **error)
{
    g_autofree char *path = NULL;
    struct guest *g = NULL;
    g_autoptr(driver_t) d = NULL;

    if (c->options.guest == NULL)
        return error_malformed(error, "--guest is needed");
    path = g_canonicalize_filename(c->options.guest, c->folder);
    d = launch_driver(c, error);
    if (d == NULL)
        return FALSE;
    g_hash_table_remove(c->host->guests, path);      /* the VM that was there is gone */
    g = g_new0(struct guest, 1);
    g->chip = c->host->chip;
    g->server = server_new(path, guest_answer, g, error);
    if (g->server == NULL) {
        g_free(g);
        return FALSE;
    }
    c->text = hex_encode(d->launch->measurement, MEASUREMENT_SIZE);
    g->driver = g_steal_pointer(&d);
    g_hash_table_insert(c->host->guests, g_steal_pointer(&path), g);
    return TRUE;
}

static struct guest *
guest_find(const struct call *c, GError **error)
{
    g_autofree char *path = g_canonicalize_filename(c->options.guest ? c->options.guest : "",
                                                    c->folder);
    struct guest *g = g_hash_table_lookup(c->host->guests, path);

    if (g == NULL)
        error_malformed(error, "%s: no such launch", path);
    return g;
}

static gboolean
run_stop(struct call *c, GError **error)
{
    g_autofree char *path = g_canonicalize_filename(c->options.guest ? c->options.guest : "",
                                                    c->folder);

    if (guest_find(c, error) == NULL)
        return FALSE;
    return g_hash_table_remove(c->host->guests, path);
}

static gboolean
run_fault(struct call *c, GError **error)
{
    struct guest *g = guest_find(c, error);

    if (g == NULL)
        return FALSE;
    if (c->options.faults == NULL)
        g_array_set_size(g->driver->faults->list, 0);
    return faults_add_all(g->driver, c->options.faults, error);
}

/* The table that a guest of this chip gets: for another one's --certs. */
static gboolean
run_certificates(struct call *c, GError **error)
{
    g_autoptr(GBytes) table = chip_certificate_table(c->host->chip, error);

    if (table == NULL)
        return FALSE;
    c->text = hex_encode(g_bytes_get_data(table, NULL), g_bytes_get_size(table));
    return TRUE;
}

static gboolean
run_config(struct call *c, GError **error)
{
    struct snp_tcb reported = c->host->chip->reported;

    if (c->options.tcb != NULL && !tcb_parse(c->options.tcb, &reported, error))
        return FALSE;
    c->host->chip->expired = c->options.expired;
    return fw_ok(chip_configure(c->host->chip, reported, c->options.mask_chip_id,
                                c->options.mask_chip_key, error), "SNP_CONFIG", error);
}

static gboolean
run_commit(struct call *c, GError **error)
{
    return fw_ok(chip_commit(c->host->chip, error), "SNP_COMMIT", error);
}

static gboolean
run_firmware(struct call *c, GError **error)
{
    struct firmware_version version = c->host->chip->current_version;
    struct snp_tcb tcb = c->host->chip->current;

    if (c->options.tcb != NULL && !tcb_parse(c->options.tcb, &tcb, error))
        return FALSE;
    if (c->options.version != NULL && !version_parse(c->options.version, &version, error))
        return FALSE;
    return fw_ok(chip_firmware(c->host->chip, tcb, version, error), "DOWNLOAD_FIRMWARE_EX", error);
}

static gboolean
run_vlek(struct call *c, GError **error)
{
    struct snp_tcb tcb = c->host->chip->reported;

    if (c->options.tcb != NULL && !tcb_parse(c->options.tcb, &tcb, error))
        return FALSE;
    return fw_ok(chip_vlek_load(c->host->chip, c->options.csp_id, tcb, error), "SNP_VLEK_LOAD",
                 error);
}

/* SNP_HV_REPORT_REQ: the host asks for a report of its guest. */
static gboolean
run_host_report(struct call *c, GError **error)
{
    const struct report_request request = { .vmpl = SNP_VMPL_HOST };
    uint8_t report[SNP_REPORT_SIZE];
    struct guest *g = guest_find(c, error);

    if (g == NULL)
        return FALSE;
    if (!fw_ok(report_make(c->host->chip, g->driver->launch, &request, report),
               "SNP_HV_REPORT_REQ", error))
        return FALSE;
    c->text = hex_encode(report, sizeof(report));
    return TRUE;
}

static gboolean
run_status(struct call *c, GError **error)
{
    g_autofree char *current = tcb_text(c->host->chip->current);
    g_autofree char *committed = tcb_text(c->host->chip->committed);
    g_autofree char *reported = tcb_text(c->host->chip->reported);
    g_autofree char *id = hex_encode(c->host->chip->chip_id, CHIP_ID_SIZE);

    (void)error;
    c->text = g_strdup_printf("product %s\nreport-version %u\nchip-id %s\ncurrent-tcb %s\n"
                              "committed-tcb %s\nreported-tcb %s\nvlek %s\nlaunches %u",
                              snp_product_name(c->host->chip->product),
                              c->host->chip->report_version, id, current, committed, reported,
                              c->host->chip->csp_id ? c->host->chip->csp_id : "none",
                              g_hash_table_size(c->host->guests));
    return TRUE;
}

static gboolean
run_quit(struct call *c, GError **error)
{
    (void)error;
    c->host->done = TRUE;
    return TRUE;
}

static const struct {
    const char *name;
    gboolean (*run)(struct call *c, GError **error);
    const char *help;
} commands[] = {
    { "launch", run_launch, "starts a VM; --guest is its guest device" },
    { "stop", run_stop, "ends a VM" },
    { "fault", run_fault, "scripts faults for a VM's messages; none clears them" },
    { "host-report", run_host_report, "prints a report of a VM that the host asked for" },
    { "certificates", run_certificates, "prints the chip's certificate table" },
    { "config", run_config, "SNP_CONFIG: reported TCB (--tcb), masks; --expired certificates" },
    { "commit", run_commit, "SNP_COMMIT: current becomes committed" },
    { "firmware", run_firmware, "loads firmware of --tcb and --version, not below committed" },
    { "vlek", run_vlek, "loads a VLEK of --csp-id; none unloads" },
    { "status", run_status, "shows the chip" },
    { "quit", run_quit, "ends the emulator" },
};

gboolean
command_run(Host *h, const char *folder, char **words, char **ret_text, GError **error)
{
    struct call c = { .host = h, .folder = folder };
    gboolean ok = FALSE;

    for (size_t i = 0; i < G_N_ELEMENTS(commands) && words[0] != NULL; i++) {
        if (strcmp(commands[i].name, words[0]) != 0)
            continue;
        command_options_init(&c.options);
        ok = options_parse(command_rows, (int)g_strv_length(words), words, &c.options, NULL,
                           error)
             && commands[i].run(&c, error);
        command_options_clear(&c.options);
        *ret_text = c.text;
        return ok;
    }
    return error_malformed(error, "%s: no such command", words[0] ? words[0] : "");
}

char *
command_help(void)
{
    GString *s = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        g_string_append_printf(s, "  %-14s %s\n", commands[i].name, commands[i].help);
    return g_string_free(s, FALSE);
}
