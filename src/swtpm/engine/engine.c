/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * engine - libtpms' life: callbacks, power, one command at a time, and copies
 * of what other threads ask for.
 */
#include "config.h"

#include "swtpm/engine/engine.h"

#include <stdlib.h>
#include <string.h>

#include <libtpms/tpm_error.h>
#include <libtpms/tpm_library.h>
#include <libtpms/tpm_memory.h>
#include <libtpms/tpm_nvfilename.h>
#include <libtpms/tpm_tis.h>

#include "base/cursor.h"
#include "base/error.h"
#include "swtpm/engine/private.h"

/* libtpms' callbacks carry no pointer: the one mutable variable of the project. */
static Engine *the_engine;

static const char *const state_names[] = {
    [ENGINE_STATE_PERMANENT] = TPM_PERMANENT_ALL_NAME,
    [ENGINE_STATE_VOLATILE] = TPM_VOLATILESTATE_NAME,
    [ENGINE_STATE_SAVE] = TPM_SAVESTATE_NAME,
};

G_DEFINE_QUARK(engine-error, engine_error)

const char *
engine_state_name(enum engine_state kind)
{
    return state_names[kind];
}

static TPM_RESULT
on_nvram_init(void)
{
    return TPM_SUCCESS;
}

/* The first failure is the one that explains; later ones follow from it. */
static void
keep_error(GError **slot, GError *error)
{
    if (*slot == NULL)
        *slot = error;
    else
        g_error_free(error);
}

/*
 * TPM_RETRY means "nothing there, make a TPM": only for state that is absent.
 * Whatever else is wrong with it has to end the start, or a damaged file would
 * be answered by a fresh TPM.
 */
static TPM_RESULT
on_load(unsigned char **ret, uint32_t *ret_len, uint32_t number, const char *name)
{
    Engine *e = the_engine;
    g_autoptr(GBytes) bytes = NULL;
    GError *error = NULL;
    gconstpointer data;
    gsize len;

    (void)number;
    if (e->store == NULL || (e->no_volatile && strcmp(name, TPM_PERMANENT_ALL_NAME) != 0))
        return TPM_RETRY;
    switch (e->store->ops->load(e->store, name, &bytes, &error)) {
    case STORE_LOADED:
        break;
    case STORE_ABSENT:
        if (!e->must_exist || strcmp(name, TPM_PERMANENT_ALL_NAME) != 0)
            return TPM_RETRY;
        error_denied(&error, "the TPM's permanent state is missing and is never made anew here");
        keep_error(&e->load_error, error);
        return TPM_DECRYPT_ERROR;
    case STORE_FAILED:
    default:
        keep_error(&e->load_error, error);
        return TPM_DECRYPT_ERROR;
    }
    data = g_bytes_get_data(bytes, &len);
    *ret = malloc(len > 0 ? len : 1);
    if (*ret == NULL || len > UINT32_MAX)
        return TPM_SIZE;
    memcpy(*ret, data, len);
    *ret_len = (uint32_t)len;
    return TPM_SUCCESS;
}

static TPM_RESULT
on_store(const unsigned char *data, uint32_t len, uint32_t number, const char *name)
{
    Engine *e = the_engine;
    GError *error = NULL;

    (void)number;
    if (e->store == NULL)
        return TPM_FAIL;
    if (e->no_volatile && strcmp(name, TPM_VOLATILESTATE_NAME) == 0)
        return TPM_SUCCESS;
    if (e->store->ops->save(e->store, name, data, len, &error))
        return TPM_SUCCESS;
    keep_error(&e->store_error, error);
    return TPM_FAIL;
}

static TPM_RESULT
on_delete(uint32_t number, const char *name, TPM_BOOL must_exist)
{
    Engine *e = the_engine;
    GError *error = NULL;

    (void)number;
    if (e->store == NULL)
        return TPM_FAIL;
    if (e->store->ops->remove(e->store, name, must_exist, &error))
        return TPM_SUCCESS;
    keep_error(&e->store_error, error);
    return TPM_FAIL;
}

