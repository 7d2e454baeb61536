/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * settle - gives back what only the start needed: most of the program text
 * that a swtpm has touched (the dynamic linker, self tests, making a TPM) is
 * never run again, and one instance serves one machine for weeks.
 */
#pragma once

/* Once everything is set up. What is needed again comes back from the page cache. */
void settle(void);
