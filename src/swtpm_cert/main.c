/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * main - swtpm_cert: a certificate for a TPM's key, without its private half.
 */
#include "config.h"

#include "base/error.h"
#include "base/io.h"
#include "swtpm_cert/cert.h"
#include "swtpm_setup/version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void
print_help(void)
{
    g_autofree char *rows = options_help(cert_rows);

    printf("TPM certificate tool version %s\n\nUsage: swtpm_cert [options]\n\n"
           "Create TPM certificates without requiring the EK private key.\n\n"
           "The following options are supported:\n%s\n"
           "SWTPM_PKCS11_PIN in the environment is the PIN of a PKCS#11 token.\n",
           SWTPM_INTERFACE_VERSION, rows);
}

/*
 * A file is replaced as a whole and keeps its mode; a device or a pipe is written
 * to; a link, which may be somebody else's, is refused.
 */
static gboolean
write_path(const char *path, const void *bytes, gsize len, GError **error)
{
    struct stat info = { .st_mode = S_IFREG | 0600 };
    g_auto(AutoFd) fd = -1;

    if (lstat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
            return error_errno(error, errno, "Could not open %s for writing the certificate", path);
        return io_write_full(fd, bytes, len, error);
    }
    return io_write_file(path, bytes, len, info.st_mode & 0777, error);
}

static gboolean
write_out(const struct cert_config *config, GBytes *cert, GError **error)
{
    gsize len;
    const void *bytes = g_bytes_get_data(cert, &len);

    if (config->out_cert == NULL)
        return io_write_full(STDOUT_FILENO, bytes, len, error);
    return write_path(config->out_cert, bytes, len, error);
}

static gboolean
run(const struct cert_config *config, char **env, GError **error)
{
    g_autoptr(GBytes) cert = NULL;

    if (config->help) {
        print_help();
        return TRUE;
    }
    if (config->version) {
        printf("TPM certificate tool version %s\nCoCoTPM %s\n", SWTPM_INTERFACE_VERSION,
               PACKAGE_VERSION);
        return TRUE;
    }
    if (config->print_capabilities) {
        printf("{ \"type\": \"swtpm_cert\", \"features\": [ \"cmdarg-signkey-pwd\", "
               "\"cmdarg-tpm-serial-num\", \"supports-iak-idevid\", \"cmdarg-public\" ], "
               "\"version\": \"%s\" }\n", SWTPM_INTERFACE_VERSION);
        return TRUE;
    }
    cert = cert_issue(config, env, error);
    return cert != NULL && write_out(config, cert, error);
}

int
main(int argc, char **argv)
{
    struct cert_config config = CERT_CONFIG_INIT;
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) env = g_get_environ();
    char **stray = NULL;             /* which has always been ignored */
    gboolean ok = options_parse_one_dash(cert_rows, argc, argv, &config, &stray, &error)
                  && run(&config, env, &error);

    if (!ok)
        fprintf(stderr, "%s\n", error->message);
    options_clear(cert_rows, &config);
    return ok ? 0 : 1;
}