static TPM_RESULT
on_io_init(void)
{
    return TPM_SUCCESS;
}

static TPM_RESULT
on_locality(TPM_MODIFIER_INDICATOR *ret, uint32_t number)
{
    (void)number;
    *ret = the_engine->command_locality;
    return TPM_SUCCESS;
}

gboolean
engine_tpm_ok(Engine *e, TPM_RESULT rc, const char *what, GError **error)
{
    (void)e;
    if (rc == TPM_SUCCESS)
        return TRUE;
    g_set_error(error, ENGINE_ERROR, (gint)rc, "%s: libtpms says 0x%x", what, rc);
    return FALSE;
}

Engine *
engine_open(const struct engine_settings *settings, GError **error)
{
    static const struct libtpms_callbacks callbacks = {
        .sizeOfStruct = sizeof(callbacks),
        .tpm_nvram_init = on_nvram_init,
        .tpm_nvram_loaddata = on_load,
        .tpm_nvram_storedata = on_store,
        .tpm_nvram_deletename = on_delete,
        .tpm_io_init = on_io_init,
        .tpm_io_getlocality = on_locality,
    };
    struct libtpms_callbacks copy = callbacks;
    TPM_RESULT rc;

    if (the_engine != NULL) {
        error_system(error, "libtpms is one TPM a process, and there is one already");
        return NULL;
    }
    rc = TPMLIB_ChooseTPMVersion(settings->tpm2 ? TPMLIB_TPM_VERSION_2 : TPMLIB_TPM_VERSION_1_2);
    if (rc != TPM_SUCCESS) {
        error_system(error, "this libtpms has no TPM %s", settings->tpm2 ? "2" : "1.2");
        return NULL;
    }
    if (!engine_tpm_ok(NULL, TPMLIB_RegisterCallbacks(&copy), "TPMLIB_RegisterCallbacks", error))
        return NULL;

    the_engine = g_new0(Engine, 1);
    the_engine->tpm2 = settings->tpm2;
    the_engine->store = settings->store;
    the_engine->must_exist = settings->must_exist;
    the_engine->no_volatile = settings->no_volatile;
    g_mutex_init(&the_engine->lock);
    engine_set_buffer_size(the_engine, 0);
    return the_engine;
}

void
engine_close(Engine *e)
{
    if (e == NULL)
        return;
    engine_power_off(e);
    free(e->answer);
    g_clear_error(&e->store_error);
    g_clear_error(&e->load_error);
    g_mutex_clear(&e->lock);
    the_engine = NULL;
    g_free(e);
}

void
engine_set_store(Engine *e, Store *store)
{
    e->store = store;
}

gboolean
engine_is_tpm2(const Engine *e)
{
    return e->tpm2;
}

gboolean
engine_running(const Engine *e)
{
    return e->running;
}

const GError *
engine_store_error(const Engine *e)
{
    return e->store_error;
}

void
engine_refresh_view(Engine *e)
{
    TPM_BOOL established = FALSE;

    if (e->running)
        TPM_IO_TpmEstablished_Get(&established);
    g_mutex_lock(&e->lock);
    e->view.running = e->running;
    e->view.established = established;
    g_mutex_unlock(&e->lock);
}

void
engine_view(Engine *e, struct engine_view *ret)
{
    g_mutex_lock(&e->lock);
    *ret = e->view;
    g_mutex_unlock(&e->lock);
}

void
engine_set_buffer_size(Engine *e, guint32 size)
{
    uint32_t min = 0, max = 0;
    uint32_t now = TPMLIB_SetBufferSize(size, &min, &max);

    g_mutex_lock(&e->lock);
    e->view.buffer_size = now;
    e->view.buffer_min = min;
    e->view.buffer_max = max;
    g_mutex_unlock(&e->lock);
}

