/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_policy - cocotpm-verify policy: what a policy accepts, in words, and
 * what it leaves open.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/keyfile.h"
#include "cocotpm/verify.h"

struct policy_config {
    struct verify_options common;    /* first */
};

static const struct option_row rows[] = {
    VERIFY_SHOW_ROWS(struct policy_config),
    { 0 }
};

/* Lines that begin with "! " are warnings. */
static JsonObject *
lines_json(const char *text, const struct policy *policy)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    JsonObject *object = json_object_new();
    JsonArray *accepts = json_array_new(), *open = json_array_new();

    for (char **line = lines; *line != NULL; line++) {
        if (g_str_has_prefix(*line, "! "))
            json_array_add_string_element(open, *line + 2);
        else if (**line != '\0')
            json_array_add_string_element(accepts, *line);
    }
    json_object_set_string_member(object, "kind", policy->kind == POLICY_DRIVER ? "driver"
                                                                                : "instance");
    verify_add_hex(object, "digest", policy->digest, sizeof(policy->digest));
    json_object_set_array_member(object, "says", accepts);
    json_object_set_array_member(object, "leaves_open", open);
    return object;
}

static int
explain(const char *path, gboolean json, GError **error)
{
    char *argument = (char *)path;
    const struct verify_options options = { .policy = argument };
    struct verify_input in;
    g_autofree char *text = NULL;
    g_autofree char *digest = NULL;

    if (!verify_input_read(&options, NULL, &in, error))
        return VERIFY_UNUSABLE;
    in.policy->peer.same_chip |= in.chip_not_judged;
    text = policy_explain(in.policy);
    digest = hex_encode(in.policy->digest, sizeof(in.policy->digest));
    if (json) {
        g_autoptr(JsonObject) object = lines_json(text, in.policy);

        verify_print_json(object);
    } else {
        printf("digest (policy-digest, sha256sum): %s\n%s", digest, text);
    }
    verify_input_clear(&in);
    return VERIFY_ACCEPTED;
}

int
verify_command_policy(int argc, char **argv, GError **error)
{
    struct policy_config config = { 0 };
    char **files = NULL;
    int status = 0;

    if (verify_start("policy FILE [--json]", rows, argc, argv, &config.common, &files, error)) {
        if (files == NULL || files[0] == NULL || files[1] != NULL)
            error_malformed(error, "one file is wanted");
        else
            status = explain(files[0], config.common.json, error);
    }
    options_clear(rows, &config);
    return status;
}
