/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcap - what goes over the data channel as a pcapng file for Wireshark: each
 * command and answer as a TCP segment of a connection to port 2321 that never
 * was, from its handshake to its end. It holds what the messages hold,
 * passwords too.
 */
#pragma once

#include <glib.h>

#include "swtpm/options.h"

typedef struct Pcap Pcap;

/* Writes the section's beginning. Takes the descriptor of @options, or opens its file. */
Pcap *pcap_open(const struct pcap_options *options, GError **error);
/* Ends the connection in the capture; NULL is fine. */
void pcap_close(Pcap *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pcap, pcap_close)

/* One command, or one answer. */
gboolean pcap_message(Pcap *p, gboolean answer, const guint8 *bytes, gsize len, GError **error);
