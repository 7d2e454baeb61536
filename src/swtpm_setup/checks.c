/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * checks - the judgement of the command line.
 */
#include "config.h"

#include "swtpm_setup/checks.h"

#include "base/error.h"

#include <string.h>
#include <unistd.h>

static gboolean
resolve_program(char **argv, GError **error)
{
    char *path = g_find_program_in_path(argv[0]);

    if (path == NULL)
        return error_denied(error, "swtpm at %s is not an executable.", argv[0]);
    g_free(argv[0]);
    argv[0] = path;
    return TRUE;
}

/* Runs it once: a TPM program that cannot say what it can do cannot do it. */
static char *
ask_capabilities(char *const *argv, gboolean tpm2, GError **error)
{
    g_autoptr(GPtrArray) line = g_ptr_array_new();
    char *out = NULL;

    for (guint i = 0; argv[i] != NULL; i++)
        g_ptr_array_add(line, argv[i]);
    if (tpm2)
        g_ptr_array_add(line, (char *)"--tpm2");
    g_ptr_array_add(line, (char *)"--print-capabilities");
    g_ptr_array_add(line, NULL);
    if (!g_spawn_sync(NULL, (char **)line->pdata, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                      &out, NULL, NULL, error))
        return NULL;
    return out;
}

gboolean
check_program(const struct setup_config *config, struct tpm_program *ret, GError **error)
{
    g_auto(GStrv) argv = NULL;

    if (!g_shell_parse_argv(config->tpm != NULL ? config->tpm : "swtpm socket", NULL, &argv,
                            error)
        || !resolve_program(argv, error))
        return FALSE;
    ret->argv = g_steal_pointer(&argv);
    return TRUE;
}

gboolean
check_version(const struct setup_config *config, struct tpm_program *program, GError **error)
{
    const char *wanted = config->tpm2 ? "\"tpm-2.0\"" : "\"tpm-1.2\"";

    if (program->capabilities == NULL)
        program->capabilities = ask_capabilities(program->argv, config->tpm2, error);
    if (program->capabilities == NULL)
        return FALSE;
    return strstr(program->capabilities, wanted) != NULL
           || error_denied(error, "swtpm at %s does not support TPM %s", program->argv[0],
                           config->tpm2 ? "2" : "1.2");
}

void
tpm_program_clear(struct tpm_program *program)
{
    g_clear_pointer(&program->argv, g_strfreev);
    g_clear_pointer(&program->capabilities, g_free);
}

static gboolean
check_import(const struct setup_config *c, GError **error)
{
    if (c->import_ek_cert == NULL)
        return c->tcti == NULL || error_denied(error, "--tcti requires --import-ek-cert.");
    if (!c->tpm2)
        return error_denied(error, "--import-ek-cert requires --tpm2.");
    if (c->cocotpm != NULL)
        return error_denied(error, "A confidential TPM takes certificates while it runs: --tcti.");
    if (c->tcti != NULL && c->tpmstate != NULL)
        return error_denied(error, "--tcti and --tpm-state exclude each other.");
    return TRUE;
}

static gboolean
check_cocotpm(const struct setup_config *c, GError **error)
{
    if (c->cocotpm == NULL)
        return c->birth_statement == NULL && c->nonce == NULL
               ? TRUE : error_denied(error, "--nonce and --birth-statement require --cocotpm.");
    if (!c->tpm2)
        return error_denied(error, "--cocotpm requires --tpm2.");
    if ((c->nonce != NULL) != (c->birth_statement != NULL))
        return error_denied(error, "--nonce and --birth-statement belong together.");
    if (c->keyfile != NULL || c->keyfile_fd >= 0 || c->pwdfile != NULL || c->pwdfile_fd >= 0)
        return error_denied(error, "With --cocotpm the state is sealed; it takes no other key.");
    if (c->reconfigure || c->overwrite)
        return error_denied(error, "A confidential TPM is made once; it is neither overwritten "
                            "nor reconfigured.");
    return TRUE;
}

