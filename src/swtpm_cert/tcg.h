/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tcg - DER of the certificate extensions that are the TCG's (tcg.asn).
 */
#pragma once

#include <glib.h>

struct tcg_name {
    const char *oid;                 /* NULL ends the list */
    const char *value;
};

/* SubjectAltName with one directory name of these, in their order. */
GBytes *tcg_alternative_name(const struct tcg_name *names, GError **error);
/* The same with a name of the first @split ones and a name of the rest (TPM 1.2's platforms). */
GBytes *tcg_nested_names(const struct tcg_name *names, guint split, GError **error);
/* SubjectDirectoryAttributes with the TPM's specification. */
GBytes *tcg_specification(const char *family, guint level, guint revision, GError **error);
