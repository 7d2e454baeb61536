/* SPDX-License-Identifier: BSD-3-Clause */
/* vectors - files of ../shared/vectors and evidence made of them, for the tests of attest/. */
#pragma once

#include "cocotransport/attest/verify.h"

/* The file's bytes; NULL (and a word) where the vectors are missing. */
GBytes *vector_load(const char *name);

/* Evidence of a report and a certificate file; FALSE where the vectors are missing. */
gboolean vector_evidence(const char *report, const char *vek, struct evidence *ret);

/* A policy of nobody, with AMD's three roots, or the roots of the test PKI in synthetic/. */
struct policy *vector_policy(gboolean synthetic);

/* One check's result in a verdict; CHECK_SKIPPED when it has none of that name. */
enum check_result vector_result(const struct verdict *v, const char *name);
