/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * layout - the control protocol as a CUSE device has it: each request is an
 * ioctl whose structure holds the same fields as the message, in the same
 * order and without gaps, but numbers in the machine's byte order.
 */
#pragma once

#include <glib.h>

struct ptm_layout {
    guint32 code;
    unsigned int request;    /* the ioctl, which tells the structure's size */
    guint8 in[4];            /* sizes in bytes of the fields of the request; 0 ends them */
    guint8 out[4];           /* those of the answer, after the result */
};

const struct ptm_layout *ptm_layout_of_code(guint32 code);           /* NULL: none */
const struct ptm_layout *ptm_layout_of_ioctl(unsigned int request);

/* The bytes of those fields that follow a request or a result. */
gsize ptm_layout_size(const guint8 fields[4]);

/* Turns the bytes of each field about where the machine is little-endian; the rest is copied. */
void ptm_layout_turn(const guint8 fields[4], const guint8 *from, gsize len, guint8 *to);
