/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "swtpm/pcap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/builder.h"
#include "base/error.h"
#include "base/io.h"
#include "swtpm/dispatch.h"

/* draft-ietf-opsawg-pcapng, sections 4.1 to 4.3 */
#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINKTYPE_ETHERNET 1
#define PACKET_OVERHEAD 32           /* of a packet block */

#define ETHERNET_SIZE 14
#define IP_SIZE 20
#define TCP_SIZE 20
#define HEADERS_SIZE (ETHERNET_SIZE + IP_SIZE + TCP_SIZE)
#define PAYLOAD_MAX (2 * DISPATCH_MESSAGE_MAX)
#define BLOCK_MAX (PACKET_OVERHEAD + HEADERS_SIZE + PAYLOAD_MAX + 3)

#define LOOPBACK 0x7f000001u
#define PORT_TPM 2321                /* by which Wireshark knows the protocol */
#define PORT_CLIENT 65432
#define WINDOW 0xffff

#define TCP_FIN 0x01u
#define TCP_SYN 0x02u
#define TCP_PSH 0x08u
#define TCP_ACK 0x10u

struct Pcap {
    int fd;
    gboolean checksums;
    guint32 sequence[2];     /* of the client, of the TPM */
    guint8 block[BLOCK_MAX];
};

/* RFC 1071; @sum carries what was summed before. */
static guint32
sum_of(guint32 sum, const guint8 *bytes, gsize len)
{
    for (gsize i = 0; i < len; i++)
        sum += i % 2 == 0 ? (guint32)bytes[i] << 8 : bytes[i];
    return sum;
}

static guint16
folded(guint32 sum)
{
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (guint16)~sum;
}

/* @at is where the Ethernet header begins; addresses, protocol and length make the pseudo header. */
static void
put_checksums(Pcap *p, struct builder *out, gsize at, gsize len)
{
    const guint8 *ip = p->block + at + ETHERNET_SIZE;
    const guint8 *tcp = ip + IP_SIZE;
    guint32 pseudo = sum_of(6 + (guint32)(TCP_SIZE + len), ip + 12, 8);

    builder_be16_at(out, at + ETHERNET_SIZE + 10, folded(sum_of(0, ip, IP_SIZE)));
    builder_be16_at(out, at + ETHERNET_SIZE + IP_SIZE + 16,
                    folded(sum_of(pseudo, tcp, TCP_SIZE + len)));
}

static void
put_headers(Pcap *p, struct builder *out, gboolean answer, guint8 flags, gsize len)
{
    builder_zero(out, 12);                 /* both addresses, as on a loopback device */
    builder_be16(out, 0x0800);

    builder_be16(out, 0x4500);
    builder_be16(out, (guint16)(IP_SIZE + TCP_SIZE + len));
    builder_be32(out, 0x00004000);         /* do not fragment */
    builder_be16(out, 0x4006);             /* TTL 64, TCP */
    builder_be16(out, 0);
    builder_be32(out, LOOPBACK);
    builder_be32(out, LOOPBACK);

    builder_be16(out, answer ? PORT_TPM : PORT_CLIENT);
    builder_be16(out, answer ? PORT_CLIENT : PORT_TPM);
    builder_be32(out, p->sequence[answer ? 1 : 0]);
    builder_be32(out, (flags & TCP_ACK) != 0 ? p->sequence[answer ? 0 : 1] : 0);
    builder_u8(out, TCP_SIZE / 4 << 4);
    builder_u8(out, flags);
    builder_be16(out, WINDOW);
    builder_be32(out, 0);                  /* checksum, urgent pointer */
}

static gboolean
write_packet(Pcap *p, gboolean answer, guint8 flags, const guint8 *bytes, gsize len, GError **error)
{
    struct builder out = builder_on(p->block, sizeof(p->block));
    gsize packet = HEADERS_SIZE + len, padding = (4 - packet % 4) % 4;
    guint32 total = (guint32)(PACKET_OVERHEAD + packet + padding);
    guint64 now = (guint64)g_get_real_time();
    gsize at;

    builder_le32(&out, BLOCK_PACKET);
    builder_le32(&out, total);
    builder_le32(&out, 0);                 /* the one interface */
    builder_le32(&out, (guint32)(now >> 32));
    builder_le32(&out, (guint32)now);
    builder_le32(&out, (guint32)packet);
    builder_le32(&out, (guint32)packet);
    at = builder_len(&out);
    put_headers(p, &out, answer, flags, len);
    builder_bytes(&out, bytes, len);
    if (p->checksums)
        put_checksums(p, &out, at, len);
    builder_zero(&out, padding);
    builder_le32(&out, total);
    if (out.failed)
        return error_malformed(error, "a message of %zu bytes is too long to capture", len);
    /* SYN and FIN count as a byte. */
    p->sequence[answer ? 1 : 0] += (guint32)len + ((flags & (TCP_SYN | TCP_FIN)) != 0 ? 1 : 0);
    return io_write_full(p->fd, p->block, builder_len(&out), error);
}

static gboolean
write_start(Pcap *p, GError **error)
{
    struct builder out = builder_on(p->block, sizeof(p->block));

    builder_le32(&out, BLOCK_SECTION);
    builder_le32(&out, 28);
    builder_le32(&out, BYTE_ORDER_MAGIC);
    builder_le32(&out, 1);                 /* version 1.0 */
    builder_le64(&out, G_MAXUINT64);       /* the section's length is not told */
    builder_le32(&out, 28);
    builder_le32(&out, BLOCK_INTERFACE);
    builder_le32(&out, 20);
    builder_le32(&out, LINKTYPE_ETHERNET);
    builder_le32(&out, 0);                 /* packets are whole */
    builder_le32(&out, 20);
    return io_write_full(p->fd, p->block, builder_len(&out), error) &&
           write_packet(p, FALSE, TCP_SYN, NULL, 0, error) &&
           write_packet(p, TRUE, TCP_SYN | TCP_ACK, NULL, 0, error) &&
           write_packet(p, FALSE, TCP_ACK, NULL, 0, error);
}

/* A file that is there already gets a further section, unless it is to be emptied. */
static int
open_file(const struct pcap_options *o, GError **error)
{
    int fd = open(o->file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC |
                               (o->truncate ? O_TRUNC : 0), o->mode);

    if (fd < 0 || fchmod(fd, o->mode) != 0) {
        error_errno(error, errno, "Could not open the capture file %s", o->file);
        io_close(&fd);
    }
    return fd;
}

Pcap *
pcap_open(const struct pcap_options *options, GError **error)
{
    g_autoptr(Pcap) p = g_new0(Pcap, 1);

    p->checksums = options->checksums;
    p->fd = options->fd >= 0 ? options->fd : open_file(options, error);
    if (p->fd < 0 || !write_start(p, error)) {
        io_close(&p->fd);
        return NULL;
    }
    return g_steal_pointer(&p);
}

void
pcap_close(Pcap *p)
{
    if (p == NULL)
        return;
    /* Nobody is left who could do something about an error. */
    (void)(p->fd >= 0 && write_packet(p, FALSE, TCP_FIN | TCP_ACK, NULL, 0, NULL) &&
           write_packet(p, TRUE, TCP_FIN | TCP_ACK, NULL, 0, NULL) &&
           write_packet(p, FALSE, TCP_ACK, NULL, 0, NULL));
    io_close(&p->fd);
    g_free(p);
}

gboolean
pcap_message(Pcap *p, gboolean answer, const guint8 *bytes, gsize len, GError **error)
{
    return write_packet(p, answer, TCP_PSH | TCP_ACK, bytes, len, error);
}
