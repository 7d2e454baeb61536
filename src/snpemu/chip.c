/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chip - firmware commands that change the platform, and the secrets that
 * follow from the fuses.
 */
#include "snpemu/chip.h"

#include "base/error.h"
#include "cocotransport/attest/certtable.h"
#include "cocotransport/keys/crypto.h"
#include "snpemu/chip_state.h"

#include <string.h>

static const char chain_label[] = "CoCoTPM emulated AMD-SP TCB chain v1";
static const char root_label[] = "CoCoTPM emulated AMD-SP root v1";
static const char vlek_label[] = "CoCoTPM emulated AMD-SP VLEK seed v1";

/* VCEK and VLEK, PEM and key, are made anew when REPORTED_TCB changes. */
static gboolean
vcek_renew(struct chip *c, GError **error)
{
    const struct vek_subject subject = {
        .product = c->product, .tcb = c->reported, .chip_id = c->chip_id,
        .expired = c->expired,
    };
    g_autofree char *tcb = tcb_text(c->reported);
    g_autofree char *name = g_strdup_printf("vcek-%s.key", tcb);
    g_autofree char *path = c->folder ? g_build_filename(c->folder, name, NULL) : NULL;
    struct vek *vek = vek_open(c->pki, &subject, path, error);

    if (vek == NULL)
        return FALSE;
    vek_free(c->vcek);
    c->vcek = vek;
    return TRUE;
}

static void
vlek_drop(struct chip *c)
{
    g_clear_pointer(&c->csp_id, g_free);
    g_clear_pointer(&c->csp_seed, secret_free);
    g_clear_pointer(&c->vlek, vek_free);
}

/* A VLEK was wrapped for one TCB: with another reported there is no key for it any more. */
enum fw_status
chip_configure(struct chip *c, struct snp_tcb reported, gboolean mask_chip_id,
               gboolean mask_chip_key, GError **error)
{
    const struct snp_tcb before = c->reported;

    if (!snp_tcb_at_least(c->committed, reported)) {
        error_denied(error, "a reported TCB above the committed one");
        return FW_INVALID_PARAM;
    }
    c->reported = reported;
    if (!vcek_renew(c, error)) {
        c->reported = before;
        return FW_PLATFORM;
    }
    if (snp_tcb_join(reported, c->product) != snp_tcb_join(before, c->product))
        vlek_drop(c);
    c->mask_chip_id = mask_chip_id;
    c->mask_chip_key = mask_chip_key;
    return chip_save(c, error) ? FW_OK : FW_PLATFORM;
}

enum fw_status
chip_commit(struct chip *c, GError **error)
{
    c->committed = c->current;
    c->committed_version = c->current_version;
    return chip_save(c, error) ? FW_OK : FW_PLATFORM;
}

enum fw_status
chip_firmware(struct chip *c, struct snp_tcb tcb, struct firmware_version version, GError **error)
{
    const guint32 now = version.major << 16 | version.minor << 8 | version.build;
    const guint32 floor = c->committed_version.major << 16 | c->committed_version.minor << 8
                          | c->committed_version.build;

    if (!snp_tcb_at_least(tcb, c->committed) || now < floor) {
        error_denied(error, "firmware older than what is committed");
        return FW_BAD_SVN;
    }
    c->current = tcb;
    c->current_version = version;
    return chip_save(c, error) ? FW_OK : FW_PLATFORM;
}

gboolean
chip_vlek_open(struct chip *c, GError **error)
{
    const struct vek_subject subject = {
        .product = c->product, .tcb = c->reported, .csp_id = c->csp_id,
    };
    const uint8_t product = (uint8_t)c->product;
    g_autofree char *tcb = tcb_text(c->reported);
    g_autofree char *info = g_strdup_printf("%s %u %s %s", vlek_label, product, tcb, c->csp_id);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, info, -1);
    g_autofree char *name = g_strdup_printf("vlek-%.16s.key", hash);
    g_autofree char *path = g_build_filename(c->pki->folder, name, NULL);

    if (!pki_need_asvk(c->pki, error))
        return FALSE;
    c->csp_seed = crypto_hkdf_expand(c->pki->secret, info, strlen(info), ROOT_KEY_SIZE, error);
    if (c->csp_seed != NULL)
        c->vlek = vek_open(c->pki, &subject, path, error);
    return c->vlek != NULL;
}

