/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * localca_main - swtpm_localca: certificates for the TPMs of this machine by a
 * CA of its own.
 */
#include "config.h"

#include "base/error.h"
#include "base/io.h"
#include "swtpm_cert/cert.h"
#include "swtpm_setup/attested.h"
#include "swtpm_setup/conf.h"
#include "swtpm_setup/localca.h"
#include "swtpm_setup/report.h"
#include "swtpm_setup/text.h"
#include "swtpm_setup/version.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PIN "swtpm-tpmca"

struct localca_config {
    char *type;
    char *ek;
    char *dir;
    char *vmid;
    char *optsfile;
    char *configfile;
    char *logfile;
    char *tpm_spec_family;
    char *tpm_spec_revision;
    char *tpm_spec_level;
    char *tpm_manufacturer;
    char *tpm_model;
    char *tpm_version;
    char *tpm_serial_num;
    char *attested_request;
    char *policy;
    char *nonce;
    char *chain;
    gboolean tpm2;
    gboolean allow_signing;
    gboolean decryption;
    gboolean version;
    gboolean help;
};

#define FIELD(name) offsetof(struct localca_config, name)
#define FLAG(name, field, help) { name, 0, OPTION_FLAG, FIELD(field), NULL, help }
#define TEXT(name, field, value, help) { name, 0, OPTION_STRING, FIELD(field), value, help }

static const struct option_row rows[] = {
    TEXT("type", type, "ek|platform|iak|idevid", "the kind of certificate"),
    TEXT("ek", ek, "KEY", "the modulus of an RSA key, or x=…,y=…[,id=CURVE] of an ECC key"),
    TEXT("key", ek, "KEY", "the same as --ek"),
    TEXT("dir", dir, "DIR", "where to write the certificate; default ."),
    TEXT("vmid", vmid, "ID", "the name of the virtual machine"),
    TEXT("optsfile", optsfile, "FILE", "options for swtpm_cert, one a line"),
    TEXT("configfile", configfile, "FILE", "where the CA lies"),
    TEXT("logfile", logfile, "FILE", "log into this file"),
    TEXT("tpm-spec-family", tpm_spec_family, "FAMILY", "specification family of the TPM"),
    TEXT("tpm-spec-revision", tpm_spec_revision, "N", "specification revision of the TPM"),
    TEXT("tpm-spec-level", tpm_spec_level, "N", "specification level of the TPM"),
    TEXT("tpm-manufacturer", tpm_manufacturer, "NAME", "manufacturer of the TPM"),
    TEXT("tpm-model", tpm_model, "NAME", "model of the TPM"),
    TEXT("tpm-version", tpm_version, "NAME", "version of the TPM"),
    TEXT("tpm-serial-num", tpm_serial_num, "TEXT", "serial number of the TPM"),
    FLAG("tpm2", tpm2, "a certificate for a TPM 2"),
    FLAG("allow-signing", allow_signing, "the key can sign"),
    FLAG("decryption", decryption, "the key can decrypt"),
    TEXT("attested-request", attested_request, "FILE",
         "certify the endorsement keys of this birth statement, if it holds"),
    TEXT("policy", policy, "FILE", "a driver's policy: who the VM of such a TPM has to be"),
    TEXT("nonce", nonce, "HEX", "the CA's own nonce, which the statement has to be made over"),
    TEXT("chain", chain, "FILE", "certificates between the statement's report and its root"),
    FLAG("version", version, "print the version"),
    { "help", 'h', OPTION_FLAG, FIELD(help), NULL, "print this text" },
    { 0 },
};

static const char *
user_name(void)
{
    const struct passwd *user = getpwuid(geteuid());

    return user != NULL ? user->pw_name : "?";
}

static void
add(GPtrArray *argv, const char *option, const char *value)
{
    if (value == NULL)
        return;
    g_ptr_array_add(argv, g_strdup(option));
    g_ptr_array_add(argv, g_strdup(value));
}

static void
add_flag(GPtrArray *argv, const char *option, gboolean given)
{
    if (given)
        g_ptr_array_add(argv, g_strdup(option));
}

