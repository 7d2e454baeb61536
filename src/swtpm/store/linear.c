/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * linear - the file:// back end. The header is not protected in any way, so
 * every offset and length in it is judged before it is used. A state that fits
 * its section is written in place, which a crash can tear: the format has no
 * room for better (the folder has).
 */
#include "config.h"

#include "swtpm/store/linear.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/io.h"
#include "swtpm/store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINEAR_MAGIC G_GUINT64_CONSTANT(0x737774706d6c696e)
#define LINEAR_VERSION 1
#define SLOTS 15
#define HEADER_SIZE 192

struct slot {
    guint32 offset;          /* 0: free */
    guint32 len;
    guint32 section;
};

struct linear {
    Store store;
    struct store_linear_config config;
    char *path;
    int fd;                  /* -1: not open yet */
    gboolean device;
    gboolean locked;
    struct slot slots[SLOTS];
};

static const char *const slot_names[] = { "permall", "volatilestate", "savestate" };

static struct slot *
slot_of(struct linear *l, const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(slot_names); i++)
        if (g_str_equal(slot_names[i], name))
            return &l->slots[i];
    return NULL;
}

static gboolean
read_at(const struct linear *l, void *buf, gsize len, guint64 at, GError **error)
{
    if (lseek(l->fd, (off_t)at, SEEK_SET) < 0)
        return error_errno(error, errno, "%s", l->path);
    if (!io_read_full(l->fd, buf, len, error)) {
        g_prefix_error(error, "%s: ", l->path);
        return FALSE;
    }
    return TRUE;
}

static gboolean
write_at(const struct linear *l, const void *buf, gsize len, guint64 at, GError **error)
{
    if (lseek(l->fd, (off_t)at, SEEK_SET) < 0)
        return error_errno(error, errno, "%s", l->path);
    if (!io_write_full(l->fd, buf, len, error)) {
        g_prefix_error(error, "%s: ", l->path);
        return FALSE;
    }
    return TRUE;
}

static guint32
end_of(const struct linear *l)
{
    guint32 end = HEADER_SIZE;

    for (guint i = 0; i < SLOTS; i++)
        if (l->slots[i].offset != 0)
            end = MAX(end, l->slots[i].offset + l->slots[i].section);
    return end;
}

static gboolean
write_header(const struct linear *l, GError **error)
{
    guint8 header[HEADER_SIZE];
    struct builder out = builder_on(header, sizeof(header));

    builder_le64(&out, LINEAR_MAGIC);
    builder_u8(&out, LINEAR_VERSION);
    builder_u8(&out, 0);
    builder_le16(&out, HEADER_SIZE);
    for (guint i = 0; i < SLOTS; i++) {
        builder_le32(&out, l->slots[i].offset);
        builder_le32(&out, l->slots[i].len);
        builder_le32(&out, l->slots[i].section);
    }
    return write_at(l, header, sizeof(header), 0, error);
}

/* The size of the file or device, bounded. */
static gboolean
size_of(const struct linear *l, guint64 *ret, GError **error)
{
    off_t size = lseek(l->fd, 0, SEEK_END);

    if (size < 0)
        return error_errno(error, errno, "%s", l->path);
    *ret = (guint64)size;
    return TRUE;
}

static gboolean
slot_sound(const struct linear *l, guint i, guint64 size)
{
    const struct slot *s = &l->slots[i];

    if (s->offset == 0)
        return TRUE;
    if (s->offset < HEADER_SIZE || s->len > s->section || s->section > STORE_STATE_MAX
        || (guint64)s->offset + s->section > size || s->offset > SLOTS * STORE_STATE_MAX)
        return FALSE;
    for (guint j = 0; j < i; j++) {
        const struct slot *o = &l->slots[j];

        if (o->offset != 0 && s->offset < o->offset + o->section
            && o->offset < s->offset + s->section)
            return FALSE;
    }
    return TRUE;
}

static gboolean
parse_header(struct linear *l, struct cursor *in, guint64 size, GError **error)
{
    guint8 version = cursor_u8(in);
    guint16 header_size;

    cursor_u8(in);
    header_size = cursor_le16(in);
    if (version != LINEAR_VERSION || header_size != HEADER_SIZE)
        return error_malformed(error, "%s: version %u of the linear format is not known", l->path,
                               version);
    for (guint i = 0; i < SLOTS; i++) {
        l->slots[i].offset = cursor_le32(in);
        l->slots[i].len = cursor_le32(in);
        l->slots[i].section = cursor_le32(in);
    }
    for (guint i = 0; i < SLOTS; i++)
        if (in->failed || !slot_sound(l, i, size))
            return error_malformed(error, "%s: the header of the linear format is damaged",
                                   l->path);
    return TRUE;
}

