/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * key - from the words of --key or --migration-key to a key: hex or binary
 * digits, or a passphrase, by file or descriptor.
 */
#pragma once

#include "swtpm/store/cipher.h"

/* In bytes, of what mode= says (NULL: it says nothing); 0 for an unknown one. */
gsize state_key_length(const char *mode, GError **error);

/* @option is the name for error messages ("key"). */
StateKey *state_key_parse(const char *option, const char *text, GError **error);
