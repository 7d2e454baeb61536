/* SPDX-License-Identifier: BSD-3-Clause */
/* judge_rows - searched one table after the other. */
#include "config.h"

#include "judge_rows.h"

#include <check.h>
#include <string.h>

const struct judge_row *
row_find(const struct judge_row *const tables[], const char *name)
{
    for (gsize i = 0; tables[i] != NULL; i++)
        for (const struct judge_row *row = tables[i]; row->name != NULL; row++)
            if (strcmp(row->name, name) == 0)
                return row;
    ck_abort_msg("there is no row %s", name);
    return NULL;
}
