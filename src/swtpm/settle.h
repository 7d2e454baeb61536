/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * settle - gives back what only the start needed: most of the program text
 * that a swtpm has touched (the dynamic linker, self tests, making a TPM) is
 * never run again, and one instance serves one machine for weeks.
 */
#pragma once

/*
 * Once everything is set up: by the main loop, some seconds later, so that the first commands of
 * a machine that starts do not wait for text. What is needed again comes back from the page cache.
 */
void settle_later(void);
