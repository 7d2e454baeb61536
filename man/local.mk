# SPDX-License-Identifier: BSD-3-Clause
dist_man_MANS += man/cocotpm-state.5
dist_man_MANS += man/cocotpm-driver.8 man/cocotpm-operator.8 man/cocotpm-relay.8
if SNP_EMULATOR
dist_man_MANS += man/cocotpm-snpemu.8
endif
