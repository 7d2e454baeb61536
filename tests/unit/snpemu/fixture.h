/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fixture - chips and launches for the emulator's tests. The authorities are
 * made once a program, outside the tests' forks: RSA keys take seconds.
 */
#pragma once

#include "snpemu/driver.h"
#include "suites.h"

#define FIXTURE_TIMEOUT 300

void fixture_setup(void);

/* A chip that shares the authorities; to be freed. */
struct chip *fixture_chip(const char *product, guint report_version);

/* A running VM whose measurement is 48 bytes of @fill. */
struct launch *fixture_launch(struct chip *chip, guint8 fill);
/* The same with HOST_DATA of 32 bytes and a policy. */
struct launch *fixture_launch_with(struct chip *chip, guint8 fill, guint8 host_fill,
                                   guint64 policy);

/* The chain as PEM, ASK then ARK, and a policy text that trusts it and names nothing else. */
char *fixture_chain(struct chip *chip);
char *fixture_pin(struct chip *chip);
