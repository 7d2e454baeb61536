/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fault - a table of kinds; what they do to a page stands below it.
 */
#include "snpemu/fault.h"

#include "base/error.h"

#include <string.h>

#define VMPCK_AT 0x3c
#define FAULTS_MAX 64

static const struct {
    const char *name;
    gboolean value;                  /* is needed */
    guint max;
} kinds[FAULT_KINDS] = {
    [FAULT_DROP] = { "drop", FALSE, 0 },
    [FAULT_REPLAY] = { "replay", FALSE, 0 },
    [FAULT_REFLECT] = { "reflect", FALSE, 0 },
    [FAULT_FLIP] = { "flip", TRUE, GUEST_PAGE - 1 },
    [FAULT_FLIP_REQUEST] = { "flip-request", TRUE, GUEST_PAGE - 1 },
    [FAULT_TRUNCATE] = { "truncate", TRUE, GUEST_PAGE - 1 },
    [FAULT_VMPCK] = { "vmpck", TRUE, 3 },
    [FAULT_BUSY] = { "busy", FALSE, 0 },
    [FAULT_HOST_ERROR] = { "host-error", TRUE, 0xffff },
};

struct faults *
faults_new(void)
{
    struct faults *f = g_new0(struct faults, 1);

    f->list = g_array_new(FALSE, TRUE, sizeof(struct fault));
    return f;
}

void
faults_free(struct faults *f)
{
    if (f == NULL)
        return;
    g_array_unref(f->list);
    g_free(f);
}

static gboolean
number_parse(const char *text, guint max, guint *ret, GError **error)
{
    const gboolean hex = g_str_has_prefix(text, "0x");
    guint64 n = 0;

    if (!g_ascii_string_to_unsigned(hex ? text + 2 : text, hex ? 16 : 10, 0, max, &n, error))
        return FALSE;
    *ret = (guint)n;
    return TRUE;
}

gboolean
faults_add(struct faults *f, const char *text, GError **error)
{
    g_auto(GStrv) at = g_strsplit(text, "@", 2);
    g_auto(GStrv) value = g_strsplit(at[0] ? at[0] : "", ":", 2);
    struct fault fault = { 0 };

    for (int kind = FAULT_DROP; kind < FAULT_KINDS && value[0] != NULL; kind++)
        if (strcmp(value[0], kinds[kind].name) == 0)
            fault.kind = (enum fault_kind)kind;
    if (fault.kind == FAULT_NONE || kinds[fault.kind].value != (value[1] != NULL))
        return error_malformed(error, "%s: no such fault", text);
    if (f->list->len >= FAULTS_MAX)
        return error_malformed(error, "more than %d faults", FAULTS_MAX);
    if (value[1] != NULL && !number_parse(value[1], kinds[fault.kind].max, &fault.value, error))
        return FALSE;
    if (at[1] != NULL) {
        if (!number_parse(at[1], G_MAXINT16, &fault.at, error))
            return FALSE;
        fault.at += f->requests;
    }
    g_array_append_val(f->list, fault);
    return TRUE;
}

const struct fault *
faults_next(struct faults *f)
{
    f->requests++;
    for (guint i = 0; i < f->list->len; i++) {
        const struct fault *fault = &g_array_index(f->list, struct fault, i);

        if (fault->at == 0 || fault->at == f->requests)
            return fault;
    }
    return NULL;
}

void
fault_request(const struct fault *fault, uint8_t page[static GUEST_PAGE])
{
    if (fault == NULL)
        return;
    if (fault->kind == FAULT_FLIP_REQUEST)
        page[fault->value] ^= 1;
    if (fault->kind == FAULT_VMPCK)
        page[VMPCK_AT] = (uint8_t)fault->value;
}

void
fault_answer(struct faults *f, const struct fault *fault, const uint8_t request[static GUEST_PAGE],
             uint8_t page[static GUEST_PAGE])
{
    uint8_t genuine[GUEST_PAGE];

    memcpy(genuine, page, GUEST_PAGE);
    switch (fault ? fault->kind : FAULT_NONE) {
    case FAULT_REPLAY:
        memcpy(page, f->last, GUEST_PAGE);
        break;
    case FAULT_REFLECT:
        memcpy(page, request, GUEST_PAGE);
        break;
    case FAULT_FLIP:
        page[fault->value] ^= 1;
        break;
    case FAULT_TRUNCATE:
        memset(page + fault->value, 0, GUEST_PAGE - fault->value);
        break;
    default:
        break;
    }
    memcpy(f->last, genuine, GUEST_PAGE);
}
