/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * provider_tsm - Linux's configfs-tsm: one file tree for the reports of SNP,
 * TDX and Arm CCA (Documentation/ABI/testing/configfs-tsm-report). Others may
 * write to an entry of the tree too, so each report is asked for in an entry
 * of its own, and its generation must show that only we wrote to it.
 */
#include "config.h"

#include "cocotransport/attest/provider_ops.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/attest/certtable.h"
#include "cocotransport/keys/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "/sys/kernel/config/tsm/report"
/* Documentation/ABI/testing/sysfs-devices-virtual-misc-tdx_guest: a write extends it. */
#define RTMR "/sys/devices/virtual/misc/tdx_guest/measurements/rtmr3:sha384"
#define ATTEMPTS 5
#define TEXT_MAX 4096
#define BLOB_MAX (64u * 1024)

struct tsm {
    Provider parent;
    char *root;
    char *rtmr;
    gboolean burnt;
    int technology;                  /* of the last report; -1: none was made yet */
};

static const struct {
    const char *name;                /* what the file "provider" says */
    enum evidence_kind kind;
} technologies[] = {
    { "sev_guest", EVIDENCE_SNP_REPORT },
    { "tdx_guest", EVIDENCE_TDX_QUOTE },
    { "arm_cca_guest", EVIDENCE_CCA_TOKEN },
};

static GBytes *
entry_read(const char *entry, const char *name, size_t max, GError **error)
{
    g_autofree char *path = g_build_filename(entry, name, NULL);

    return io_read_file(path, max, error);
}

/* One write(2), as attributes want it; errno tells the kernel's answer. */
static int
entry_write(const char *entry, const char *name, const void *data, size_t len)
{
    g_autofree char *path = g_build_filename(entry, name, NULL);
    g_auto(AutoFd) fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return errno;
    const ssize_t n = write(fd, data, len);
    return n == (ssize_t)len ? 0 : n < 0 ? errno : EIO;
}

static gboolean
entry_generation(const char *entry, guint64 *ret, GError **error)
{
    g_autoptr(GBytes) bytes = entry_read(entry, "generation", TEXT_MAX, error);
    g_autofree char *text = NULL;

    if (bytes == NULL)
        return FALSE;
    text = g_strstrip(g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)));
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, ret, error);
}

/* Which technology made the report; the kernel's word. */
static int
entry_technology(const char *entry, GError **error)
{
    g_autoptr(GBytes) bytes = entry_read(entry, "provider", TEXT_MAX, error);
    g_autofree char *text = NULL;

    if (bytes == NULL)
        return -1;
    text = g_strstrip(g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)));
    for (size_t i = 0; i < G_N_ELEMENTS(technologies); i++)
        if (strcmp(text, technologies[i].name) == 0)
            return (int)i;
    error_denied(error, "configfs-tsm: reports of \"%s\" are not known", text);
    return -1;
}

/* The certificate of the key that signed, out of the table of the host. */
static GBytes *
entry_certificate(const char *entry)
{
    g_autoptr(GBytes) table = entry_read(entry, "auxblob", CERTTABLE_MAX, NULL);

    return table ? certtable_vek(table) : NULL;
}

static const char *
write_meaning(int error)
{
    switch (error) {
    case EBUSY:
        return "the entry's generation has run over";
    case EINVAL:
        return "the platform takes no report data of this length, or its firmware refused it";
    case ENXIO:
        return "the firmware answered with an unexpected status";
    default:
        return "the report data were not taken";
    }
}

/* One try: FALSE with *@ret_again when somebody else wrote to the entry meanwhile. */
static gboolean
report_once(const char *entry, const uint8_t report_data[static 64], struct evidence *ret,
            int *ret_technology, gboolean *ret_again, GError **error)
{
    guint64 before = 0, after = 0;
    g_autoptr(GBytes) report = NULL, certificate = NULL;
    int technology = 0, rc = 0;

    if (!entry_generation(entry, &before, error))
        return FALSE;
    rc = entry_write(entry, "inblob", report_data, 64);
    if (rc != 0)
        return error_errno(error, rc, "configfs-tsm: %s", write_meaning(rc));
    report = entry_read(entry, "outblob", BLOB_MAX, error);
    technology = report ? entry_technology(entry, error) : -1;
    if (technology < 0)
        return FALSE;
    if (technologies[technology].kind == EVIDENCE_SNP_REPORT)
        certificate = entry_certificate(entry);
    if (!entry_generation(entry, &after, error))
        return FALSE;
    if (after != before + 1) {
        *ret_again = TRUE;
        return error_system(error, "configfs-tsm: another program writes to our entry");
    }
    ret->parts[technologies[technology].kind] = g_steal_pointer(&report);
    ret->parts[EVIDENCE_VEK_CERTIFICATE] = g_steal_pointer(&certificate);
    *ret_technology = technology;
    return TRUE;
}

