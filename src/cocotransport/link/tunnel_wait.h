/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tunnel_wait - the kernel's wait for the carrier TPM's answer, made no longer than it has to be.
 *
 * Linux looks for an answer at once, and then after a sleep of 700 to 1,000 us (tpm_try_transmit:
 * TPM_TIMEOUT_POLL less TPM_TIMEOUT_RANGE_US), which ends with the first timer of that processor
 * that ends within. So one of ours does.
 */
#pragma once

#include <glib.h>

typedef struct TunnelWait TunnelWait;

/* Never NULL. What the system refuses (a timer, a thread) only makes waits longer. */
TunnelWait *tunnel_wait_new(void);
/* NULL is fine. */
void tunnel_wait_free(TunnelWait *w);

/* Around the write() that sleeps; one at a time, from any thread. */
void tunnel_wait_begin(TunnelWait *w);
void tunnel_wait_end(TunnelWait *w);
