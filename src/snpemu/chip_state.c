/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chip_state - "chip.conf" (what commands change), "seed" (the fuses), and for
 * everybody else "ark.pem", "chain.pem" (ASK and ARK), "vcek.pem" and
 * "pin" (SHA-256 of the ARK's key, for a policy's roots).
 */
#include "snpemu/chip_state.h"

#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"
#include "cocotransport/keys/crypto.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STATE_MAX 8192

/* chip.conf as text, before it is judged. */
struct chip_text {
    gboolean unused;                 /* keyfile rows take 0 for "no such field" */
    char *product, *chip_id, *current, *committed, *reported, *current_version,
         *committed_version, *csp_id;
    guint report_version, key_version;
    guint64 platform_info, mit_vector;
    gboolean mask_chip_id, mask_chip_key;
};

#define ROW(key, reader, field) \
    { "chip", key, reader, offsetof(struct chip_text, field), 0, NULL }

static const struct keyfile_row chip_rows[] = {
    ROW("product", keyfile_read_string, product),
    ROW("report-version", keyfile_read_uint, report_version),
    ROW("key-version", keyfile_read_uint, key_version),
    ROW("chip-id", keyfile_read_string, chip_id),
    ROW("platform-info", keyfile_read_uint64, platform_info),
    ROW("mitigation-vector", keyfile_read_uint64, mit_vector),
    ROW("current-tcb", keyfile_read_string, current),
    ROW("committed-tcb", keyfile_read_string, committed),
    ROW("reported-tcb", keyfile_read_string, reported),
    ROW("current-version", keyfile_read_string, current_version),
    ROW("committed-version", keyfile_read_string, committed_version),
    ROW("mask-chip-id", keyfile_read_bool, mask_chip_id),
    ROW("mask-chip-key", keyfile_read_bool, mask_chip_key),
    ROW("csp-id", keyfile_read_string, csp_id),
    { 0 }
};

static const struct {
    enum snp_product product;
    const char *name;
    struct snp_tcb tcb;
} products[] = {
    { SNP_PRODUCT_MILAN, "milan", { .bootloader = 4, .snp = 24, .microcode = 219 } },
    { SNP_PRODUCT_GENOA, "genoa", { .bootloader = 10, .snp = 23, .microcode = 84 } },
    { SNP_PRODUCT_TURIN, "turin", { .bootloader = 1, .snp = 2, .microcode = 71 } },
};

static const struct {
    guint report_version;
    struct firmware_version version;
} firmwares[] = {
    { 2, { .major = 1, .minor = 52, .build = 4 } },
    { 3, { .major = 1, .minor = 55, .build = 29 } },
    { 5, { .major = 1, .minor = 58, .build = 1 } },
};

static void
chip_text_clear(struct chip_text *t)
{
    g_free(t->product);
    g_free(t->chip_id);
    g_free(t->current);
    g_free(t->committed);
    g_free(t->reported);
    g_free(t->current_version);
    g_free(t->committed_version);
    g_free(t->csp_id);
}

gboolean
version_parse(const char *text, struct firmware_version *ret, GError **error)
{
    unsigned major = 0, minor = 0, build = 0;
    char rest = 0;

    if (sscanf(text, "%3u.%3u.%3u%c", &major, &minor, &build, &rest) != 3 || major > 255
        || minor > 255 || build > 255)
        return error_malformed(error, "%s: a firmware version is MAJOR.MINOR.BUILD", text);
    *ret = (struct firmware_version){ .major = (uint8_t)major, .minor = (uint8_t)minor,
                                      .build = (uint8_t)build };
    return TRUE;
}

static gboolean
product_parse(const char *name, struct chip *c, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(products); i++)
        if (g_ascii_strcasecmp(name, products[i].name) == 0) {
            c->product = products[i].product;
            c->current = c->committed = c->reported = products[i].tcb;
            return TRUE;
        }
    return error_malformed(error, "%s: the products are milan, genoa and turin", name);
}

static gboolean
report_version_set(struct chip *c, guint version, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(firmwares); i++)
        if (firmwares[i].report_version == version) {
            c->report_version = version;
            c->current_version = c->committed_version = firmwares[i].version;
            return TRUE;
        }
    return error_malformed(error, "the report versions are 2, 3 and 5");
}

