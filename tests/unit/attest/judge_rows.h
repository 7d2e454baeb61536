/* SPDX-License-Identifier: BSD-3-Clause */
/* judge_rows - the rows of a verdict by their names. */
#pragma once

#include "cocotransport/attest/judge.h"

/* In @tables, which end with NULL. Fails the test where there is none. */
const struct judge_row *row_find(const struct judge_row *const tables[], const char *name);
