/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "swtpm/chardev.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <linux/vtpm_proxy.h>

#include "base/error.h"
#include "base/io.h"

static int
make_proxy(gboolean tpm2, GError **error)
{
    struct vtpm_proxy_new_dev new_dev = { .flags = tpm2 ? VTPM_PROXY_FLAG_TPM2 : 0 };
    g_auto(AutoFd) control = open("/dev/vtpmx", O_RDWR | O_CLOEXEC);

    if (control < 0) {
        error_errno(error, errno, "Could not open /dev/vtpmx (is the module tpm_vtpm_proxy there?)");
        return -1;
    }
    if (ioctl(control, VTPM_PROXY_IOC_NEW_DEV, &new_dev) < 0) {
        error_errno(error, errno, "Could not make a TPM device by /dev/vtpmx");
        return -1;
    }
    g_message("New TPM device: /dev/tpm%u (major/minor = %u/%u)", new_dev.tpm_num, new_dev.major,
              new_dev.minor);
    return (int)new_dev.fd;
}

static int
open_device(const char *path, GError **error)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0) {
        error_errno(error, errno, "Cannot open %s", path);
        io_close(&fd);
    } else if (!S_ISCHR(st.st_mode)) {
        error_malformed(error, "%s is not a character device.", path);
        io_close(&fd);
    }
    return fd;
}

int
chardev_open(const struct swtpm_config *config, GError **error)
{
    if (config->vtpm_proxy)
        return make_proxy(config->tpm2, error);
    if (config->chardev != NULL)
        return open_device(config->chardev, error);
    error_malformed(error, "Missing character device: --chardev, --vtpm-proxy or --fd is needed");
    return -1;
}