static gboolean
text_apply(const struct chip_text *t, struct chip *c, GError **error)
{
    if (t->product == NULL || t->chip_id == NULL || t->current == NULL || t->committed == NULL
        || t->reported == NULL || t->current_version == NULL || t->committed_version == NULL)
        return error_malformed(error, "a key is missing");
    if (!product_parse(t->product, c, error)
        || !report_version_set(c, t->report_version, error)
        || !hex_decode(t->chip_id, c->chip_id, sizeof(c->chip_id), error)
        || !tcb_parse(t->current, &c->current, error)
        || !tcb_parse(t->committed, &c->committed, error)
        || !tcb_parse(t->reported, &c->reported, error)
        || !version_parse(t->current_version, &c->current_version, error)
        || !version_parse(t->committed_version, &c->committed_version, error))
        return FALSE;
    if (t->key_version < 1 || t->key_version > 2)
        return error_malformed(error, "the versions of MSG_KEY_REQ are 1 and 2");
    c->key_version = t->key_version;
    c->platform_info = t->platform_info;
    c->mit_vector = t->mit_vector;
    c->mask_chip_id = t->mask_chip_id;
    c->mask_chip_key = t->mask_chip_key;
    c->csp_id = g_strdup(t->csp_id);
    return TRUE;
}

static gboolean
state_load(struct chip *c, const char *path, GError **error)
{
    struct chip_text text = { 0 };
    g_autofree char *seed = g_build_filename(c->folder, "seed", NULL);
    g_autoptr(GBytes) bytes = io_read_file(path, STATE_MAX, error);
    gboolean ok = bytes != NULL
                  && keyfile_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                                   chip_rows, &text, error)
                  && text_apply(&text, c, error);

    chip_text_clear(&text);
    if (ok)
        c->seed = secret_read_file(seed, ROOT_KEY_SIZE, ROOT_KEY_SIZE, error);
    if (c->seed == NULL)
        g_prefix_error(error, "%s: ", path);
    return c->seed != NULL;
}

/* Turin's identifier has eight bytes, the others' sixty-four. */
static gboolean
state_make(struct chip *c, const struct chip_config *config, GError **error)
{
    const size_t id_size = c->product == SNP_PRODUCT_TURIN ? 8 : sizeof(c->chip_id);

    c->key_version = config->key_version != 0 ? config->key_version : 1;
    if (c->key_version > 2)
        return error_malformed(error, "the versions of MSG_KEY_REQ are 1 and 2");
    if (config->tcb != NULL) {
        if (!tcb_parse(config->tcb, &c->current, error))
            return FALSE;
        c->committed = c->reported = c->current;
    }
    c->platform_info = 0x25;         /* SMT, ECC, and no aliased memory found */
    c->mit_vector = c->report_version >= 5 ? 1 : 0;
    if (!crypto_random(c->chip_id, id_size, error))
        return FALSE;
    c->seed = crypto_random_secret(ROOT_KEY_SIZE, error);
    return c->seed != NULL;
}

static gboolean
state_save_seed(const struct chip *c, GError **error)
{
    g_autofree char *path = g_build_filename(c->folder, "seed", NULL);

    return io_write_file(path, secret_peek(c->seed), ROOT_KEY_SIZE, 0600, error);
}

struct chip *
chip_open(const struct chip_config *config, GError **error)
{
    g_autoptr(chip_t) c = g_new0(struct chip, 1);
    g_autofree char *path = NULL, *pki = NULL;
    gboolean ok = FALSE;

    if (config->folder == NULL && config->pki_folder == NULL) {
        error_malformed(error, "a chip needs a folder for its authorities");
        return NULL;
    }
    if (config->folder != NULL) {
        c->folder = g_canonicalize_filename(config->folder, NULL);
        path = g_build_filename(c->folder, "chip.conf", NULL);
    }
    pki = config->pki_folder ? g_canonicalize_filename(config->pki_folder, NULL)
                             : g_build_filename(c->folder, "pki", NULL);
    if (c->folder != NULL && g_mkdir_with_parents(c->folder, 0700) != 0) {
        error_errno(error, errno, "%s", c->folder);
        return NULL;
    }
    if (path != NULL && access(path, F_OK) == 0)
        ok = state_load(c, path, error);
    else
        ok = product_parse(config->product ? config->product : "genoa", c, error)
             && report_version_set(c, config->report_version ? config->report_version : 3, error)
             && state_make(c, config, error) && (c->folder == NULL || state_save_seed(c, error));
    if (ok)
        c->pki = pki_open(pki, c->product, error);
    if (c->pki == NULL || !chip_vcek_open(c, error)
        || (c->csp_id != NULL && !chip_vlek_open(c, error)) || !chip_save(c, error))
        return NULL;
    return g_steal_pointer(&c);
}