enum fw_status
chip_vlek_load(struct chip *c, const char *csp_id, struct snp_tcb tcb, GError **error)
{
    if (csp_id != NULL && (csp_id[0] == '\0' || strlen(csp_id) > CSP_ID_MAX)) {
        error_malformed(error, "a CSP identifier of 1 to %d characters", CSP_ID_MAX);
        return FW_INVALID_PARAM;
    }
    if (csp_id != NULL && snp_tcb_join(tcb, c->product) != snp_tcb_join(c->reported, c->product)) {
        error_denied(error, "the VLEK was wrapped for another TCB than the reported one");
        return FW_BAD_SVN;
    }
    vlek_drop(c);
    if (csp_id != NULL) {
        c->csp_id = g_strdup(csp_id);
        if (!chip_vlek_open(c, error)) {
            vlek_drop(c);
            return FW_PLATFORM;
        }
    }
    return chip_save(c, error) ? FW_OK : FW_PLATFORM;
}

/* One component's chain, from its top down to @value; plain hashes, since they are many. */
static Secret *
chain_at(const Secret *seed, uint8_t component, uint8_t value, GError **error)
{
    uint8_t info[sizeof(chain_label)];
    g_autoptr(Secret) link = NULL;

    memcpy(info, chain_label, sizeof(chain_label) - 1);
    info[sizeof(chain_label) - 1] = component;
    link = crypto_hkdf_expand(seed, info, sizeof(info), SHA256_SIZE, error);
    for (unsigned step = 0xff; link != NULL && step > value; step--) {
        const struct crypto_piece pieces[] = { { info, sizeof(info) },
                                               { secret_peek(link), SHA256_SIZE } };

        if (!crypto_sha256(pieces, G_N_ELEMENTS(pieces), secret_bytes(link), error))
            return NULL;
    }
    return g_steal_pointer(&link);
}

Secret *
chip_root(const struct chip *c, struct snp_tcb tcb, GError **error)
{
    const uint8_t values[] = { tcb.fmc, tcb.bootloader, tcb.tee, tcb.snp, tcb.microcode };
    g_autoptr(Secret) links = secret_new(G_N_ELEMENTS(values) * ROOT_KEY_SIZE);

    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(Secret) link = chain_at(c->seed, (uint8_t)i, values[i], error);

        if (link == NULL)
            return NULL;
        memcpy(secret_bytes(links) + i * ROOT_KEY_SIZE, secret_peek(link), ROOT_KEY_SIZE);
    }
    return crypto_hkdf_extract(links, root_label, sizeof(root_label) - 1, error);
}

Secret *
chip_vlek_root(const struct chip *c, GError **error)
{
    if (c->csp_seed == NULL) {
        error_denied(error, "no VLEK is loaded");
        return NULL;
    }
    return crypto_hkdf_extract(c->csp_seed, root_label, sizeof(root_label) - 1, error);
}

void
chip_free(struct chip *c)
{
    if (c == NULL)
        return;
    vlek_drop(c);
    vek_free(c->vcek);
    secret_free(c->seed);
    pki_free(c->pki);
    g_free(c->folder);
    g_free(c);
}

gboolean
chip_vcek_open(struct chip *c, GError **error)
{
    return vcek_renew(c, error);
}

char *
tcb_text(struct snp_tcb tcb)
{
    return g_strdup_printf("%u:%u:%u:%u:%u", tcb.fmc, tcb.bootloader, tcb.tee, tcb.snp,
                           tcb.microcode);
}

gboolean
tcb_parse(const char *text, struct snp_tcb *ret, GError **error)
{
    g_auto(GStrv) items = g_strsplit(text, ":", -1);
    guint64 values[5] = { 0 };

    if (g_strv_length(items) != G_N_ELEMENTS(values))
        return error_malformed(error, "%s: a TCB is FMC:BOOTLOADER:TEE:SNP:MICROCODE", text);
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
        if (!g_ascii_string_to_unsigned(items[i], 10, 0, 255, &values[i], error))
            return FALSE;
    *ret = (struct snp_tcb){
        .fmc = (uint8_t)values[0], .bootloader = (uint8_t)values[1], .tee = (uint8_t)values[2],
        .snp = (uint8_t)values[3], .microcode = (uint8_t)values[4],
    };
    return TRUE;
}

GBytes *
chip_certificate_table(const struct chip *c, GError **error)
{
    const gboolean vlek = c->vlek != NULL;
    const struct authority *a = c->pki->authorities;
    GBytes *rows[CERTTABLE_KINDS] = { NULL };
    GBytes *table = NULL;

    rows[vlek ? CERTTABLE_VLEK : CERTTABLE_VCEK]
        = certificate_der(vlek ? c->vlek->certificate : c->vcek->certificate, error);
    if (rows[vlek ? CERTTABLE_VLEK : CERTTABLE_VCEK] != NULL)
        rows[CERTTABLE_ASK] = certificate_der(a[vlek ? PKI_ASVK : PKI_ASK].certificate, error);
    if (rows[CERTTABLE_ASK] != NULL)
        rows[CERTTABLE_ARK] = certificate_der(a[PKI_ARK].certificate, error);
    if (rows[CERTTABLE_ARK] != NULL)
        table = certtable_write(rows, error);
    certtable_clear(rows);
    return table;
}
