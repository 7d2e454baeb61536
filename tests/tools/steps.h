/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * steps - what a tenant (tenant.h) does in several messages: attach, resume, use
 * the TPM; and how programs print what it was told.
 */
#pragma once

#include "tests/tools/tenant.h"

#define STEP_USEC 5000               /* for the CoCoTPM to take up what was said */

/* "NAME STATUS", or "NAME closed". */
void steps_tell(const char *name, int status);

/* Up to the answer to HELLO; its status. */
int steps_greet(struct tenant *t);
int steps_attach(struct tenant *t);
/* Prints what it was told, and ends, unless that is success. */
void steps_attach_or_die(struct tenant *t);

/* RESUME of the launch that @t attached, into @t->message, with evidence of @witness over
 * @channel. */
gsize steps_write_resume(struct tenant *t, struct tenant *witness, Tls *channel, guint64 sent,
                         guint64 received);
/* With the key that comes from @t's channel. */
Tls *steps_channel_to_resume(struct tenant *t, guint64 number);

/* A command that takes a while; it is not waited for. */
void steps_say_long(struct tenant *t);
/* TPM2_GetRandom of one byte over @channel, which is @t's then; an answer to what was sent before
 * it does not count. */
int steps_served(struct tenant *t, Tls *channel);
