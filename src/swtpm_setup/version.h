/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * version - the version of swtpm's interface that these programs keep to.
 */
#pragma once

#define SWTPM_INTERFACE_VERSION "0.11.0"
