/* SPDX-License-Identifier: BSD-3-Clause */
/* bridge_ctrl - an ioctl is a control request; a long state goes on by read(2) and write(2). */
#include "config.h"

#include "swtpm_cuse/bridge_private.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "base/io.h"
#include "swtpm/control/layout.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define STRUCT_MAX (4 + 4096)        /* the largest structure, ptm_hdata */

/* A control request: an ioctl, or the write(2) that ended a long SET_STATEBLOB. */
struct call {
    fuse_req_t request;
    const struct ptm_layout *layout;
    gsize written;           /* by write(2); 0: an ioctl */
    guint32 flags, type, offset;     /* GET_STATEBLOB */
    guint8 *message;
    gsize len;
};

static void
call_free(struct call *c)
{
    explicit_bzero(c->message, c->len);
    g_free(c->message);
    g_free(c);
}

static void
reply(fuse_req_t request, const struct ptm_layout *layout, guint32 result, const guint8 *rest,
      gsize len)
{
    guint8 bytes[STRUCT_MAX] = { 0 };
    gsize size = _IOC_SIZE(layout->request);

    memcpy(bytes, &result, sizeof(result));
    if (len > 0 && len <= size - sizeof(result))
        memcpy(bytes + sizeof(result), rest, len);
    fuse_reply_ioctl(request, 0, bytes, size);
    explicit_bzero(bytes, sizeof(bytes));
}

static void
reply_capability(const struct call *c, guint32 bits)
{
    /* A device takes no descriptors; a locality comes by ioctl. */
    guint64 capability = bits & ~(guint32)(PTM_CAP_SET_DATAFD | PTM_CAP_SEND_COMMAND_HEADER);

    fuse_reply_ioctl(c->request, 0, &capability, sizeof(capability));
}

/* From the offset on, as much as the structure holds; read(2) goes on from there. */
static void
reply_state(Bridge *b, const struct call *c)
{
    gsize offset = MIN(c->offset, b->state_len);
    gsize left = b->state_len - offset, piece = MIN(left, PTM_STATE_BLOB_SIZE);
    guint8 rest[12 + PTM_STATE_BLOB_SIZE];
    guint32 numbers[3] = { b->state_flags, (guint32)left, (guint32)piece };

    memcpy(rest, numbers, sizeof(numbers));
    memcpy(rest + sizeof(numbers), b->state + offset, piece);
    b->state_at = offset + piece;
    b->transfer = left > piece ? TRANSFER_OUT : TRANSFER_NONE;
    reply(c->request, c->layout, PTM_OK, rest, sizeof(numbers) + piece);
    explicit_bzero(rest, sizeof(rest));
}

static void
keep_state(Bridge *b, const struct call *c)
{
    struct cursor in = cursor_from(b->input + 4, 4);

    explicit_bzero(b->state, b->state_len);
    b->state_len = b->have - GET_HEAD;
    memcpy(b->state, b->input + GET_HEAD, b->state_len);
    b->state_flags = cursor_be32(&in);
    b->state_type = c->type;
    reply_state(b, c);
}

/* The whole answer to the first call is in b->input. */
static void
finish(Bridge *b, const struct call *c)
{
    struct cursor in = cursor_from(b->input, b->have);
    guint32 result = cursor_be32(&in);
    gsize fixed = ptm_layout_size(c->layout->out);
    guint8 rest[STRUCT_MAX] = { 0 };

    if (c->written > 0) {
        if (result == PTM_OK)
            fuse_reply_write(c->request, c->written);
        else
            fuse_reply_err(c->request, EIO);
    } else if (c->layout->code == CMD_GET_CAPABILITY) {
        reply_capability(c, cursor_be32(&in));
    } else if (result != PTM_OK) {
        reply(c->request, c->layout, result, NULL, 0);
    } else if (c->layout->code == CMD_GET_STATEBLOB) {
        keep_state(b, c);
    } else {
        ptm_layout_turn(c->layout->out, b->input + 4, MIN(cursor_left(&in), sizeof(rest)), rest);
        reply(c->request, c->layout, result, rest,
              c->layout->code == CMD_GET_INFO ? MIN(cursor_left(&in), sizeof(rest)) : fixed);
    }
}

