/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * certs - runs the certificate tool (swtpm_localca, or the user's own) and
 * takes the file that it writes. Several may run at once, beside the TPM's own
 * work; their lines come into our log in the order in which they are asked for.
 */
#include "config.h"

#include "swtpm_setup/certs.h"

#include "base/error.h"
#include "base/io.h"
#include "swtpm_setup/folder.h"
#include "swtpm_setup/job.h"
#include "swtpm_setup/text.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define LOG_MAX (1024u * 1024)

static const char *
text_member(JsonObject *object, const char *name)
{
    JsonNode *node = object == NULL ? NULL : json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node)
               && json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node) : NULL;
}

static JsonObject *
object_member(JsonObject *object, const char *name)
{
    JsonNode *node = object == NULL ? NULL : json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

gboolean
cert_facts_parse(const char *json, struct cert_facts *ret, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *spec, *attributes, *root;

    if (!json_parser_load_from_data(parser, json, -1, error))
        return FALSE;
    root = JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser))
               ? json_node_get_object(json_parser_get_root(parser)) : NULL;
    spec = object_member(root, "TPMSpecification");
    attributes = object_member(root, "TPMAttributes");
    if (text_member(spec, "family") == NULL || text_member(attributes, "manufacturer") == NULL
        || text_member(attributes, "model") == NULL || text_member(attributes, "version") == NULL)
        return error_malformed(error, "The TPM does not say what it is.");
    ret->family = g_strdup(text_member(spec, "family"));
    ret->level = json_object_get_int_member_with_default(spec, "level", 0);
    ret->revision = json_object_get_int_member_with_default(spec, "revision", 0);
    ret->manufacturer = g_strdup(text_member(attributes, "manufacturer"));
    ret->model = g_strdup(text_member(attributes, "model"));
    ret->version = g_strdup(text_member(attributes, "version"));
    return TRUE;
}

void
cert_facts_clear(struct cert_facts *facts)
{
    g_clear_pointer(&facts->family, g_free);
    g_clear_pointer(&facts->manufacturer, g_free);
    g_clear_pointer(&facts->model, g_free);
    g_clear_pointer(&facts->version, g_free);
}

static void
add(GPtrArray *argv, const char *option, const char *value)
{
    g_ptr_array_add(argv, g_strdup(option));
    if (value != NULL)
        g_ptr_array_add(argv, g_strdup(value));
}

static void
add_number(GPtrArray *argv, const char *option, gint64 value)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, value);

    add(argv, option, text);
}

static void
add_facts(GPtrArray *argv, const struct cert_facts *facts)
{
    add(argv, "--tpm-spec-family", facts->family);
    add_number(argv, "--tpm-spec-level", facts->level);
    add_number(argv, "--tpm-spec-revision", facts->revision);
    add(argv, "--tpm-manufacturer", facts->manufacturer);
    add(argv, "--tpm-model", facts->model);
    add(argv, "--tpm-version", facts->version);
}

static GPtrArray *
command_line(const struct cert_request *request, const Conf *conf, const char *tool,
             const char *dir, const char *logfile)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    add(argv, tool, NULL);
    add(argv, "--type", request->type);
    add(argv, "--ek", request->key);
    add(argv, "--dir", dir);
    if (logfile != NULL)
        add(argv, "--logfile", logfile);
    if (request->vmid != NULL)
        add(argv, "--vmid", request->vmid);
    add_facts(argv, request->facts);
    if (request->tpm2)
        add(argv, "--tpm2", NULL);
    if (conf_get(conf, "create_certs_tool_config") != NULL)
        add(argv, "--configfile", conf_get(conf, "create_certs_tool_config"));
    if (conf_get(conf, "create_certs_tool_options") != NULL)
        add(argv, "--optsfile", conf_get(conf, "create_certs_tool_options"));
    g_ptr_array_add(argv, NULL);
    return argv;
}

