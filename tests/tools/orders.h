/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * orders - requests to a control channel (QEMU's to its TPM emulator) as a test
 * says them: "HEX [WHAT]", where WHAT comes along as a descriptor:
 *
 *   socket    one end of a new pair; the other one is kept for "data" when it is taken
 *   closed    the same, but the other end is gone
 *   file      a regular file        null   /dev/null       dir   a folder
 *   stream    a socket of another kind, which nobody listens on
 *   two, many two or nine of them
 *
 * "data HEX" says bytes on the socket that was kept. The answer is a line of
 * hex, empty when none came in a while, or "closed".
 */
#pragma once

/* In a thread of its own: each connection to @listener is an order for @control. */
void orders_serve(int listener, int control);
