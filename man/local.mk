# SPDX-License-Identifier: BSD-3-Clause
dist_man_MANS += man/cocotpm-state.5
dist_man_MANS += man/cocotpm-driver.8 man/cocotpm-operator.8 man/cocotpm-relay.8
if SNP_EMULATOR
dist_man_MANS += man/cocotpm-snpemu.8
endif
dist_man_MANS += man/swtpm-create-tpmca.8
dist_man_MANS += man/swtpm_setup.8 man/swtpm_setup.conf.5 man/swtpm_cert.8 man/swtpm_localca.8 \
	man/swtpm-localca.conf.5 man/swtpm-localca.options.5
dist_man_MANS += man/swtpm.8 man/swtpm_bios.8 man/swtpm_ioctl.8 man/swtpm_ioctls.3
dist_man_MANS += man/cocotransport.7 man/tss2-tcti-cocotpm.7
