/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * platform_key - the format has no place for how a key was asked for, so all of
 * it is on the command line and nothing of it follows the firmware: a floor
 * that rises by itself would lock the state up.
 */
#include "config.h"

#include "swtpm/platform_key.h"

#include "base/error.h"
#include "base/io.h"
#include "base/options.h"
#include "cocotransport/attest/provider.h"
#include "cocotransport/attest/report.h"
#include "cocotransport/keys/schedule.h"
#include "cocotransport/seal/clamp.h"
#include "cocotransport/seal/derive.h"
#include "swtpm/store/key.h"

#include <string.h>
#include <unistd.h>

#define VMPCK_SIZE 32
#define DERIVED_SIZE 32                  /* of each row of keys/schedule */
#define VMPLS 4
#define MODULE_VMPCK "/sys/module/sev_guest/parameters/vmpck_id"
#define KEY_INFO_AUTHOR 1u

struct words {
    gboolean snp, sev;
    char *vmpck;                         /* "": that key itself; a number: with snp */
    char *bind;
    guint vmpl;
    guint svn;
    guint64 tcb;
    char *platform;
    char *file;
    int fd;
    char *mode;
    gboolean remove;
};

#define FIELD(name) offsetof(struct words, name)

static const struct option_row rows[] = {
    { "snp", 0, OPTION_FLAG, FIELD(snp), NULL, "the key that SEV-SNP derives for this image" },
    { "sev", 0, OPTION_FLAG, FIELD(sev), NULL, "the launch secret of plain SEV" },
    { "vmpck", 0, OPTION_OPTIONAL, FIELD(vmpck), "N", "a VMPCK; with snp the one in use" },
    { "bind", 0, OPTION_STRING, FIELD(bind), "measurement|signer", "what the key is for" },
    { "vmpl", 0, OPTION_UINT, FIELD(vmpl), "N", "of the key; default this VM's" },
    { "svn", 0, OPTION_UINT, FIELD(svn), "N", "bind=signer: images below it get no key" },
    { "tcb", 0, OPTION_UINT64, FIELD(tcb), "N", "firmware below it gets no key" },
    { "platform", 0, OPTION_STRING, FIELD(platform), "PLATFORM", "default auto" },
    { "file", 0, OPTION_STRING, FIELD(file), "FILE", "with vmpck: where it is" },
    { "fd", 0, OPTION_FD, FIELD(fd), "FD", "with vmpck: the same" },
    { "mode", 0, OPTION_STRING, FIELD(mode), "aes-128-cbc|aes-256-cbc", "the cipher" },
    { "remove", 0, OPTION_BOOL, FIELD(remove), NULL, "with vmpck: remove the file afterwards" },
    { 0 },
};

gboolean
platform_key_named(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);

    return g_strv_contains((const char *const *)words, "snp") ||
           g_strv_contains((const char *const *)words, "sev") ||
           g_strv_contains((const char *const *)words, "vmpck");
}

static gboolean
read_report(Provider *provider, struct snp_report *ret, GError **error)
{
    const guint8 nothing[64] = { 0 };
    g_auto(evidence_t) e = { 0 };
    gsize len;
    const void *report;

    if (!provider_evidence(provider, nothing, &e, error)) {
        g_prefix_error(error, "this VM's own report: ");
        return FALSE;
    }
    if (e.parts[EVIDENCE_SNP_REPORT] == NULL)
        return error_denied(error, "this VM's platform gave no SNP report");
    report = g_bytes_get_data(e.parts[EVIDENCE_SNP_REPORT], &len);

    return snp_report_parse(report, len, ret, error);
}

/* Linux takes the VMPCK when its module is loaded; what is asked for has to be that one. */
static gboolean
check_vmpck(const struct words *w, Provider *provider, guint32 vmpl, GError **error)
{
    g_autoptr(GBytes) file = NULL;
    guint64 wanted, used;

    if (w->vmpck == NULL)
        return TRUE;
    if (!g_ascii_string_to_unsigned(w->vmpck, 10, 0, VMPLS - 1, &wanted, NULL))
        return error_malformed(error, "vmpck=%s: 0 to 3", w->vmpck);
    if (wanted > vmpl)
        return error_denied(error, "VMPCK %s gets no key for VMPL %u", w->vmpck, vmpl);
    if (!g_str_equal(provider_name(provider), "sev-guest"))
        return TRUE;
    file = io_read_file(MODULE_VMPCK, 16, error);
    if (file == NULL)
        return FALSE;
    if (g_bytes_get_size(file) == 0)
        return error_malformed(error, "%s is empty", MODULE_VMPCK);
    used = *(const guint8 *)g_bytes_get_data(file, NULL) - (guint64)'0';
    return used == wanted || error_denied(error, "the sev-guest module does not use VMPCK %s",
                                          w->vmpck);
}

