/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * command_options - the options of the emulator's commands.
 */
#pragma once

#include "base/options.h"

#include <stdint.h>

struct command_options {
    gboolean help;
    char *socket;                    /* the client's: where the emulator is */
    char *guest;
    char *mount;                     /* of "fuse" */
    char *measurement;
    GPtrArray *measurement_of;
    char *host_data;
    guint64 policy;
    char *id_block, *id_auth;
    gboolean author_key, vcek_disabled;
    guint vmpck, vmpl;
    char *certs;
    gboolean no_certs;
    GPtrArray *faults;
    char *tcb, *version, *csp_id;
    gboolean mask_chip_id, mask_chip_key, expired;
    /* of "idblock", which asks no emulator */
    char *id_key, *author_key_file, *family_id, *image_id;
    guint svn;
};

extern const struct option_row command_rows[];

void command_options_init(struct command_options *o);
void command_options_clear(struct command_options *o);