static char *
find_tool(const Conf *conf, GError **error)
{
    const char *tool = conf_get(conf, "create_certs_tool");
    char *path = tool == NULL ? NULL : g_find_program_in_path(tool);

    if (tool == NULL)
        error_denied(error, "The configuration file names no create_certs_tool.");
    else if (path == NULL)
        error_denied(error, "Could not find %s in PATH.", tool);
    return path;
}

/* Each line with the tool's name before it. */
static void
pass_on(Report *report, const char *name, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++)
        if (lines[i][0] != '\0')
            report_say(report, "%s: %s", name, lines[i]);
}

static GBytes *
take_file(const char *dir, const char *type, GError **error)
{
    g_autofree char *name = g_strconcat(type, ".cert", NULL);
    g_autofree char *path = g_build_filename(dir, name, NULL);

    return io_read_file(path, CERTIFICATE_MAX, error);
}

/* A certificate that is being made, in a folder of its own. */
struct CertJob {
    char *type;
    char *name;                      /* of the tool */
    char *line;                      /* the whole of its command */
    char *dir;
    char *log;                       /* what it was told to log into; NULL: its output */
    Job *job;
};

static gboolean
begin(CertJob *c, const struct cert_request *request, const Conf *conf, const char *tool,
      gboolean logs, GError **error)
{
    g_autoptr(GPtrArray) argv = NULL;

    c->dir = g_dir_make_tmp("swtpm_setup.certs.XXXXXX", error);
    if (c->dir == NULL)
        return FALSE;
    if (logs)
        c->log = g_build_filename(c->dir, "log", NULL);
    argv = command_line(request, conf, tool, c->dir, c->log);
    c->type = g_strdup(request->type);
    c->name = g_path_get_basename(tool);
    c->line = g_strjoinv(" ", (char **)argv->pdata);
    c->job = job_start((char **)argv->pdata, error);
    return c->job != NULL;
}

CertJob *
cert_begin(const struct cert_request *request, const Conf *conf, Report *report, GError **error)
{
    g_autofree char *tool = find_tool(conf, error);
    g_autoptr(CertJob) c = g_new0(CertJob, 1);

    if (tool == NULL || !begin(c, request, conf, tool, report_path(report) != NULL, error))
        return NULL;
    return g_steal_pointer(&c);
}

/* What the tool logged goes into our log as it is, when its turn comes. */
static void
pass_on_log(const CertJob *c, Report *report)
{
    g_autoptr(GBytes) bytes = c->log == NULL ? NULL : io_read_file(c->log, LOG_MAX, NULL);
    g_autofree char *text = bytes == NULL ? NULL : bytes_text(bytes);
    g_auto(GStrv) lines = text == NULL ? NULL : g_strsplit(text, "\n", -1);

    for (guint i = 0; lines != NULL && lines[i] != NULL; i++)
        if (lines[i][0] != '\0')
            report_say(report, "%s", lines[i]);
}

GBytes *
cert_end(CertJob *c, Report *report, GError **error)
{
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    int status = 0;

    report_say(report, "  Invoking %s", c->line);
    if (!job_end(c->job, &status, &out, &err, error))
        return NULL;
    pass_on_log(c, report);
    if (status != 0) {
        error_system(error, "%s exit with status %d: %s", c->name, status, err);
        return NULL;
    }
    pass_on(report, c->name, out);
    return take_file(c->dir, c->type, error);
}

gboolean
cert_write_file(const char *folder, const char *role, const char *name, GBytes *cert,
                GError **error)
{
    g_autofree char *file = g_strdup_printf("%s-%s.crt", role, name);
    g_autofree char *path = NULL;

    if (folder == NULL)
        return TRUE;
    path = g_build_filename(folder, file, NULL);
    return io_write_file(path, g_bytes_get_data(cert, NULL), g_bytes_get_size(cert), 0640, error);
}

void
cert_job_free(CertJob *c)
{
    if (c == NULL)
        return;
    job_free(c->job);
    if (c->dir != NULL)
        folder_remove(c->dir);
    g_free(c->type);
    g_free(c->name);
    g_free(c->line);
    g_free(c->dir);
    g_free(c->log);
    g_free(c);
}
