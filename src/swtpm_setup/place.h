/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * place - where the new TPM's state is to lie. It is made beside that place
 * and renamed when it is whole: a setup that is killed leaves what was there.
 */
#pragma once

#include <glib.h>

typedef struct Place Place;

/* "DIR", "dir://DIR" or "file://FILE". */
Place *place_new(const char *text, gboolean tpm2);
void place_free(Place *p);           /* removes what was begun and not finished; NULL is fine */

/* Whether @user, whose name is for the error only, can use it. */
gboolean place_check(const Place *p, const char *user, GError **error);
/* Whether a permanent state is there; FALSE with an error where that cannot be said. */
gboolean place_taken(const Place *p, gboolean *ret, GError **error);
/* The folder; NULL for a file. */
const char *place_dir(const Place *p);

/* Text of --tpmstate for the state that is there; to be freed. */
char *place_tpmstate(const Place *p);
/* Text of --tpmstate for the one that is made, which begins here; to be freed. */
char *place_begin(Place *p, GError **error);
/* The new one takes the place of the old. */
gboolean place_finish(Place *p, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Place, place_free)