/* How long the answer to @c is, as far as what is there tells; more than there is: go on reading. */
static gsize
answer_size(const Bridge *b, const struct call *c)
{
    struct cursor in = cursor_from(b->input, b->have);
    gsize fixed = 4 + ptm_layout_size(c->layout->out);

    if (c->layout->code == CMD_GET_CAPABILITY)
        return 8;
    if (b->have < 4)
        return 4;
    if (cursor_be32(&in) != PTM_OK)
        return b->have;              /* whatever follows a refusal came in the same write */
    if ((c->layout->code != CMD_GET_STATEBLOB && c->layout->code != CMD_GET_INFO) ||
        b->have < fixed)
        return fixed;
    (void)cursor_bytes(&in, fixed - 8);
    return fixed + cursor_be32(&in);
}

static void
send_first(Bridge *b)
{
    const struct call *c = g_queue_peek_head(&b->calls);

    b->have = 0;
    if (c != NULL && !io_write_full(b->ctrl, c->message, c->len, NULL))
        b->quit = TRUE;
}

void
bridge_ctrl_ready(Bridge *b)
{
    struct call *c = g_queue_peek_head(&b->calls);
    ssize_t n = recv(b->ctrl, b->input + b->have, sizeof(b->input) - b->have, MSG_DONTWAIT);
    gsize size;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || c == NULL) {       /* gone, or full and still not enough, or unasked */
        b->quit = TRUE;
        return;
    }
    b->have += (gsize)n;
    size = answer_size(b, c);
    if (b->have < size)
        return;
    if (b->have > size) {
        b->quit = TRUE;
        return;
    }
    finish(b, c);
    explicit_bzero(b->input, b->have);
    g_queue_pop_head(&b->calls);
    call_free(c);
    send_first(b);
}

static void
queue(Bridge *b, struct call *c)
{
    g_queue_push_tail(&b->calls, c);
    if (g_queue_get_length(&b->calls) == 1)
        send_first(b);
}

static struct call *
call_new(fuse_req_t request, const struct ptm_layout *layout, const guint8 *body, gsize len)
{
    struct call *c = g_new0(struct call, 1);
    struct builder out;

    c->request = request;
    c->layout = layout;
    c->len = 4 + len;
    c->message = g_malloc(c->len);
    out = builder_on(c->message, c->len);
    builder_be32(&out, layout->code);
    builder_bytes(&out, body, len);
    return c;
}

static void
get_state(Bridge *b, fuse_req_t request, const struct ptm_layout *layout, const guint8 body[12])
{
    struct call *c = call_new(request, layout, body, 8);
    struct cursor in = cursor_from(body, 12);

    c->flags = cursor_be32(&in);
    c->type = cursor_be32(&in);
    c->offset = cursor_be32(&in);
    /* Later pieces are those of the same state, which has another IV each time it is asked for. */
    if (c->offset > 0 && b->state_len > 0 && b->state_type == c->type) {
        reply_state(b, c);
        call_free(c);
        return;
    }
    c->message = g_realloc(c->message, 16);
    memset(c->message + 12, 0, 4);   /* always the whole */
    c->len = 16;
    queue(b, c);
}

