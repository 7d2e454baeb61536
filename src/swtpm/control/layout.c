/* SPDX-License-Identifier: BSD-3-Clause */
#include "swtpm/control/layout.h"

#include <string.h>

#include "swtpm/tpm_ioctl.h"

static const struct ptm_layout layouts[] = {
    { CMD_GET_CAPABILITY, PTM_GET_CAPABILITY, { 0 }, { 4 } },
    { CMD_INIT, PTM_INIT, { 4 }, { 0 } },
    { CMD_SHUTDOWN, PTM_SHUTDOWN, { 0 }, { 0 } },
    { CMD_GET_TPMESTABLISHED, PTM_GET_TPMESTABLISHED, { 0 }, { 1, 1, 1, 1 } },
    { CMD_SET_LOCALITY, PTM_SET_LOCALITY, { 1 }, { 0 } },
    { CMD_HASH_START, PTM_HASH_START, { 0 }, { 0 } },
    { CMD_HASH_DATA, PTM_HASH_DATA, { 4 }, { 0 } },
    { CMD_HASH_END, PTM_HASH_END, { 0 }, { 0 } },
    { CMD_CANCEL_TPM_CMD, PTM_CANCEL_TPM_CMD, { 0 }, { 0 } },
    { CMD_STORE_VOLATILE, PTM_STORE_VOLATILE, { 0 }, { 0 } },
    { CMD_RESET_TPMESTABLISHED, PTM_RESET_TPMESTABLISHED, { 1 }, { 0 } },
    { CMD_GET_STATEBLOB, PTM_GET_STATEBLOB, { 4, 4, 4 }, { 4, 4, 4 } },
    { CMD_SET_STATEBLOB, PTM_SET_STATEBLOB, { 4, 4, 4 }, { 0 } },
    { CMD_STOP, PTM_STOP, { 0 }, { 0 } },
    { CMD_GET_CONFIG, PTM_GET_CONFIG, { 0 }, { 4 } },
    { CMD_SET_BUFFERSIZE, PTM_SET_BUFFERSIZE, { 4 }, { 4, 4, 4 } },
    { CMD_GET_INFO, PTM_GET_INFO, { 8, 4, 4 }, { 4, 4 } },
    { CMD_LOCK_STORAGE, PTM_LOCK_STORAGE, { 4 }, { 0 } },
};

const struct ptm_layout *
ptm_layout_of_code(guint32 code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(layouts); i++) {
        if (layouts[i].code == code)
            return &layouts[i];
    }
    return NULL;
}

const struct ptm_layout *
ptm_layout_of_ioctl(unsigned int request)
{
    for (gsize i = 0; i < G_N_ELEMENTS(layouts); i++) {
        if (layouts[i].request == request)
            return &layouts[i];
    }
    return NULL;
}

gsize
ptm_layout_size(const guint8 fields[4])
{
    return (gsize)fields[0] + fields[1] + fields[2] + fields[3];
}

void
ptm_layout_turn(const guint8 fields[4], const guint8 *from, gsize len, guint8 *to)
{
    gsize at = 0;

    for (gsize f = 0; f < 4 && fields[f] != 0 && at + fields[f] <= len; f++) {
        for (gsize i = 0; i < fields[f]; i++)
            to[at + i] = G_BYTE_ORDER == G_LITTLE_ENDIAN ? from[at + fields[f] - 1 - i]
                                                         : from[at + i];
        at += fields[f];
    }
    if (len > at)
        memcpy(to + at, from + at, len - at);
}