static gboolean
snp_request(const struct words *w, const struct snp_report *own, struct seal_derivation *ret,
            GError **error)
{
    const gboolean signer = g_strcmp0(w->bind, "signer") == 0;
    const struct seal_platform platform = {
        .source = SEAL_SOURCE_SNP,
        .vmpl = (guint8)(w->vmpl != G_MAXUINT ? w->vmpl : own->vmpl),
        .svn = w->svn,
        .tcb = w->tcb,
        .author_key = (own->key_info & KEY_INFO_AUTHOR) != 0,
    };

    if (w->bind != NULL && !signer && !g_str_equal(w->bind, "measurement"))
        return error_malformed(error, "bind=%s: measurement or signer", w->bind);
    if (platform.vmpl >= VMPLS || platform.vmpl < own->vmpl)
        return error_denied(error, "vmpl=%u: this VM runs at VMPL %u", platform.vmpl, own->vmpl);
    if (!signer && w->svn != 0)
        return error_malformed(error, "svn= needs bind=signer");
    if (w->svn > own->guest_svn)
        return error_denied(error, "svn=%u is above this image's %u", w->svn, own->guest_svn);
    if (!tcb_bytes_at_least(own->committed_tcb, w->tcb))
        return error_denied(error, "tcb= is above this firmware's committed one");
    return seal_derivation_now(&platform, signer ? SEAL_BIND_SIGNER : SEAL_BIND_MEASUREMENT, ret,
                               error);
}

static Secret *
derived_key(Provider *provider, const struct seal_derivation *key, GError **error)
{
    uint8_t info[64];
    struct builder b = builder_on(info, sizeof(info));
    const struct crypto_piece piece = { info, SEAL_DERIVATION_SIZE };
    g_autoptr(Secret) derived = seal_derive(provider, key, error);

    seal_derivation_write(key, &b);
    g_assert(builder_len(&b) == SEAL_DERIVATION_SIZE);
    return derived == NULL
               ? NULL
               : schedule_derive(SCHEDULE_FORMAT_SNP, derived, NULL, 0, &piece, 1, error);
}

static Secret *
key_of_snp(const struct words *w, GError **error)
{
    g_autoptr(Provider) provider = provider_open(w->platform, error);
    struct snp_report own;
    struct seal_derivation key;

    if (provider == NULL || !read_report(provider, &own, error) ||
        !snp_request(w, &own, &key, error) || !check_vmpck(w, provider, key.vmpl, error))
        return NULL;
    return derived_key(provider, &key, error);
}

static Secret *
key_of_sev(const struct words *w, GError **error)
{
    const struct seal_derivation key = { .source = SEAL_SOURCE_SEV };
    g_autoptr(Provider) provider =
        provider_open(w->platform != NULL ? w->platform : "sev", error);

    return provider != NULL ? derived_key(provider, &key, error) : NULL;
}

static Secret *
key_of_vmpck(const struct words *w, GError **error)
{
    g_autoptr(Secret) vmpck = NULL;

    if ((w->file != NULL) == (w->fd >= 0)) {
        error_malformed(error, "vmpck needs file= or fd=");
        return NULL;
    }
    vmpck = w->file != NULL ? secret_read_file(w->file, VMPCK_SIZE, VMPCK_SIZE, error)
                            : secret_read_fd(w->fd, VMPCK_SIZE, VMPCK_SIZE, error);
    if (vmpck == NULL)
        return NULL;
    if (secret_is_zero(vmpck)) {
        error_denied(error, "a VMPCK of zeroes: it was wiped");
        return NULL;
    }
    if (w->file != NULL && w->remove)
        unlink(w->file);
    g_warning("A VMPCK lives for one launch of this VM: the state encrypted under it cannot be "
              "read after the next one.");
    return schedule_derive(SCHEDULE_FORMAT_VMPCK, vmpck, NULL, 0, NULL, 0, error);
}

/* What belongs to one of the kinds only. */
static gboolean
words_agree(const struct words *w, GError **error)
{
    const gboolean vmpck = w->vmpck != NULL && *w->vmpck == '\0';
    const gboolean of_snp = w->bind != NULL || w->vmpl != G_MAXUINT || w->svn != 0 ||
                            w->tcb != 0 || (w->vmpck != NULL && !vmpck);
    const gboolean of_vmpck = w->file != NULL || w->fd >= 0 || w->remove;

    if (w->snp + w->sev + vmpck != 1)
        return error_malformed(error, "snp, sev and vmpck exclude each other");
    if (of_snp && !w->snp)
        return error_malformed(error, "bind=, vmpl=, svn=, tcb= and vmpck=N need snp");
    if (of_vmpck && !vmpck)
        return error_malformed(error, "file=, fd= and remove exclude snp and sev");
    if (w->platform != NULL && vmpck)
        return error_malformed(error, "platform= needs snp or sev");
    return TRUE;
}

static Secret *
key_of(const struct words *w, GError **error)
{
    const gsize len = w->mode != NULL ? state_key_length(w->mode, error) : DERIVED_SIZE;
    g_autoptr(Secret) key = NULL;

    if (len == 0 || !words_agree(w, error))
        return NULL;
    key = w->snp ? key_of_snp(w, error) : w->sev ? key_of_sev(w, error) : key_of_vmpck(w, error);
    if (key != NULL)
        secret_truncate(key, len);
    return g_steal_pointer(&key);
}

StateKey *
platform_key_parse(const char *option, const char *text, GError **error)
{
    struct words w = { .vmpl = G_MAXUINT, .fd = -1 };
    StateKey *key = NULL;

    if (suboptions_parse(rows, option, text, &w, error))
        key = state_key_new(key_of(&w, error), error);
    if (key == NULL)
        g_prefix_error(error, "%s: ", option);
    options_clear(rows, &w);
    return key;
}
