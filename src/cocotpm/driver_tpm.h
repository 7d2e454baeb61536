/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_tpm - the TPM as the driver's front ends see it: one thing after the
 * other, each answered at once or later from the main loop. Behind it is the session with
 * the CoCoTPM (driver_session.h); in unit tests, a table.
 */
#pragma once

#include <glib.h>

struct driver_tpm;

/* @answer is valid during the call only. */
typedef void (*driver_answer)(const guint8 *answer, gsize len, gpointer data);
/* 0, or a result code of the control channel. */
typedef void (*driver_result)(guint32 result, gpointer data);

#define DRIVER_RESULT_OK 0u
#define DRIVER_RESULT_FAIL 0x09u
#define DRIVER_RESULT_BAD_LOCALITY 0x3du

/* The front end has one command(), locality() or shutdown() under way at a time;
 * @done is called once, maybe before the call returns. */
struct driver_tpm_ops {
    void (*command)(struct driver_tpm *tpm, const guint8 *command, gsize len, driver_answer done,
                    gpointer data);
    void (*locality)(struct driver_tpm *tpm, guint8 locality, driver_result done, gpointer data);
    /* Ends the TPM's session for good; what comes after is answered with a failure. */
    void (*shutdown)(struct driver_tpm *tpm, driver_result done, gpointer data);
    /* At any time. */
    void (*cancel)(struct driver_tpm *tpm);
};

struct driver_tpm {
    const struct driver_tpm_ops *ops;
};
