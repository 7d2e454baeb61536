/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * json_bounds - JSON from strangers: the parser recurses, so how deep a text
 * nests is counted before it is given to it.
 */
#pragma once

#include <json-glib/json-glib.h>

#define JSON_DEPTH_MAX 16

/* The object that @text is; DENIED for nothing: what is wrong is MALFORMED. To be unreffed. */
JsonObject *json_bounded_object(const char *text, gsize len, GError **error);
/* A member that is a string; NULL when it is not there or is something else. */
const char *json_string(JsonObject *object, const char *name);

/*
 * The bytes, inside @text, of the object that is member @name of the object
 * that @text is: what a signature over a part of a JSON text covers. @text has
 * to be good JSON (json_bounded_object); NULL when the member is not there once.
 */
const char *json_raw_object(const char *text, gsize len, const char *name, gsize *ret_len);
