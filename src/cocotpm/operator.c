/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm-operator - what the host's operator may ask of a CoCoTPM: how it is,
 * and to stop. Apart from cocotpm-relay, so that the relay needs no key code.
 */
#include "config.h"

#include "base/error.h"
#include "base/isolate.h"
#include "base/keyfile.h"
#include "base/options.h"
#include "cocotransport/link/link.h"
#include "cocotransport/session/operator_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_SECONDS 20

struct operator_config {
    gboolean help, version;
    char *to, *id, *psk_file;
};

#define ROW(name, letter, kind, field, value, help) \
    { name, letter, kind, offsetof(struct operator_config, field), value, help }

static const struct option_row rows[] = {
    ROW("to", 0, OPTION_STRING, to, "ADDRESS", "where the CoCoTPM listens"),
    ROW("id", 0, OPTION_STRING, id, "UUID", "the instance"),
    ROW("operator-psk-file", 0, OPTION_STRING, psk_file, "FILE", "the operator's key"),
    ROW("help", 'h', OPTION_FLAG, help, NULL, "show this text"),
    ROW("version", 'V', OPTION_FLAG, version, NULL, "show the version"),
    { 0 }
};

static const struct {
    const char *word;
    enum coco_command code;
    const char *help;
} commands[] = {
    { "status", COCO_OP_STATUS, "how the instance is" },
    { "reset", COCO_OP_RESET, "this VM is gone: end its session, TPM off" },
    { "stop", COCO_OP_STOP, "and end the program" },
};

static Stream *
connect_to(gpointer data, gint64 deadline, GError **error)
{
    return link_open(data, deadline, error);
}

static gboolean
operator_uuid(const char *text, guint8 ret[static UUID_SIZE], GError **error)
{
    return uuid_parse(text, ret, NULL) || error_malformed(error, "--id: a UUID is needed");
}

static gboolean
command_parse(char **operands, enum coco_command *ret, GError **error)
{
    for (guint i = 0; operands && operands[0] && i < G_N_ELEMENTS(commands); i++)
        if (!operands[1] && strcmp(operands[0], commands[i].word) == 0) {
            *ret = commands[i].code;
            return TRUE;
        }
    return error_malformed(error, "status, reset or stop is needed");
}

static gboolean
show_status(GBytes *body, GError **error)
{
    struct operator_status s = { 0 };

    if (!operator_status_parse(body, &s, error))
        return FALSE;
    printf("attached: %s\nepoch: %" G_GUINT64_FORMAT "\ngeneration: %" G_GUINT64_FORMAT "\n",
           s.attached ? "yes" : "no", s.epoch, s.generation);
    if (s.waiting)
        printf("waiting: %s\n", s.why);
    g_free(s.why);
    return TRUE;
}

static gboolean
ask(const struct operator_config *config, char **operands, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + TIMEOUT_SECONDS * G_USEC_PER_SEC;
    struct link_address to = { .fd = -1 };
    g_autoptr(Secret) psk = NULL;
    g_autoptr(GBytes) body = NULL;
    enum coco_command code = COCO_OP_STATUS;
    guint8 uuid[16];
    gboolean good;

    if (!command_parse(operands, &code, error) || !operator_uuid(config->id, uuid, error))
        return FALSE;
    if (!config->to || !config->psk_file)
        return error_malformed(error, "--to and --operator-psk-file are needed");
    psk = secret_read_file(config->psk_file, PSK_SIZE, OPERATOR_PSK_MAX, error);
    if (!psk || !link_address_parse(config->to, &to, error))
        return FALSE;
    good = operator_client_run(uuid, psk, code, connect_to, &to, deadline, &body, error)
           && (code != COCO_OP_STATUS || show_status(body, error));
    link_address_clear(&to);
    return good;
}

static void
show_help(void)
{
    g_autofree char *lines = options_help(rows);

    printf("Usage: cocotpm-operator --to ADDRESS --id UUID --operator-psk-file FILE "
           "status|reset|stop\n\n");
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        printf("  %-26s  %s\n", commands[i].word, commands[i].help);
    printf("\n%s", lines);
}

static gboolean
operator_main(int argc, char **argv, GError **error)
{
    struct operator_config config = { 0 };
    char **operands = NULL;
    gboolean good = isolate_descriptors(error) && isolate_memory(error)
                    && options_parse(rows, argc, argv, &config, &operands, error);

    if (good && config.help)
        show_help();
    else if (good && config.version)
        printf("cocotpm-operator version %s\n", PACKAGE_VERSION);
    else if (good)
        good = ask(&config, operands, error);
    options_clear(rows, &config);
    return good;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (operator_main(argc, argv, &error))
        return EXIT_SUCCESS;
    fprintf(stderr, "cocotpm-operator: %s\n", error->message);
    return EXIT_FAILURE;
}
