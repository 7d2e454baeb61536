/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * swtpm - the TPM. This file reads the command line and the environment, and
 * executes the full program where the plain one is not enough.
 */
#include "config.h"

#include <errno.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/isolate.h"
#include "swtpm/features.h"
#include "swtpm/options.h"
#include "swtpm/print.h"
#include "swtpm/run.h"

#ifdef FUSE
#define CUSE_WORD "|cuse"
#define CUSE_LINE "  cuse      serve a TPM on a character device of its own\n"
#else
#define CUSE_WORD ""
#define CUSE_LINE ""
#endif

static const char main_help[] =
    "Usage: swtpm socket|chardev" CUSE_WORD " [options]\n"
    "       swtpm -v|--version\n"
    "       swtpm -h|--help\n"
    "\n"
    "  socket    serve a TPM on sockets\n"
    "  chardev   serve a TPM on a character device\n"
    CUSE_LINE
    "\n"
    "swtpm INTERFACE --help says the options of each.\n";

static int
say_version(void)
{
    printf("TPM emulator version " SWTPM_INTERFACE_VERSION ", with libtpms %u.%u.%u\n"
           "CoCoTPM " PACKAGE_VERSION "\n", engine_libtpms_version() >> 16,
           (engine_libtpms_version() >> 8) & 0xff, engine_libtpms_version() & 0xff);
    return EXIT_SUCCESS;
}

static int
fail(const char *message)
{
    fprintf(stderr, "swtpm: %s\n", message);
    return EXIT_FAILURE;
}

static gboolean
find_interface(const char *word, enum swtpm_interface *ret)
{
    static const char *const names[] = {
        [SWTPM_SOCKET] = "socket",
        [SWTPM_CHARDEV] = "chardev",
        [SWTPM_CUSE] = "cuse",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(word, names[i]) == 0) {
            *ret = (enum swtpm_interface)i;
            return TRUE;
        }
    }
    return FALSE;
}

/*
 * Beside this very program or in the folder beside its own (a build tree), else where it was
 * installed. It is told by argv[0] where we are.
 */
static int
execute(const char *folder, const char *name, char **argv)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *own = g_path_get_dirname(self != NULL ? self : ".");
    g_autofree char *beside = g_build_filename(own, folder, name, NULL);
    g_autofree char *installed = g_build_filename(PKGLIBEXECDIR, name, NULL);

    if (self != NULL) {
        argv[0] = self;
        execv(beside, argv);
    }
    execv(installed, argv);
    fprintf(stderr, "swtpm: could not execute %s: %s\n", installed, strerror(errno));
    return EXIT_FAILURE;
}

static int
execute_cuse(const struct swtpm_config *c, char **argv)
{
#ifdef FUSE
    if (c->name == NULL)
        return fail("cuse: the name of the device is missing, --name");
    return execute("../swtpm_cuse", "swtpm-cuse", argv);
#else
    (void)c;
    (void)argv;
    return fail("cuse: this program was built without it, for want of libfuse3");
#endif
}

static void
read_environment(struct swtpm_config *c)
{
    c->tpm_path = g_strdup(getenv("TPM_PATH"));
    c->tpm_port = g_strdup(getenv("TPM_PORT"));
    c->notify_socket = g_strdup(getenv("NOTIFY_SOCKET"));
}

static int
serve(struct swtpm_config *c, char **argv)
{
    g_autoptr(GError) error = NULL;
    gboolean logs = FALSE;

    if (c->help) {
        g_autofree char *usage = swtpm_usage(c->interface);

        fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    if (c->version)
        return say_version();
    if (!feature_full() &&
        (c->key != NULL || c->migration_key != NULL || c->cocotpm != NULL))
        return execute(".", "swtpm-full", argv);
    if (c->interface == SWTPM_CUSE && !run_only_prints(c))
        return execute_cuse(c, argv);
    if (c->cocotpm != NULL && feature_cocotpm() == NULL)
        return fail("--cocotpm: this program was built without it");
    read_environment(c);
    if (c->cocotpm != NULL)
        isolate_environment();
    if (run_swtpm(c, &logs, &error))
        return EXIT_SUCCESS;
    if (!logs)
        return fail(error->message);
    g_warning("%s", error->message);
    return EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
    struct swtpm_config config = { .port = -1, .fd = -1 };
    g_autoptr(GError) error = NULL;
    int status;

    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        fprintf(argc < 2 ? stderr : stdout, "%s%s", argc < 2 ? "Missing TPM interface type.\n" : "",
                main_help);
        return argc < 2 ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-v") == 0)
        return say_version();
    if (!find_interface(argv[1], &config.interface)) {
        fprintf(stderr, "swtpm: Unsupported TPM interface type '%s'\n%s", argv[1], main_help);
        return EXIT_FAILURE;
    }
    /* Two threads, one heap: a second arena would cost more than it saves. */
    mallopt(M_ARENA_MAX, 1);
    signal(SIGPIPE, SIG_IGN);
    if (!isolate_descriptors(&error) || !isolate_memory(&error))
        return fail(error->message);
    if (!options_parse(swtpm_rows(config.interface), argc - 1, argv + 1, &config, NULL, &error)) {
        g_autofree char *usage = swtpm_usage(config.interface);

        fprintf(stderr, "swtpm: %s\n%s", error->message, usage);
        return EXIT_FAILURE;
    }
    status = serve(&config, argv);
    options_clear(swtpm_rows(config.interface), &config);
    g_free(config.tpm_path);
    g_free(config.tpm_port);
    g_free(config.notify_socket);
    return status;
}