gboolean
check_combinations(const struct setup_config *c, GError **error)
{
    const struct {
        const char *name;
        gboolean given;
    } tpm2_only[] = {
        { "--ecc", c->ecc },
        { "--create-spk", c->create_spk },
        { "--reconfigure", c->reconfigure },
        { "--allow-signing", c->allow_signing },
        { "--decryption", c->decryption },
        { "--pcr-banks", c->pcr_banks != NULL },
        { "--iakkeyalgo", c->iakkeyalgo != NULL },
        { "--idevidkeyalgo", c->idevidkeyalgo != NULL },
    };

    for (guint i = 0; !c->tpm2 && i < G_N_ELEMENTS(tpm2_only); i++)
        if (tpm2_only[i].given)
            return error_denied(error, "%s requires --tpm2.", tpm2_only[i].name);
    if (c->tpm2 && c->take_ownership)
        return error_denied(error, "Taking ownership is not supported for TPM 2.");
    if (c->reconfigure && (c->createek || c->create_ek_cert || c->create_platform_cert))
        return error_denied(error,
                            "Reconfiguration is not supported with creation of EK or certificates");
    if (c->profile != NULL || c->profile_name != NULL || c->profile_file != NULL
        || c->profile_file_fd >= 0 || c->profile_remove_disabled != NULL)
        return error_denied(error, "Profiles need libtpms 0.10 or later; this one has none.");
    return check_import(c, error) && check_cocotpm(c, error);
}

static gboolean
can_make(const struct tpm_program *program, guint bits)
{
    g_autofree char *word = g_strdup_printf("\"rsa-keysize-%u\"", bits);

    return strstr(program->capabilities, word) != NULL;
}

gboolean
check_rsa_keysize(const struct setup_config *config, struct tpm_program *program, guint *ret,
                  GError **error)
{
    static const guint sizes[] = { 4096, 3072 };
    const char *text = config->rsa_keysize != NULL ? config->rsa_keysize : "2048";
    gboolean max = g_str_equal(text, "max");

    /* Every TPM 2 can make 2048 bits: nobody has to be asked. */
    if (g_str_equal(text, "2048")) {
        *ret = 2048;
        return TRUE;
    }
    if (!check_version(config, program, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *digits = g_strdup_printf("%u", sizes[i]);

        if ((max || g_str_equal(text, digits)) && can_make(program, sizes[i])) {
            *ret = sizes[i];
            return TRUE;
        }
    }
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *digits = g_strdup_printf("%u", sizes[i]);

        if (g_str_equal(text, digits))
            return error_denied(error, "%s bit RSA keys are not supported by libtpms.", text);
    }
    if (!max)
        return error_denied(error, "Unsupported RSA key size %s.", text);
    *ret = 2048;
    return TRUE;
}

gboolean
check_cert_folder(const struct setup_config *c, const char *user, GError **error)
{
    const char *folder = c->write_ek_cert_files;

    if (folder == NULL)
        return TRUE;
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR) || access(folder, R_OK | X_OK) < 0)
        return error_denied(error, "User %s cannot access directory %s. Make sure it exists and is "
                            "a directory.", user, folder);
    return access(folder, W_OK) == 0
           || error_denied(error, "Need write rights on directory %s for user %s.", folder, user);
}

gboolean
check_key(const struct setup_config *c, const char *user, char **ret, int *ret_fd, GError **error)
{
    const char *cipher = c->cipher != NULL ? c->cipher : "aes-128-cbc";
    const char *file = c->keyfile != NULL ? c->keyfile : c->pwdfile;
    gboolean passphrase = c->keyfile == NULL && c->keyfile_fd < 0;
    int fd = file != NULL ? -1 : passphrase ? c->pwdfile_fd : c->keyfile_fd;

    if (!g_str_equal(cipher, "aes-128-cbc") && !g_str_equal(cipher, "aes-cbc")
        && !g_str_equal(cipher, "aes-256-cbc"))
        return error_denied(error, "Unsupported cipher %s.", cipher);
    if (file != NULL && access(file, R_OK) != 0)
        return error_denied(error, "User %s cannot read %s %s.", user,
                            passphrase ? "passphrase file" : "keyfile", file);
    *ret_fd = fd;
    if (file != NULL)
        *ret = g_strdup_printf("%s=%s,mode=%s", passphrase ? "pwdfile" : "file", file, cipher);
    else if (fd >= 0)
        *ret = g_strdup_printf("%s=%d,mode=%s", passphrase ? "pwdfd" : "fd", fd, cipher);
    return TRUE;
}
