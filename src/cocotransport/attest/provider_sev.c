/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * provider_sev - plain SEV and SEV-ES: no evidence while the VM runs, only a
 * secret that the owner injected at launch, after he had judged the launch's
 * own measurement (Linux, EFI secret area: one file a GUID in securityfs,
 * which unlink wipes). Our entry's bytes are the key to derive from.
 */
#include "cocotransport/attest/provider_ops.h"

#include "base/builder.h"
#include "base/error.h"
#include "base/io.h"
#include "cocotransport/keys/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "/sys/kernel/security/secrets/coco"
/* Ours: who makes launch secrets for a CoCoTPM gives its entry this GUID. */
#define GUID "3f6f5b8e-7d0a-4a59-9c1c-0b6a5d2f64c1"
#define SECRET_MIN 32
#define SECRET_LIMIT 4096

static const char label[] = "CoCoTPM launch secret v1";

struct sev {
    Provider parent;
    char *path;
    gboolean burnt;
};

static gboolean
sev_evidence(Provider *p, const uint8_t report_data[static 64], struct evidence *ret,
             GError **error)
{
    (void)p;
    (void)report_data;
    (void)ret;
    return error_denied(error, "plain SEV gives no evidence to a running VM");
}

/* The fields that SNP's firmware would mix in are mixed in here too, as far as they are known. */
static Secret *
sev_derive_key(Provider *p, const struct derive_request *r, GError **error)
{
    struct sev *s = (struct sev *)p;
    uint8_t info[64];
    struct builder b = builder_on(info, sizeof(info));
    g_autoptr(Secret) secret = NULL;
    g_autoptr(Secret) prk = NULL;
    g_auto(AutoFd) fd = s->burnt ? -1 : open(s->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) {
        if (s->burnt)
            error_denied(error, "the launch secret was wiped");
        else
            error_errno(error, errno, "%s", s->path);
        return NULL;
    }
    secret = secret_read_fd(fd, SECRET_MIN, SECRET_LIMIT, error);
    if (secret != NULL && secret_is_zero(secret)) {
        error_denied(error, "%s: a secret of zeroes", s->path);
        return NULL;
    }
    builder_bytes(&b, label, sizeof(label) - 1);
    builder_be64(&b, r->guest_field_select);
    builder_be32(&b, r->vmpl);
    builder_be32(&b, r->guest_svn);
    if (secret != NULL)
        prk = crypto_hkdf_extract(secret, label, sizeof(label) - 1, error);
    return prk ? crypto_hkdf_expand(prk, info, builder_len(&b), 32, error) : NULL;
}

/* There is no evidence to burn; the secret is what the launch has. */
static gboolean
sev_burn(Provider *p, GError **error)
{
    struct sev *s = (struct sev *)p;

    if (unlink(s->path) != 0)
        return error_errno(error, errno, "%s", s->path);
    if (access(s->path, F_OK) == 0)
        return error_denied(error, "%s is still there", s->path);
    s->burnt = TRUE;
    return TRUE;
}

static void
sev_free(Provider *p)
{
    struct sev *s = (struct sev *)p;

    g_free(s->path);
    g_free(s);
}

static const struct provider_ops sev_ops = {
    .name = "sev",
    .evidence = sev_evidence,
    .derive_key = sev_derive_key,
    .burn = sev_burn,
    .free = sev_free,
};

Provider *
provider_sev_new(const char *folder)
{
    struct sev *s = g_new0(struct sev, 1);

    s->parent.ops = &sev_ops;
    s->path = g_build_filename(folder, GUID, NULL);
    return &s->parent;
}

Provider *
provider_sev_open(const char *argument, GError **error)
{
    const char *folder = argument != NULL ? argument : FOLDER;

    if (access(folder, X_OK) != 0) {
        error_errno(error, errno, "%s", folder);
        return NULL;
    }
    return provider_sev_new(folder);
}