/* @body: flags, type, length, and the first bytes of the state. */
static void
set_state(Bridge *b, fuse_req_t request, const struct ptm_layout *layout, const guint8 *body,
          gsize len)
{
    struct cursor in = cursor_from(body + 8, 4);
    gsize total = cursor_be32(&in), have = MIN(total, len - 12);
    struct builder out;

    if (total > PTM_BLOB_MAX) {
        reply(request, layout, PTM_BAD_PARAMETER, NULL, 0);
        return;
    }
    if (have == total) {
        queue(b, call_new(request, layout, body, 12 + total));
        return;
    }
    out = builder_on(b->incoming, sizeof(b->incoming));
    builder_bytes(&out, body, 12 + have);
    b->incoming_at = 12 + have;
    b->incoming_len = 12 + total;
    b->transfer = TRANSFER_IN;
    reply(request, layout, PTM_OK, NULL, 0);
}

static void
take_request(Bridge *b, fuse_req_t request, const struct ptm_layout *layout, const guint8 *body,
             gsize len)
{
    gsize fixed = ptm_layout_size(layout->in);
    struct cursor in = cursor_from(body, len);
    guint32 data;

    if (layout->code == CMD_GET_STATEBLOB) {
        get_state(b, request, layout, body);
    } else if (layout->code == CMD_SET_STATEBLOB) {
        set_state(b, request, layout, body, len);
    } else if (layout->code == CMD_HASH_DATA) {
        data = cursor_be32(&in);
        if (data > cursor_left(&in))
            reply(request, layout, PTM_BAD_PARAMETER, NULL, 0);
        else
            queue(b, call_new(request, layout, body, fixed + data));
    } else {
        queue(b, call_new(request, layout, body, fixed));
    }
}

void
bridge_ioctl(fuse_req_t request, int cmd, void *arg, struct fuse_file_info *file, unsigned int flags,
         const void *in, size_t in_size, size_t out_size)
{
    Bridge *b = fuse_req_userdata(request);
    const struct ptm_layout *layout = ptm_layout_of_ioctl((unsigned int)cmd);
    guint8 body[STRUCT_MAX] = { 0 };

    (void)arg;
    (void)file;
    if (layout == NULL || (flags & FUSE_IOCTL_COMPAT) != 0) {
        fuse_reply_err(request, ENOTTY);
        return;
    }
    if (in_size > sizeof(body) || out_size < sizeof(guint32) ||
        in_size < ptm_layout_size(layout->in)) {
        fuse_reply_err(request, EINVAL);
        return;
    }
    b->transfer = TRANSFER_NONE;
    if (layout->code == CMD_SET_DATAFD) {
        reply(request, layout, PTM_BAD_ORDINAL, NULL, 0);
        return;
    }
    if (in_size > 0)
        ptm_layout_turn(layout->in, in, in_size, body);
    take_request(b, request, layout, body, in_size);
    explicit_bzero(body, sizeof(body));
}

void
bridge_write_state(Bridge *b, fuse_req_t request, const char *bytes, gsize size)
{
    struct call *c;

    if (size > b->incoming_len - b->incoming_at) {
        b->transfer = TRANSFER_NONE;
        fuse_reply_err(request, EINVAL);
        return;
    }
    memcpy(b->incoming + b->incoming_at, bytes, size);
    b->incoming_at += size;
    if (b->incoming_at < b->incoming_len) {
        fuse_reply_write(request, size);
        return;
    }
    b->transfer = TRANSFER_NONE;
    c = call_new(request, ptm_layout_of_code(CMD_SET_STATEBLOB), b->incoming, b->incoming_len);
    c->written = size;
    explicit_bzero(b->incoming, b->incoming_len);
    queue(b, c);
}

void
bridge_read_state(Bridge *b, fuse_req_t request, gsize size)
{
    gsize piece = MIN(size, b->state_len - b->state_at);

    fuse_reply_buf(request, (const char *)b->state + b->state_at, piece);
    b->state_at += piece;
    if (b->state_at == b->state_len)
        b->transfer = TRANSFER_NONE;
}

void
bridge_ctrl_clear(Bridge *b)
{
    struct call *c;

    while ((c = g_queue_pop_head(&b->calls)) != NULL) {
        fuse_reply_err(c->request, EIO);
        call_free(c);
    }
}