static gboolean
report_attempts(const char *entry, const uint8_t report_data[static 64], struct evidence *ret,
                int *ret_technology, GError **error)
{
    for (int attempt = 1;; attempt++) {
        gboolean again = FALSE;
        g_autoptr(GError) failure = NULL;

        if (report_once(entry, report_data, ret, ret_technology, &again, &failure))
            return TRUE;
        if (!again || attempt == ATTEMPTS) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
    }
}

static gboolean
tsm_evidence(Provider *p, const uint8_t report_data[static 64], struct evidence *ret,
             GError **error)
{
    struct tsm *t = (struct tsm *)p;
    g_autofree char *name = g_strdup_printf("cocotpm-%d", getpid());
    g_autofree char *entry = g_build_filename(t->root, name, NULL);
    gboolean ok = FALSE;

    if (t->burnt)
        return error_denied(error, "this launch's evidence was burnt");
    if (mkdir(entry, 0700) != 0 && errno != EEXIST)
        return error_errno(error, errno, "%s", entry);
    ok = report_attempts(entry, report_data, ret, &t->technology, error);
    rmdir(entry);
    return ok;
}

static Secret *
tsm_derive_key(Provider *p, const struct derive_request *request, GError **error)
{
    (void)p;
    (void)request;
    error_denied(error, "configfs-tsm has no derived keys: /dev/sev-guest is needed");
    return NULL;
}

/* Extends RTMR[3] by a digest of ours; believed only when the register has changed. */
static gboolean
rtmr_extend(const char *path, GError **error)
{
    static const char label[] = "CoCoTPM evidence burnt v1";
    const struct crypto_piece piece = { label, sizeof(label) - 1 };
    uint8_t digest[SHA384_SIZE];
    g_autoptr(GBytes) before = io_read_file(path, SHA384_SIZE, error);
    g_autoptr(GBytes) after = NULL;
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    int rc = 0;

    if (before == NULL || !crypto_sha384(&piece, 1, digest, error))
        return FALSE;
    rc = entry_write(folder, name, digest, sizeof(digest));
    if (rc != 0)
        return error_errno(error, rc, "%s", path);
    after = io_read_file(path, SHA384_SIZE, error);
    if (after == NULL)
        return FALSE;
    return !g_bytes_equal(before, after) || error_denied(error, "%s did not change", path);
}

/* An SNP guest's means is its VMPCK, which only the guest device can be made to wipe. */
static gboolean
vmpck_burn(GError **error)
{
    g_autoptr(Provider) device = provider_sev_guest_open(NULL, error);

    return device != NULL && provider_burn(device, error);
}

/*
 * Protocol, section 6.1: on TDX the server demands RTMR[3] = 0 in evidence, so
 * that extending it ends what this launch can show. Linux has no way yet to
 * extend a realm's REM.
 */
static gboolean
means_burn(const struct tsm *t, GError **error)
{
    const gboolean known = t->technology >= 0;
    const enum evidence_kind kind = known ? technologies[t->technology].kind : EVIDENCE_TDX_QUOTE;

    if (kind == EVIDENCE_CCA_TOKEN)
        return error_denied(error, "Linux cannot extend the measurements of an Arm CCA realm: only "
                            "--keep-evidence is possible, where the policy allows it");
    if (kind == EVIDENCE_TDX_QUOTE && (known || access(t->rtmr, F_OK) == 0))
        return rtmr_extend(t->rtmr, error);
    return vmpck_burn(error);
}

static gboolean
tsm_burn(Provider *p, GError **error)
{
    struct tsm *t = (struct tsm *)p;

    if (!means_burn(t, error)) {
        g_prefix_error(error, "burning evidence: ");
        return FALSE;
    }
    t->burnt = TRUE;
    return TRUE;
}

static void
tsm_free(Provider *p)
{
    struct tsm *t = (struct tsm *)p;

    g_free(t->root);
    g_free(t->rtmr);
    g_free(t);
}

static const struct provider_ops tsm_ops = {
    .name = "tsm",
    .evidence = tsm_evidence,
    .derive_key = tsm_derive_key,
    .burn = tsm_burn,
    .free = tsm_free,
};

Provider *
provider_tsm_new(const char *root, const char *rtmr)
{
    struct tsm *t = g_new0(struct tsm, 1);

    t->parent.ops = &tsm_ops;
    t->root = g_strdup(root);
    t->rtmr = g_strdup(rtmr);
    t->technology = -1;
    return &t->parent;
}

Provider *
provider_tsm_open(const char *argument, GError **error)
{
    const char *root = argument != NULL ? argument : ROOT;

    if (access(root, W_OK | X_OK) != 0) {
        error_errno(error, errno, "%s", root);
        return NULL;
    }
    return provider_tsm_new(root, RTMR);
}