/* The words are looked for in logs. */
static void
say_new(const struct linear *l)
{
    g_autofree char *words = g_strdup_printf("Formatting 'file://%s' as new linear NVRAM store",
                                             l->path);

    if (l->config.notice != NULL)
        l->config.notice(words);
}

/* What carries the magic is read; everything else is new, as with swtpm. */
static gboolean
read_header(struct linear *l, GError **error)
{
    guint8 header[HEADER_SIZE] = { 0 };
    struct cursor in;
    guint64 size;

    if (!size_of(l, &size, error))
        return FALSE;
    if (l->device && size < HEADER_SIZE)
        return error_system(error, "%s: the device is too small", l->path);
    if (size >= HEADER_SIZE && !read_at(l, header, sizeof(header), 0, error))
        return FALSE;
    in = cursor_from(header, sizeof(header));
    if (cursor_le64(&in) == LINEAR_MAGIC)
        return parse_header(l, &in, size, error);
    say_new(l);
    memset(l->slots, 0, sizeof(l->slots));
    return write_header(l, error);
}

static gboolean
open_file(struct linear *l, GError **error)
{
    gboolean made = FALSE;
    struct stat info;

    l->fd = open(l->path, O_RDWR | O_CLOEXEC);
    if (l->fd < 0 && errno == ENOENT) {
        l->fd = open(l->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, l->config.mode);
        made = l->fd >= 0;
    }
    if (l->fd < 0)
        return error_errno(error, errno, "SWTPM_NVRAM_LinearFile_Open: Could not open file %s",
                           l->path);
    if (fstat(l->fd, &info) < 0)
        return error_errno(error, errno, "%s", l->path);
    l->device = S_ISBLK(info.st_mode);
    if (!l->device && !S_ISREG(info.st_mode))
        return error_denied(error, "%s is neither a file nor a block device", l->path);
    /* The mode of what somebody made for us is theirs to choose. */
    if (made && fchmod(l->fd, l->config.mode) < 0)
        return error_errno(error, errno, "Could not set the mode of %s", l->path);
    return TRUE;
}

static gboolean
linear_open(struct linear *l, GError **error)
{
    if (l->fd >= 0)
        return TRUE;
    if (open_file(l, error) && read_header(l, error))
        return TRUE;
    io_close(&l->fd);
    return FALSE;
}

static enum store_load
linear_load(Store *s, const char *name, GBytes **ret, GError **error)
{
    struct linear *l = (struct linear *)s;
    g_autofree guint8 *data = NULL;
    struct slot *slot = slot_of(l, name);

    if (!linear_open(l, error))
        return STORE_FAILED;
    if (slot == NULL || slot->offset == 0)
        return STORE_ABSENT;
    data = g_malloc(slot->len + 1);
    if (!read_at(l, data, slot->len, slot->offset, error))
        return STORE_FAILED;
    *ret = g_bytes_new(data, slot->len);
    return STORE_LOADED;
}