gboolean
engine_power_on(Engine *e, gboolean delete_volatile, GError **error)
{
    TPM_RESULT rc;

    if (e->running)
        engine_power_off(e);
    g_clear_error(&e->store_error);
    g_clear_error(&e->load_error);
    e->command_locality = engine_locality(e);
    rc = TPMLIB_MainInit();
    if (rc != TPM_SUCCESS) {
        if (e->load_error != NULL)
            g_propagate_error(error, g_steal_pointer(&e->load_error));
        else if (e->store_error != NULL)
            g_propagate_error(error, g_steal_pointer(&e->store_error));
        else
            engine_tpm_ok(e, rc, "the TPM does not start with this state", error);
        TPMLIB_Terminate();
        return FALSE;
    }
    e->running = TRUE;
    e->shutdown_due = FALSE;
    engine_refresh_view(e);
    if (delete_volatile && e->store != NULL && !e->no_volatile &&
        !e->store->ops->remove(e->store, TPM_VOLATILESTATE_NAME, FALSE, error)) {
        engine_power_off(e);
        return FALSE;
    }
    return TRUE;
}

void
engine_power_off(Engine *e)
{
    if (!e->running)
        return;
    TPMLIB_Terminate();
    e->running = FALSE;
    e->shutdown_due = FALSE;
    engine_refresh_view(e);
}

/* What a TPM without power would say, in the ten bytes that QEMU's version probe understands. */
static void
answer_off(Engine *e, const guint8 **ret, gsize *ret_len)
{
    static const guint8 off2[10] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x01 };
    static const guint8 off12[10] = { 0x00, 0xc4, 0, 0, 0, 10, 0, 0, 0, 9 };

    *ret = e->tpm2 ? off2 : off12;
    *ret_len = sizeof(off2);
}

#define TPM2_CC_SHUTDOWN 0x145u

static void
note_command(Engine *e, const guint8 *command, gsize len, const guint8 *answer, gsize answer_len)
{
    struct cursor in = cursor_from(command, len);
    struct cursor out = cursor_from(answer, answer_len);

    (void)cursor_bytes(&in, 6);
    (void)cursor_bytes(&out, 6);
    e->shutdown_due = cursor_be32(&in) != TPM2_CC_SHUTDOWN || cursor_be32(&out) != 0;
}

void
engine_process(Engine *e, const guint8 *command, gsize len, const guint8 **ret, gsize *ret_len)
{
    if (!e->running || len > ENGINE_MESSAGE_MAX) {
        answer_off(e, ret, ret_len);
        return;
    }
    e->command_locality = e->forced_locality > 0 ? (guint8)(e->forced_locality - 1)
                                                : engine_locality(e);
    g_atomic_int_set(&e->busy, 1);
    if (TPMLIB_Process(&e->answer, &e->answer_len, &e->answer_size, (unsigned char *)command,
                       (uint32_t)len) != TPM_SUCCESS) {
        g_atomic_int_set(&e->busy, 0);
        answer_off(e, ret, ret_len);
        return;
    }
    g_atomic_int_set(&e->busy, 0);
    note_command(e, command, len, e->answer, e->answer_len);
    *ret = e->answer;
    *ret_len = e->answer_len;
}

/* Without a command in hand libtpms would cancel the next one. */
void
engine_cancel(Engine *e)
{
    if (g_atomic_int_get(&e->busy))
        TPMLIB_CancelCommand();
}

void
engine_set_locality(Engine *e, guint8 locality)
{
    g_atomic_int_set(&e->locality, locality);
}

guint8
engine_locality(const Engine *e)
{
    return (guint8)g_atomic_int_get(&e->locality);
}

gboolean
engine_shutdown_due(const Engine *e)
{
    return e->tpm2 && e->running && e->shutdown_due;
}

char *
engine_info(Engine *e, guint64 flags)
{
    char *json = TPMLIB_GetInfo((enum TPMLIB_InfoFlags)flags);
    char *ret = g_strdup(json != NULL ? json : "{}");

    (void)e;
    free(json);
    return ret;
}

guint32
engine_libtpms_version(void)
{
    return TPMLIB_GetVersion();
}

void
engine_set_debug(int fd, guint level, const char *prefix)
{
    TPMLIB_SetDebugFD(fd);
    TPMLIB_SetDebugLevel(level);
    if (prefix != NULL)
        TPMLIB_SetDebugPrefix(prefix);
}
