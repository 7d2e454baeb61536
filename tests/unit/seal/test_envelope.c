/* SPDX-License-Identifier: BSD-3-Clause */
/* test_envelope - every byte and every length of a sealed file matters. */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "cocotransport/keys/crypto.h"
#include "cocotransport/seal/envelope.h"
#include "cocotransport/seal/kek.h"
#include "suites.h"

Suite *envelope_suite(void);

struct sealed {
    Secret *chip, *owner, *recovery, *body;
    struct sealed_header header;
    GBytes *file;
};

static struct sealed
sealed(gboolean owner, gboolean recovery)
{
    struct sealed s = {
        .chip = secret_copy("chip-key-chip-key-chip-key-chip-", 32),
        .owner = owner ? secret_copy("owner-secret-owner-secret-owner-", 32) : NULL,
        .recovery = recovery ? secret_copy("recovery-recovery-recovery-recov", 32) : NULL,
        .body = secret_copy("the body of a sealed state", 26),
        .header = { .key = { 1, 0, 1, 0, 0, 0x2b, 0, 0x47 }, .uuid = { 1, 2 },
                    .policy_digest = { 3 }, .epoch = 5, .generation = 6, .previous = { 7 } },
    };
    const struct seal_keys keys = { s.chip, s.owner, s.recovery };

    s.file = envelope_write(&s.header, &keys, s.body, NULL);
    ck_assert_ptr_nonnull(s.file);
    return s;
}

static void
sealed_clear(struct sealed *s)
{
    secret_free(s->chip);
    secret_free(s->owner);
    secret_free(s->recovery);
    secret_free(s->body);
    g_bytes_unref(s->file);
}

static gboolean
opens(const struct sealed *s, const void *file, size_t len, const struct seal_keys *keys)
{
    struct sealed_header h = { .size = 0xffff };
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) body = envelope_open(file, len, keys, &h, &error);

    ck_assert((body == NULL) == (error != NULL));
    if (body == NULL)
        ck_assert_uint_eq(h.size, 0xffff);
    else
        ck_assert(secret_equal(body, s->body));
    return body != NULL;
}

START_TEST(each_slot_opens_by_its_key)
{
    for (guint with = 0; with < 4; with++) {
        struct sealed s = sealed(with & 1, with & 2);
        const gsize len = g_bytes_get_size(s.file);
        const void *file = g_bytes_get_data(s.file, NULL);

        ck_assert(opens(&s, file, len, &(struct seal_keys){ s.chip, s.owner, NULL }));
        ck_assert(!opens(&s, file, len, &(struct seal_keys){ s.body, s.owner, NULL }));
        if (with & 1) {
            ck_assert(!opens(&s, file, len, &(struct seal_keys){ s.chip, NULL, NULL }));
            ck_assert(!opens(&s, file, len, &(struct seal_keys){ s.chip, s.chip, NULL }));
        }
        if (with & 2) {
            ck_assert(opens(&s, file, len, &(struct seal_keys){ NULL, NULL, s.recovery }));
            ck_assert(!opens(&s, file, len, &(struct seal_keys){ NULL, NULL, s.chip }));
        } else {
            ck_assert(!opens(&s, file, len, &(struct seal_keys){ NULL, NULL, s.chip }));
        }
        sealed_clear(&s);
    }
}
END_TEST

/* The recovery slot's bytes are under the body's tag as well, though this does not open by it. */
START_TEST(no_bit_may_change)
{
    struct sealed s = sealed(_i == 1, TRUE);
    gsize len;
    const guint8 *file = g_bytes_get_data(s.file, &len);
    g_autofree guint8 *copy = g_memdup2(file, len);

    for (gsize i = 0; i < len; i++) {
        for (guint bit = 0; bit < 8; bit++) {
            copy[i] = (guint8)(file[i] ^ (1u << bit));
            ck_assert_msg(!opens(&s, copy, len, &(struct seal_keys){ s.chip, s.owner, NULL }),
                          "byte %zu", i);
        }
        ck_assert(!opens(&s, copy, len, &(struct seal_keys){ NULL, NULL, s.recovery }));
        copy[i] = file[i];
    }
    sealed_clear(&s);
}
END_TEST

START_TEST(no_length_but_the_whole)
{
    struct sealed s = sealed(FALSE, TRUE);
    gsize len;
    const guint8 *file = g_bytes_get_data(s.file, &len);
    g_autofree guint8 *longer = g_malloc0(len + 1);
    const struct seal_keys keys = { s.chip, NULL, NULL };

    for (gsize cut = 0; cut < len; cut++)
        ck_assert(!opens(&s, file, cut, &keys));
    memcpy(longer, file, len);
    ck_assert(!opens(&s, longer, len + 1, &keys));
    ck_assert(opens(&s, longer, len, &keys));
    sealed_clear(&s);
}
END_TEST

START_TEST(no_two_writes_are_alike)
{
    struct sealed a = sealed(FALSE, TRUE), b = sealed(FALSE, TRUE);
    const guint8 *x = g_bytes_get_data(a.file, NULL), *y = g_bytes_get_data(b.file, NULL);
    guint8 chain_a[32], chain_b[32];

    ck_assert_mem_eq(x, y, SEALED_HEADER_FIXED);
    ck_assert_mem_ne(x + SEALED_HEADER_FIXED, y + SEALED_HEADER_FIXED, SEALED_SLOT_SIZE);
    ck_assert_mem_ne(x + SEALED_HEADER_FIXED + 2 * SEALED_SLOT_SIZE,
                     y + SEALED_HEADER_FIXED + 2 * SEALED_SLOT_SIZE, 26);
    ck_assert(envelope_chain(x, g_bytes_get_size(a.file), chain_a, NULL));
    ck_assert(envelope_chain(y, g_bytes_get_size(b.file), chain_b, NULL));
    ck_assert_mem_ne(chain_a, chain_b, 32);
    sealed_clear(&a);
    sealed_clear(&b);
}
END_TEST