/* Sections behind the hole move down; in the order of their offsets, so none is overwritten. */
static gboolean
close_hole(struct linear *l, guint32 at, guint32 size, GError **error)
{
    guint32 end = end_of(l);

    if (end > at) {
        g_autofree guint8 *rest = g_malloc(end - at);

        if (!read_at(l, rest, end - at, (guint64)at + size, error)
            || !write_at(l, rest, end - at, at, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
free_slot(struct linear *l, struct slot *slot, GError **error)
{
    struct slot old = *slot;

    memset(slot, 0, sizeof(*slot));
    for (guint i = 0; i < SLOTS; i++)
        if (l->slots[i].offset > old.offset)
            l->slots[i].offset -= old.section;
    return close_hole(l, old.offset, old.section, error);
}

/* A regular file ends where its last section ends; a device is as large as it is. */
static gboolean
fit_size(const struct linear *l, GError **error)
{
    guint32 end = end_of(l);
    guint64 size;

    if (!l->device && ftruncate(l->fd, (off_t)end) < 0)
        return error_errno(error, errno, "Could not resize %s", l->path);
    if (!size_of(l, &size, error))
        return FALSE;
    if (size < end)
        return error_system(error, "%s: the device is too small: %u bytes are needed", l->path,
                            end);
    return TRUE;
}

static guint32
section_for(gsize len)
{
    guint32 section = 1;

    while (section < len)
        section <<= 1;
    return section;
}

static gboolean
append_slot(struct linear *l, struct slot *slot, gsize len, GError **error)
{
    slot->offset = end_of(l);
    slot->section = section_for(len);
    slot->len = (guint32)len;
    if (fit_size(l, error))
        return TRUE;
    memset(slot, 0, sizeof(*slot));
    return FALSE;
}

static gboolean
commit(const struct linear *l, GError **error)
{
    if (!write_header(l, error))
        return FALSE;
    if (fdatasync(l->fd) < 0)
        return error_errno(error, errno, "%s: could not bring it to the disk", l->path);
    return TRUE;
}

static gboolean
place(struct linear *l, struct slot *slot, gsize len, GError **error)
{
    if (slot->offset != 0 && len <= slot->section) {
        slot->len = (guint32)len;
        return TRUE;
    }
    return (slot->offset == 0 || free_slot(l, slot, error)) && append_slot(l, slot, len, error);
}

static gboolean
linear_save(Store *s, const char *name, const guint8 *data, gsize len, GError **error)
{
    struct linear *l = (struct linear *)s;
    struct slot *slot = slot_of(l, name);

    if (slot == NULL || len > STORE_STATE_MAX)
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): s, and so l, is never NULL */
        return error_malformed(error, "%s: no room for the state '%s'", l->path, name);
    return linear_open(l, error) && place(l, slot, len, error)
           && write_at(l, data, len, slot->offset, error) && commit(l, error);
}

static gboolean
linear_remove(Store *s, const char *name, gboolean must_exist, GError **error)
{
    struct linear *l = (struct linear *)s;
    struct slot *slot = slot_of(l, name);

    if (!linear_open(l, error))
        return FALSE;
    if (slot == NULL || slot->offset == 0)
        return !must_exist || error_errno(error, ENOENT, "%s: the state '%s'", l->path, name);
    return free_slot(l, slot, error) && fit_size(l, error) && commit(l, error);
}

/* Looking makes no file, and formats none. */
static gboolean
is_formatted(const struct linear *l)
{
    g_auto(AutoFd) fd = open(l->path, O_RDONLY | O_CLOEXEC);
    guint8 magic[8] = { 0 };
    struct cursor in = cursor_from(magic, sizeof(magic));

    return fd >= 0 && pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
           cursor_le64(&in) == LINEAR_MAGIC;
}

static gssize
linear_size(Store *s, const char *name)
{
    struct linear *l = (struct linear *)s;
    struct slot *slot = slot_of(l, name);

    if (l->fd < 0 && !is_formatted(l))
        return -1;
    return slot != NULL && linear_open(l, NULL) && slot->offset != 0 ? (gssize)slot->len : -1;
}

static gboolean
linear_lock(Store *s, guint retries, GError **error)
{
    struct linear *l = (struct linear *)s;

    if (l->locked || !l->config.lock)
        return TRUE;
    l->locked = linear_open(l, error) && lock_fd(l->fd, retries, error);
    return l->locked;
}

/* Closing gives the lock back, and the next use reads what others wrote meanwhile. */
static void
linear_unlock(Store *s)
{
    struct linear *l = (struct linear *)s;

    io_close(&l->fd);
    l->locked = FALSE;
}

static void
linear_free(Store *s)
{
    struct linear *l = (struct linear *)s;

    io_close(&l->fd);
    g_free(l->path);
    g_free(l);
}

static const struct store_ops linear_ops = {
    .load = linear_load,
    .save = linear_save,
    .remove = linear_remove,
    .free = linear_free,
    .lock = linear_lock,
    .unlock = linear_unlock,
    .size = linear_size,
};

Store *
store_linear_new(const struct store_linear_config *config)
{
    struct linear *l = g_new0(struct linear, 1);

    l->store.ops = &linear_ops;
    l->config = *config;
    l->path = g_strdup(config->path);
    l->config.path = l->path;
    l->fd = -1;
    return &l->store;
}
