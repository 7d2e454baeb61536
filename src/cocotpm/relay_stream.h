/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay_stream - carries bytes between two connected descriptors, both ways,
 * without looking at them. What one side cannot take yet is kept up to
 * RELAY_BUFFER; then the other side is not read any more.
 */
#pragma once

#include <glib.h>

#define RELAY_BUFFER 65536

typedef struct RelayStream RelayStream;

/* Takes both descriptors (non-blocking). @done is called once, from the main loop, when
 * both directions have ended or either side failed; the stream is the caller's to free. */
RelayStream *relay_stream_new(int a, int b, void (*done)(RelayStream *, gpointer), gpointer data);
void relay_stream_free(RelayStream *s);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(RelayStream, relay_stream_free)
