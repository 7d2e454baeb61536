/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * main - cocotpm-snpemu: the emulator of one chip, and its command line.
 */
#include "config.h"

#include "base/daemon.h"
#include "base/error.h"
#include "base/options.h"
#include "snpemu/client.h"
#include "snpemu/command.h"
#include "snpemu/command_options.h"
#include "snpemu/serve.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct config {
    gboolean help, version, daemon;
    char *socket;
    char *pid;
    struct chip_config chip;
};

#define ROW(name, letter, kind, field, value, help) \
    { name, letter, kind, offsetof(struct config, field), value, help }

static const struct option_row rows[] = {
    ROW("socket", 0, OPTION_STRING, socket, "PATH", "control socket for the commands below"),
    ROW("state", 0, OPTION_STRING, chip.folder, "DIR", "the chip; made when it is not there"),
    ROW("pki", 0, OPTION_STRING, chip.pki_folder, "DIR",
        "folder of ARK, ASK and ASVK, which chips may share; inside --state unless given"),
    ROW("product", 0, OPTION_STRING, chip.product, "NAME", "milan, genoa or turin, for a new chip"),
    ROW("report-version", 0, OPTION_UINT, chip.report_version, "N",
        "2, 3 or 5, for a new chip"),
    ROW("key-version", 0, OPTION_UINT, chip.key_version, "N",
        "highest version of MSG_KEY_REQ, 1 or 2, for a new chip"),
    ROW("chip-tcb", 0, OPTION_STRING, chip.tcb, "FMC:BOOTLOADER:TEE:SNP:MICROCODE",
        "all TCB versions of a new chip"),
    ROW("pid", 0, OPTION_STRING, pid, "FILE", "write the process id to this file"),
    ROW("daemon", 'd', OPTION_FLAG, daemon, NULL, "go to the background once it serves"),
    ROW("help", 'h', OPTION_FLAG, help, NULL, "shows this help"),
    ROW("version", 0, OPTION_FLAG, version, NULL, "shows the version"),
    { 0 }
};

struct program {
    Host *host;
    GMainLoop *loop;
};

static void
print_help(void)
{
    g_autofree char *own = options_help(rows);
    g_autofree char *local = client_help();
    g_autofree char *remote = command_help();
    g_autofree char *of_commands = options_help(command_rows);

    g_print("usage: cocotpm-snpemu --socket PATH --state DIR [OPTION]...\n"
            "       cocotpm-snpemu COMMAND --socket PATH [OPTION]...\n\n"
            "A software AMD-SP: one process is one chip. For tests and trying out only; its\n"
            "reports protect nothing.\n\nOptions:\n%s\nCommands:\n%s%s\nOptions of commands:\n%s",
            own, remote, local, of_commands);
}

/* The words of a frame; they stay inside it. */
static gboolean
words_parse(struct cursor *body, char **ret, size_t max)
{
    const size_t len = cursor_left(body);
    const char *text = (const char *)cursor_bytes(body, len);
    size_t count = 0;

    if (text == NULL || len == 0 || text[len - 1] != '\0')
        return FALSE;
    for (const char *word = text; word < text + len && count < max - 1; word += strlen(word) + 1)
        ret[count++] = (char *)word;
    ret[count] = NULL;
    return count >= 2;
}

static gboolean
control_answer(void *data, uint16_t operation, struct cursor *body, struct builder *out)
{
    struct program *p = data;
    char *words[COMMAND_WORDS_MAX];
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    gboolean ok = FALSE;

    if (operation != COMMAND_OPERATION || !words_parse(body, words, G_N_ELEMENTS(words)))
        return FALSE;
    ok = command_run(p->host, words[0], words + 1, &text, &error);
    builder_u8(out, ok ? 1 : 0);
    if (!ok)
        builder_bytes(out, error->message, strlen(error->message));
    else if (text != NULL)
        builder_bytes(out, text, strlen(text));
    if (host_is_done(p->host))
        g_main_loop_quit(p->loop);
    return TRUE;
}

static gboolean
on_signal(void *data)
{
    struct program *p = data;

    g_main_loop_quit(p->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean
serve_chip(const struct config *config, struct chip *chip, int *ready, GError **error)
{
    struct program p = { .host = host_new(chip), .loop = g_main_loop_new(NULL, FALSE) };
    Server *control = server_new(config->socket, control_answer, &p, error);
    gboolean ok = control != NULL
                  && (config->pid == NULL || pidfile_write(config->pid, -1, error));

    if (ok) {
        signal(SIGPIPE, SIG_IGN);
        g_unix_signal_add(SIGTERM, on_signal, &p);
        g_unix_signal_add(SIGINT, on_signal, &p);
        daemon_ready(ready);
        g_main_loop_run(p.loop);
        if (config->pid != NULL)
            pidfile_remove(config->pid);
    }
    server_free(control);
    host_free(p.host);
    g_main_loop_unref(p.loop);
    return ok;
}

static gboolean
run_daemon(const struct config *config, GError **error)
{
    g_autoptr(chip_t) chip = NULL;
    int ready = -1;

    if (config->socket == NULL || config->chip.folder == NULL)
        return error_malformed(error, "--socket and --state are needed; see --help");
    if (config->daemon && !daemon_start(&ready, error))
        return FALSE;
    chip = chip_open(&config->chip, error);
    return chip != NULL && serve_chip(config, chip, &ready, error);
}

/* Paths are made absolute, since going to the background may change the folder. */
static void
make_absolute(char **path)
{
    if (*path != NULL) {
        char *absolute = g_canonicalize_filename(*path, NULL);

        g_free(*path);
        *path = absolute;
    }
}

static gboolean
run(int argc, char **argv, GError **error)
{
    struct config config = { 0 };
    gboolean ok = FALSE;

    if (argc > 1 && argv[1][0] != '-')
        return client_run(argv + 1, error);
    ok = options_parse(rows, argc, argv, &config, NULL, error);
    if (ok && config.help) {
        print_help();
    } else if (ok && config.version) {
        g_print("cocotpm-snpemu %s\n", PACKAGE_VERSION);
    } else if (ok) {
        make_absolute(&config.socket);
        make_absolute(&config.pid);
        make_absolute(&config.chip.folder);
        make_absolute(&config.chip.pki_folder);
        ok = run_daemon(&config, error);
    }
    options_clear(rows, &config);
    return ok;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (run(argc, argv, &error))
        return EXIT_SUCCESS;
    g_printerr("cocotpm-snpemu: %s\n", error->message);
    return EXIT_FAILURE;
}