static char *
state_text(const struct chip *c)
{
    g_autofree char *id = hex_encode(c->chip_id, sizeof(c->chip_id));
    g_autofree char *current = tcb_text(c->current);
    g_autofree char *committed = tcb_text(c->committed);
    g_autofree char *reported = tcb_text(c->reported);
    g_autofree char *product = g_ascii_strdown(snp_product_name(c->product), -1);
    GString *s = g_string_new("[chip]\n");

    g_string_append_printf(s, "product = %s\nreport-version = %u\nkey-version = %u\n", product,
                           c->report_version, c->key_version);
    g_string_append_printf(s, "chip-id = %s\nplatform-info = %" G_GUINT64_FORMAT "\n", id,
                           c->platform_info);
    g_string_append_printf(s, "mitigation-vector = %" G_GUINT64_FORMAT "\n", c->mit_vector);
    g_string_append_printf(s, "current-tcb = %s\ncommitted-tcb = %s\nreported-tcb = %s\n",
                           current, committed, reported);
    g_string_append_printf(s, "current-version = %u.%u.%u\ncommitted-version = %u.%u.%u\n",
                           c->current_version.major, c->current_version.minor,
                           c->current_version.build, c->committed_version.major,
                           c->committed_version.minor, c->committed_version.build);
    g_string_append_printf(s, "mask-chip-id = %s\nmask-chip-key = %s\n",
                           c->mask_chip_id ? "yes" : "no", c->mask_chip_key ? "yes" : "no");
    if (c->csp_id != NULL)
        g_string_append_printf(s, "csp-id = %s\n", c->csp_id);
    return g_string_free(s, FALSE);
}

static gboolean
export_file(const struct chip *c, const char *name, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(c->folder, name, NULL);

    return io_write_file(path, text, strlen(text), 0644, error);
}

static gboolean
export_pem(const struct chip *c, const char *name, const gnutls_x509_crt_t *certificates,
           size_t count, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (size_t i = 0; i < count; i++) {
        g_autoptr(GBytes) pem = certificate_pem(certificates[i], error);

        if (pem == NULL)
            return FALSE;
        g_string_append_len(text, g_bytes_get_data(pem, NULL), (gssize)g_bytes_get_size(pem));
    }
    return export_file(c, name, text->str, error);
}

static gboolean
export_certificates(const struct chip *c, GError **error)
{
    const struct authority *a = c->pki->authorities;
    const gnutls_x509_crt_t chain[] = { a[PKI_ASK].certificate, a[PKI_ARK].certificate };
    const gnutls_x509_crt_t vlek_chain[] = { a[PKI_ASVK].certificate, a[PKI_ARK].certificate };
    uint8_t pin[32];
    g_autofree char *hex = NULL;
    g_autofree char *line = NULL;

    if (!pki_pin(c->pki, pin, error))
        return FALSE;
    hex = hex_encode(pin, sizeof(pin));
    line = g_strconcat(hex, "\n", NULL);
    return export_pem(c, "chain.pem", chain, G_N_ELEMENTS(chain), error)
           && export_pem(c, "ark.pem", chain + 1, 1, error)
           && export_pem(c, "vcek.pem", &c->vcek->certificate, 1, error)
           && (c->vlek == NULL
               || (export_pem(c, "vlek.pem", &c->vlek->certificate, 1, error)
                   && export_pem(c, "vlek-chain.pem", vlek_chain, G_N_ELEMENTS(vlek_chain),
                                 error)))
           && export_file(c, "pin", line, error);
}

gboolean
chip_save(struct chip *c, GError **error)
{
    g_autofree char *text = state_text(c);

    return c->folder == NULL
           || (export_certificates(c, error) && export_file(c, "chip.conf", text, error));
}
