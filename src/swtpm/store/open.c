/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * open - which back end the words of --tpmstate mean.
 */
#include "config.h"

#include "swtpm/store/open.h"

#include "base/error.h"
#include "swtpm/store/codec.h"
#include "swtpm/store/dir.h"
#include "swtpm/store/linear.h"

#define FIELD(name) offsetof(struct store_config, name)

const struct option_row store_rows[] = {
    { "dir", 0, OPTION_STRING, FIELD(dir), "DIR", "the folder the state lies in" },
    { "backend-uri", 0, OPTION_STRING, FIELD(backend_uri), "dir://DIR|file://FILE",
      "the folder, or the single file or block device, the state lies in" },
    { "mode", 0, OPTION_OCTAL, FIELD(mode), "MODE", "mode of the state files; default 0640" },
    { "lock", 0, OPTION_BOOL, FIELD(lock), "true|false",
      "keep other processes from the same state; default true for a folder" },
    { "backup", 0, OPTION_BOOL, FIELD(backup), NULL,
      "keep the permanent state before the last change and use it when the newer is damaged" },
    { "fsync", 0, OPTION_BOOL, FIELD(fsync), NULL,
      "bring every change to the disk before the command that made it is answered" },
    { 0 },
};

static Store *
open_dir(const struct store_config *config, const char *path, gboolean tpm2)
{
    const struct store_dir_config dir = {
        .path = path,
        .tpm2 = tpm2,
        .mode = config->mode,
        .lock = config->lock,
        .fsync = config->fsync,
        .backup = config->backup,
    };

    return store_dir_new(&dir);
}

static Store *
open_linear(const struct store_config *config, const char *path, GError **error)
{
    const struct store_linear_config linear = {
        .path = path,
        .mode = config->mode,
        .lock = config->lock,
        .notice = config->notice,
    };

    if (config->fsync || config->backup) {
        error_denied(error, "The file backend does not support '%s'.",
                     config->fsync ? "fsync" : "backup");
        return NULL;
    }
    return store_linear_new(&linear);
}

/*
 * Callers ask a swtpm what it can do without saying where a state lies: that is
 * refused only when the TPM starts.
 */
static gboolean
nowhere_lock(Store *s, guint retries, GError **error)
{
    (void)s;
    (void)retries;
    return error_denied(error, "SWTPM_NVRAM_Init: Missing backend URI. "
                        "(--tpmstate, or TPM_PATH in the environment, says where the state lies)");
}

static enum store_load
nowhere_load(Store *s, const char *name, GBytes **ret, GError **error)
{
    (void)name;
    (void)ret;
    (void)nowhere_lock(s, 0, error);
    return STORE_FAILED;
}

static gboolean
nowhere_save(Store *s, const char *name, const guint8 *data, gsize len, GError **error)
{
    (void)name;
    (void)data;
    (void)len;
    return nowhere_lock(s, 0, error);
}

static gboolean
nowhere_remove(Store *s, const char *name, gboolean must_exist, GError **error)
{
    (void)name;
    (void)must_exist;
    return nowhere_lock(s, 0, error);
}

static void
nowhere_free(Store *s)
{
    g_free(s);
}

static Store *
open_nowhere(void)
{
    static const struct store_ops ops = {
        .load = nowhere_load,
        .save = nowhere_save,
        .remove = nowhere_remove,
        .lock = nowhere_lock,
        .free = nowhere_free,
    };
    Store *s = g_new0(Store, 1);

    s->ops = &ops;
    return s;
}

static Store *
open_back_end(const struct store_config *config, gboolean tpm2, GError **error)
{
    const char *uri = config->backend_uri;

    if (config->dir != NULL)
        return open_dir(config, config->dir, tpm2);
    if (uri != NULL && g_str_has_prefix(uri, "dir://"))
        return open_dir(config, uri + strlen("dir://"), tpm2);
    if (uri != NULL && g_str_has_prefix(uri, "file://"))
        return open_linear(config, uri + strlen("file://"), error);
    if (uri == NULL)
        return open_nowhere();
    error_denied(error, "SWTPM_NVRAM_Init: Unsupported backend.");
    return NULL;
}

Store *
store_open(const struct store_config *config, gboolean tpm2, StateKey *key, GError **error)
{
    const struct store_codec_config codec = { .backup = config->backup, .notice = config->notice };
    Store *back_end = open_back_end(config, tpm2, error);

    return back_end == NULL ? NULL : store_codec_new(back_end, key, &codec);
}