/* "x=…,y=…[,id=…]" or a modulus. */
static void
add_key(GPtrArray *argv, const char *key)
{
    static const char *const names[][2] = {
        { "x=", "--ecc-x" }, { "y=", "--ecc-y" }, { "id=", "--ecc-curveid" },
    };
    g_auto(GStrv) parts = g_strsplit(key, ",", -1);

    if (!g_str_has_prefix(key, "x=")) {
        add(argv, "--modulus", key);
        return;
    }
    for (guint i = 0; parts[i] != NULL; i++)
        for (guint j = 0; j < G_N_ELEMENTS(names); j++)
            if (g_str_has_prefix(parts[i], names[j][0]))
                add(argv, names[j][1], parts[i] + strlen(names[j][0]));
}

/* Words are split at single blanks; nothing is quoted. */
static gboolean
add_file_words(GPtrArray *argv, const char *path, GError **error)
{
    g_autoptr(GBytes) file = NULL;
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;

    if (path == NULL)
        return TRUE;
    file = io_read_file(path, CONF_MAX, error);
    if (file == NULL)
        return FALSE;
    text = bytes_text(file);
    words = g_strsplit_set(text, " \n", -1);
    for (guint i = 0; words[i] != NULL; i++)
        if (*words[i] != '\0')
            g_ptr_array_add(argv, g_strdup(words[i]));
    return TRUE;
}

static char *
subject_of(const char *vmid)
{
    char *name = g_strconcat("CN=", vmid != NULL ? vmid : "unknown", NULL);

    /* Both would end the name. */
    return g_strdelimit(name, "+,", '_');
}

/* The words for swtpm_cert but those of the key. */
static gboolean
add_words(GPtrArray *argv, const struct localca_config *c, const struct localca *ca,
          const char *vmid, GError **error)
{
    g_autofree char *serial = localca_next_serial(ca, error);
    g_autofree char *subject = subject_of(vmid);

    /* First, so that they add to what is said here and do not change it. */
    if (serial == NULL || !add_file_words(argv, c->optsfile, error))
        return FALSE;
    add(argv, "--signkey", ca->signing_key);
    add(argv, "--signkey-password", ca->key_password);
    add(argv, "--parentkey-password", ca->parent_password);
    add(argv, "--issuercert", ca->issuer_cert);
    add(argv, "--serial", serial);
    add(argv, "--days", "-1");
    add(argv, "--tpm-spec-family", c->tpm_spec_family);
    add(argv, "--tpm-spec-level", c->tpm_spec_level);
    add(argv, "--tpm-spec-revision", c->tpm_spec_revision);
    add(argv, "--tpm-manufacturer", c->tpm_manufacturer);
    add(argv, "--tpm-model", c->tpm_model);
    add(argv, "--tpm-version", c->tpm_version);
    add(argv, "--tpm-serial-num", c->tpm_serial_num);
    add_flag(argv, "--tpm2", c->tpm2);
    add_flag(argv, "--add-header", !c->tpm2);
    add_flag(argv, "--allow-signing", c->allow_signing);
    add_flag(argv, "--decryption", c->decryption);
    add(argv, "--subject", subject);
    return TRUE;
}

static GBytes *
issue(GPtrArray *argv, const struct binding *binding, char **env, GError **error)
{
    struct cert_config config = CERT_CONFIG_INIT;
    GBytes *cert = NULL;
    char **stray = NULL;             /* words of a comment, say, in the file of options */

    g_ptr_array_add(argv, NULL);
    if (options_parse(cert_rows, (int)argv->len - 1, (char **)argv->pdata, &config, &stray,
                      error)) {
        config.binding = binding;
        cert = cert_issue(&config, env, error);
    }
    options_clear(cert_rows, &config);
    return cert;
}

static gboolean
write_cert(const struct localca_config *c, const char *file, GBytes *cert, GError **error)
{
    g_autofree char *path = g_build_filename(c->dir != NULL ? c->dir : ".", file, NULL);

    return cert != NULL
           && io_write_file(path, g_bytes_get_data(cert, NULL), g_bytes_get_size(cert), 0600,
                            error);
}

static const char *
kind_name(const char *type)
{
    return g_str_equal(type, "ek") ? "EK" : g_str_equal(type, "iak") ? "IAK"
           : g_str_equal(type, "idevid") ? "IDevID" : type;
}

