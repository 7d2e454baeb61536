/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * engine - the one user of libtpms. libtpms is one TPM a process, has no lock
 * and its callbacks carry no pointer, so there is one engine a process, and it
 * belongs to one thread (the TPM thread of server.h): only engine_cancel(),
 * engine_view() and the locality may be used from another one.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "swtpm/store/store.h"

/* What libtpms takes and gives at most in one message. */
#define ENGINE_MESSAGE_MAX 4096

#define TPM_RC_INITIALIZE_CODE 0x100u
#define TPM_RC_FAILURE_CODE 0x101u

typedef struct Engine Engine;

/* What libtpms refuses; the code is its own result (TPM 1.2 codes), as the control channel answers. */
#define ENGINE_ERROR (engine_error_quark())
GQuark engine_error_quark(void);

struct engine_settings {
    gboolean tpm2;
    Store *store;            /* not owned; has to outlive the engine; engine_set_store() may come later */
    gboolean must_exist;     /* without permanent state the TPM does not start: none is made anew */
    gboolean no_volatile;    /* volatile state is neither read nor written */
};

/* One a process; a second is SYSTEM. Nothing of the TPM is started yet. */
Engine *engine_open(const struct engine_settings *settings, GError **error);
void engine_close(Engine *e);                    /* powers off; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Engine, engine_close)

void engine_set_store(Engine *e, Store *store);  /* while it is off only */
gboolean engine_is_tpm2(const Engine *e);

/*
 * Power. On: loads the permanent state (makes a TPM where there is none and
 * that is allowed) and the volatile one; @delete_volatile removes the stored
 * volatile state once it is read. The error names the state that was refused.
 * Off is at once: see engine_shutdown() for the orderly end before it.
 */
gboolean engine_power_on(Engine *e, gboolean delete_volatile, GError **error);
void engine_power_off(Engine *e);
gboolean engine_running(const Engine *e);

/*
 * One command, one answer: never fails, since a TPM answers errors too. Off: the
 * ten bytes TPM_RC_FAILURE (TPM 1.2: TPM_FAIL). @ret is valid until the next call.
 * The locality is the one set when the command starts.
 */
void engine_process(Engine *e, const guint8 *command, gsize len, const guint8 **ret, gsize *ret_len);

/*
 * Whether a TPM 2 command only looks something up: microseconds, nobody is
 * authorised, nothing is stored, so that looking for CANCEL meanwhile is of no use.
 */
gboolean engine_is_brief(const guint8 *command, gsize len);

/* From any thread: ends a command in hand where libtpms can (CreatePrimary RSA in 0.9.2). */
void engine_cancel(Engine *e);

/* From any thread. 0 to 4 for TPM commands; what is allowed is the caller's to judge. */
void engine_set_locality(Engine *e, guint8 locality);
guint8 engine_locality(const Engine *e);

/* Copies for other threads, as of the last power change, established change or buffer size. */
struct engine_view {
    gboolean running;
    gboolean established;
    guint32 buffer_size, buffer_min, buffer_max;
};
void engine_view(Engine *e, struct engine_view *ret);

/* The error of a store() that failed since power on; libtpms is in failure mode then. NULL: none. */
const GError *engine_store_error(const Engine *e);

/* D-RTM or H-CRTM sequence (TPM 2.0 Part 1, 34.3: before Startup it is an H-CRTM event in PCR 0). */
gboolean engine_hash_start(Engine *e, GError **error);
gboolean engine_hash_data(Engine *e, const guint8 *data, gsize len, GError **error);
gboolean engine_hash_end(Engine *e, GError **error);
gboolean engine_reset_established(Engine *e, guint8 locality, GError **error);

/* While off: the largest message; 0 asks only. The view shows the outcome. */
void engine_set_buffer_size(Engine *e, guint32 size);

/* libtpms' own state blobs. NULL with no error: there is none (savestate before it was saved). */
enum engine_state {
    ENGINE_STATE_PERMANENT = 1,
    ENGINE_STATE_VOLATILE = 2,
    ENGINE_STATE_SAVE = 3,
};
const char *engine_state_name(enum engine_state kind);  /* "permall", "volatilestate", "savestate" */
GBytes *engine_get_state(Engine *e, enum engine_state kind, GError **error);
/* While off: taken at the next power on; @len 0 forgets one given before. */
gboolean engine_set_state(Engine *e, enum engine_state kind, const guint8 *data, gsize len,
                          GError **error);
/* Puts the volatile state into the store. */
gboolean engine_store_volatile(Engine *e, GError **error);

/* libtpms' JSON about itself (TPMLIB_InfoFlags, as CMD_GET_INFO takes them), to be freed. */
char *engine_info(Engine *e, guint64 flags);
/* libtpms' version as 0xMMmmpp. */
guint32 engine_libtpms_version(void);
void engine_set_debug(int fd, guint level, const char *prefix);

/*
 * Commands of our own, for TPM 2 (startup also for 1.2), through the same
 * engine_process(). The return is the TPM's response code; 0 is success.
 */
enum engine_startup {
    ENGINE_STARTUP_CLEAR,
    ENGINE_STARTUP_STATE,
    ENGINE_STARTUP_DEACTIVATED,                  /* TPM 1.2 only */
};
guint32 engine_startup(Engine *e, enum engine_startup kind);

/* TRUE when the last command was not a TPM2_Shutdown that succeeded, so that one is due. */
gboolean engine_shutdown_due(const Engine *e);
/* TPM2_Shutdown(CLEAR), or (STATE) with @state. */
guint32 engine_shutdown(Engine *e, gboolean state);

/* TPM2_PCR_Event: each bank its own hash of @data. @ret_digests may be NULL; bytes as answered
 * (u32 count, then u16 algorithm and digest), to be freed. @locality for this command only. */
guint32 engine_pcr_event(Engine *e, guint32 pcr, guint8 locality, const guint8 *data, gsize len,
                         GBytes **ret_digests);
/* One PCR of one bank; TPM_ALG_ID of the bank's hash. */
guint32 engine_pcr_read(Engine *e, guint16 alg, guint32 pcr, guint8 *ret, gsize max, gsize *ret_len);
/* The TPMT_PUBLIC bytes, the name and the qualified name of an object; each may be NULL. */
guint32 engine_read_public(Engine *e, guint32 handle, GBytes **ret_public, GBytes **ret_name,
                           GBytes **ret_qualified);
/* TPM2_GetCapability: the TPMS_CAPABILITY_DATA bytes as answered (u32 capability first). */
guint32 engine_get_capability(Engine *e, guint32 capability, guint32 property, guint32 count,
                              GBytes **ret);
/* TPM2_DictionaryAttackParameters etc. come from the guest or from swtpm_setup, never from here. */
