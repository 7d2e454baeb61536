/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * emulator_wire - frames between the emulator provider and the socket of an
 * emulated launch: u32 length of what follows, u16 operation, body; big-endian.
 * The first operations are those of the guest device and keep its errors.
 */
#pragma once

#include "base/builder.h"
#include "base/cursor.h"
#include "cocotransport/attest/snpdev.h"

#define EMULATOR_FRAME_MAX (32u * 1024)
#define EMULATOR_PREFIX 4

enum emulator_operation {
    EMULATOR_DEVICE = 1,             /* a struct snpdev_request → a struct snpdev_answer */
    EMULATOR_MESSAGE,                /* a raw guest message page → u32 status, page */
    EMULATOR_SECRETS_PAGE,           /* nothing → the 4 KiB secrets page */
};

void     emulator_request_write(const struct snpdev_request *r, struct builder *out);
gboolean emulator_request_parse(struct cursor *in, struct snpdev_request *ret, GError **error);
void     emulator_answer_write(const struct snpdev_answer *a, struct builder *out);
gboolean emulator_answer_parse(struct cursor *in, struct snpdev_answer *ret, GError **error);
