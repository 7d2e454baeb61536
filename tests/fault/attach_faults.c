/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attach_faults - preloaded into swtpm, breaks one step of the second ATTACH, which
 * begins where the first one had its TPM2_PCR_Event. ATTACH_FAULT is one of
 *
 *   entry    the random bytes of the entry in the attach log
 *   measure  the launch's measurement into PCR 0
 *   startup  TPM2_Startup
 *   id       the random bytes of the attach id
 *   event    TPM2_PCR_Event of PCR 17
 *
 * Links draw their random bytes on the main thread, where none are refused.
 */
#include "config.h"

#include <dlfcn.h>
#include <gnutls/crypto.h>
#include <libtpms/tpm_error.h>
#include <libtpms/tpm_library.h>
#include <libtpms/tpm_tis.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ATTACH_ID 32
#define ENTRY 16
#define TPM2_CC_STARTUP 0x144
#define TPM2_CC_PCR_EVENT 0x13c

static struct {
    const char *what;
    int second;                          /* ATTACH, or later */
    int started;                         /* in it, the TPM: what is stored has random bytes too */
    int done;
    pthread_t main;
} fault;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void
prepare(void)
{
    fault.what = getenv("ATTACH_FAULT");
    fault.main = pthread_self();
}

static int
is_due(const char *what)
{
    if (!fault.second || fault.done || fault.what == NULL || strcmp(fault.what, what) != 0)
        return 0;
    fault.done = 1;
    return 1;
}

int
gnutls_rnd(gnutls_rnd_level_t level, void *data, size_t len)
{
    const int breaks =
        !pthread_equal(pthread_self(), fault.main) &&
        ((len == ENTRY && is_due("entry")) || (len == ATTACH_ID && fault.started && is_due("id")));

    return breaks ? GNUTLS_E_RANDOM_FAILED : REAL(gnutls_rnd)(level, data, len);
}

TPM_RESULT
TPM_IO_Hash_Start(void)
{
    return is_due("measure") ? TPM_FAIL : REAL(TPM_IO_Hash_Start)();
}

TPM_RESULT
TPMLIB_Process(unsigned char **answer, uint32_t *answer_len, uint32_t *answer_size,
               unsigned char *command, uint32_t len)
{
    const unsigned code = len >= 10 ? (unsigned)command[8] << 8 | command[9] : 0;

    TPM_RESULT rc;

    if ((code == TPM2_CC_STARTUP && is_due("startup")) ||
        (code == TPM2_CC_PCR_EVENT && is_due("event")))
        return TPM_FAIL;
    rc = REAL(TPMLIB_Process)(answer, answer_len, answer_size, command, len);
    fault.started |= fault.second && code == TPM2_CC_STARTUP;
    fault.second |= code == TPM2_CC_PCR_EVENT;

    return rc;
}