static gboolean
create(const struct localca_config *c, const struct localca *ca, char **env, Report *report,
       GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *file = g_strconcat(c->type, ".cert", NULL);
    g_autoptr(GBytes) cert = NULL;

    g_ptr_array_add(argv, g_strdup("swtpm_cert"));
    add(argv, "--type", c->type);
    add_key(argv, c->ek);
    if (add_words(argv, c, ca, c->vmid, error))
        cert = issue(argv, NULL, env, error);
    if (!write_cert(c, file, cert, error)) {
        g_prefix_error(error, "Could not create %s certificate locally: ", kind_name(c->type));
        return FALSE;
    }
    report_say(report, "Successfully created %s certificate locally.", kind_name(c->type));
    return TRUE;
}

/* One key of a birth statement that holds: DIR/ek-NAME.crt. */
static gboolean
create_attested(const struct localca_config *c, const struct localca *ca,
                const struct attested *attested, guint key, char **env, Report *report,
                GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *file = g_strdup_printf("ek-%s.crt", attested->keys[key].name);
    g_autoptr(GBytes) cert = NULL;

    g_ptr_array_add(argv, g_strdup("swtpm_cert"));
    add(argv, "--type", "ek");
    add(argv, "--public", attested->keys[key].spki);
    if (add_words(argv, c, ca, attested->uuid, error))
        cert = issue(argv, &attested->binding, env, error);
    if (!write_cert(c, file, cert, error))
        return FALSE;
    report_say(report, "Successfully created attested EK certificate %s.", file);
    return TRUE;
}

/* What PKCS#11 modules want in their environment: env:NAME = VALUE, and two old names. */
static char **
prepare_environment(const Conf *conf, char **env)
{
    static const char *const passed_on[] = { "TSS_TCSD_HOSTNAME", "TSS_TCSD_PORT" };
    const char *pin = conf_get(conf, "SWTPM_PKCS11_PIN");
    g_autoptr(GList) keys = conf_keys(conf);

    for (GList *k = keys; k != NULL; k = k->next)
        if (g_str_has_prefix(k->data, "env:"))
            g_setenv((const char *)k->data + 4, conf_get(conf, k->data), TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(passed_on); i++)
        if (conf_get(conf, passed_on[i]) != NULL)
            g_setenv(passed_on[i], conf_get(conf, passed_on[i]), TRUE);
    return g_environ_setenv(env, "SWTPM_PKCS11_PIN", pin != NULL ? pin : DEFAULT_PIN,
                            pin != NULL);
}

static char *
choose_file(const char *given, const char *name, char **env)
{
    return given != NULL ? g_strdup(given) : conf_path(name, SYSCONFDIR, env);
}

static gboolean
check_attested(const struct localca_config *c, GError **error)
{
    if (c->policy == NULL)
        return error_malformed(error, "--policy is missing: who the TPM's VM has to be.");
    if (c->nonce == NULL)
        return error_malformed(error, "--nonce is missing: without it an old statement would do.");
    if (c->ek != NULL || c->vmid != NULL || (c->type != NULL && !g_str_equal(c->type, "ek")))
        return error_malformed(error, "With --attested-request the statement says which keys of "
                               "which TPM are certified: --ek, --vmid and --type do not.");
    return TRUE;
}

static gboolean
check_plain(const struct localca_config *c, GError **error)
{
    static const char *const types[] = { "ek", "platform", "iak", "idevid", NULL };

    if (c->policy != NULL || c->nonce != NULL || c->chain != NULL)
        return error_malformed(error, "--policy, --nonce and --chain need --attested-request.");
    if (c->type == NULL || !g_strv_contains(types, c->type))
        return error_malformed(error, "--type is to be ek, platform, iak or idevid.");
    if (c->ek == NULL)
        return error_malformed(error, "--ek is missing.");
    return TRUE;
}

static gboolean
check(const struct localca_config *c, const char *config_path, GError **error)
{
    if (!(c->attested_request != NULL ? check_attested : check_plain)(c, error))
        return FALSE;
    if (access(config_path, R_OK) < 0)
        return error_denied(error, "Need read rights on config file %s for user %s.", config_path,
                            user_name());
    if (c->optsfile != NULL && access(c->optsfile, R_OK) < 0)
        return error_denied(error, "Need read rights on options file %s for user %s.", c->optsfile,
                            user_name());
    return TRUE;
}