/* An attacker who knows nothing of one generation but has another of the same instance. */
START_TEST(nothing_can_be_moved_between_files)
{
    struct sealed a = sealed(FALSE, TRUE), b = sealed(FALSE, TRUE);
    gsize len;
    const guint8 *x = g_bytes_get_data(a.file, &len), *y = g_bytes_get_data(b.file, NULL);
    const struct seal_keys keys = { a.chip, NULL, NULL };
    const gsize header = SEALED_HEADER_FIXED + 2 * SEALED_SLOT_SIZE;
    g_autofree guint8 *mixed = g_memdup2(x, len);

    memcpy(mixed + header, y + header, len - header);
    ck_assert(!opens(&a, mixed, len, &keys));
    memcpy(mixed, x, len);
    memcpy(mixed + SEALED_HEADER_FIXED, y + SEALED_HEADER_FIXED, SEALED_SLOT_SIZE);
    ck_assert(!opens(&a, mixed, len, &keys));
    memcpy(mixed, x, len);
    memcpy(mixed + SEALED_HEADER_FIXED + SEALED_SLOT_SIZE,
           y + SEALED_HEADER_FIXED + SEALED_SLOT_SIZE, SEALED_SLOT_SIZE);
    ck_assert(!opens(&a, mixed, len, &keys));
    sealed_clear(&a);
    sealed_clear(&b);
}
END_TEST

/* Each input of a KEK, changed alone, changes it. */
START_TEST(every_input_enters_the_kek)
{
    g_autoptr(Secret) chip = secret_copy("chip-key-chip-key-chip-key-chip-", 32);
    const struct sealed_header h = { .key = { 1, 0, 1, 0, 0, 0x2b, 0, 0x47 }, .generation = 6 };
    const struct seal_slot slot = { .type = SEAL_SLOT_CHIP };
    g_autoptr(Secret) kek = kek_derive(&h, &slot, chip, NULL, NULL);

    for (guint what = 0; what < 12; what++) {
        struct sealed_header other = h;
        struct seal_slot other_slot = slot;
        const Secret *owner = NULL;
        g_autoptr(Secret) changed = NULL;

        switch (what) {
        case 0: other.key.source++; break;
        case 1: other.key.root++; break;
        case 2: other.key.key_sel++; break;
        case 3: other.key.vmpl++; break;
        case 4: other.key.vmpck++; break;
        case 5: other.key.fields++; break;
        case 6: other.key.svn++; break;
        case 7: other.key.tcb++; break;
        case 8: other.generation++; break;
        case 9: other.uuid[15]++; break;
        case 10: other_slot.random[15]++; break;
        default: owner = chip; break;
        }
        changed = kek_derive(&other, &other_slot, chip, owner, NULL);
        ck_assert_msg(!secret_equal(kek, changed), "input %u", what);
    }
}
END_TEST

static const struct {
    const char *what;
    gsize at;
    guint8 value;
} bad_headers[] = {
    { "another magic", 0, 'X' },
    { "a version to come", 9, 2 },
    { "a size of its own", 11, 1 },
    { "no slot", SEALED_HEADER_FIXED - 1, 0 },
    { "three slots", SEALED_HEADER_FIXED - 1, 3 },
    { "an unknown slot", SEALED_HEADER_FIXED, 4 },
    { "a slot twice", SEALED_HEADER_FIXED + SEALED_SLOT_SIZE, 1 },
    { "slots out of order", SEALED_HEADER_FIXED, 3 },
    { "two chip slots", SEALED_HEADER_FIXED + SEALED_SLOT_SIZE, 3 },
    { "a slot's length", SEALED_HEADER_FIXED + 2, 63 },
};

START_TEST(headers_are_judged)
{
    struct sealed s = sealed(FALSE, TRUE);
    gsize len;
    const guint8 *file = g_bytes_get_data(s.file, &len);
    g_autofree guint8 *copy = g_memdup2(file, len);
    struct cursor in = cursor_from(copy, len);
    struct sealed_header h = { .size = 0xffff };
    g_autoptr(GError) error = NULL;

    copy[bad_headers[_i].at] = bad_headers[_i].value;
    ck_assert_msg(!sealed_header_parse(&in, &h, &error), "%s", bad_headers[_i].what);
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED));
    ck_assert_uint_eq(h.size, 0xffff);
    sealed_clear(&s);
}
END_TEST

Suite *
envelope_suite(void)
{
    Suite *suite = suite_create("envelope");
    TCase *tc = tcase_create("envelope");

    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, each_slot_opens_by_its_key);
    tcase_add_loop_test(tc, no_bit_may_change, 0, 2);
    tcase_add_test(tc, no_length_but_the_whole);
    tcase_add_test(tc, no_two_writes_are_alike);
    tcase_add_test(tc, nothing_can_be_moved_between_files);
    tcase_add_test(tc, every_input_enters_the_kek);
    tcase_add_loop_test(tc, headers_are_judged, 0, G_N_ELEMENTS(bad_headers));
    suite_add_tcase(suite, tc);
    return suite;
}
