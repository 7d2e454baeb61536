/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_absent - a program without --cocotpm.
 */
#include "swtpm/features.h"

const struct cocotpm_feature *
feature_cocotpm(void)
{
    return NULL;
}