/* What libtpms says of itself, which a statement does not repeat. */
static void
set_defaults(struct localca_config *c)
{
    const struct {
        char **field;
        const char *value;
    } defaults[] = {
        { &c->tpm_spec_family, "2.0" },
        { &c->tpm_spec_level, "0" },
        { &c->tpm_spec_revision, "164" },
        { &c->tpm_manufacturer, "id:00001014" },
        { &c->tpm_model, "swtpm" },
        { &c->tpm_version, "id:20191023" },
    };

    c->tpm2 = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(defaults); i++)
        if (*defaults[i].field == NULL)
            *defaults[i].field = g_strdup(defaults[i].value);
}

/* Judged before the CA is touched. */
static gboolean
certify_attested(struct localca_config *c, const struct localca *ca,
                 const struct attested *attested, char **env, Report *report, GError **error)
{
    set_defaults(c);
    for (guint i = 0; i < attested->count; i++)
        if (!create_attested(c, ca, attested, i, env, report, error))
            return FALSE;
    return TRUE;
}

static gboolean
run_ca(struct localca_config *c, const char *config_path, const struct attested *attested,
       char ***env, Report *report, GError **error)
{
    struct localca ca = { .user = user_name() };
    g_autoptr(Conf) conf = conf_open(config_path, *env, error);
    gboolean done;

    if (conf == NULL)
        return FALSE;
    *env = prepare_environment(conf, *env);
    done = localca_open(conf, config_path, &ca, error)
           && localca_prepare(&ca, g_environ_getenv(*env, "SWTPM_ROOTCA_PASSWORD"), report, error)
           && (attested != NULL ? certify_attested(c, &ca, attested, *env, report, error)
                                : create(c, &ca, *env, report, error));
    localca_clear(&ca);
    return done;
}

static gboolean
run_attested(struct localca_config *c, const char *config_path, char **argv, char ***env,
             Report *report, GError **error)
{
    const struct attested_config config = {
        .request = c->attested_request,
        .policy = c->policy,
        .nonce = c->nonce,
        .chain = c->chain,
        .argv = argv,
    };
    struct attested attested = { .count = 0 };
    gboolean done = attested_read(&config, &attested, error)
                    && run_ca(c, config_path, &attested, env, report, error);

    attested_clear(&attested);
    return done;
}

static gboolean
run(struct localca_config *c, char **argv, char ***env, Report *report, GError **error)
{
    g_autofree char *config_path = choose_file(c->configfile, "swtpm-localca.conf", *env);

    if (!check(c, config_path, error))
        return FALSE;
    if (c->optsfile == NULL) {
        char *path = choose_file(NULL, "swtpm-localca.options", *env);

        if (access(path, R_OK) == 0)
            c->optsfile = path;
        else
            g_free(path);
    }
    return c->attested_request != NULL ? run_attested(c, config_path, argv, env, report, error)
                                       : run_ca(c, config_path, NULL, env, report, error);
}

static void
print_help(FILE *out)
{
    g_autofree char *text = options_help(rows);

    fprintf(out, "Usage: swtpm_localca [options]\n\nThe following options are supported:\n\n%s\n"
                 "SWTPM_ROOTCA_PASSWORD in the environment is the password of the root CA's "
                 "private key.\n", text);
}

static gboolean
answer(struct localca_config *c, char **argv, char ***env)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Report) report = NULL;

    if (c->help) {
        print_help(stdout);
        return TRUE;
    }
    if (c->version) {
        printf("swtpm_localca %s\nCoCoTPM %s\n", SWTPM_INTERFACE_VERSION, PACKAGE_VERSION);
        return TRUE;
    }
    report = report_open(c->logfile, FALSE, &error);
    if (report != NULL && run(c, argv, env, report, &error))
        return TRUE;
    if (report != NULL)
        report_error(report, "%s", error->message);
    else
        fprintf(stderr, "%s\n", error->message);
    return FALSE;
}

int
main(int argc, char **argv)
{
    struct localca_config config = { 0 };
    g_autoptr(GError) error = NULL;
    char **env = g_get_environ();
    gboolean ok = options_parse(rows, argc, argv, &config, NULL, &error);

    if (ok) {
        ok = answer(&config, argv, &env);
    } else {
        fprintf(stderr, "swtpm_localca: %s\n", error->message);
        print_help(stderr);
    }
    options_clear(rows, &config);
    g_strfreev(env);
    return ok ? 0 : 1;
}
