# SPDX-License-Identifier: BSD-3-Clause
# What comes as evidence, and who it is held against (src/cocotransport/attest, src/cocotpm).

FUZZ_ATTEST = $(FUZZ_LIBS) $(ATTEST_LIBS)
FUZZ_BUNDLE = $(FUZZ_LIBS) $(BUNDLE_LIBS)

check_PROGRAMS += \
	tests/fuzz/fuzz_report \
	tests/fuzz/fuzz_certtable \
	tests/fuzz/fuzz_vek \
	tests/fuzz/fuzz_tdx \
	tests/fuzz/fuzz_collateral \
	tests/fuzz/fuzz_hcl \
	tests/fuzz/fuzz_policy \
	tests/fuzz/fuzz_bundle
tests_fuzz_fuzz_report_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_report_LDADD = $(FUZZ_ATTEST)
tests_fuzz_fuzz_certtable_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_certtable_LDADD = $(FUZZ_ATTEST)
tests_fuzz_fuzz_vek_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_vek_LDADD = $(FUZZ_ATTEST)
tests_fuzz_fuzz_tdx_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_tdx_LDADD = $(FUZZ_ATTEST)
tests_fuzz_fuzz_hcl_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_hcl_LDADD = $(FUZZ_BUNDLE)
tests_fuzz_fuzz_policy_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_policy_LDADD = $(FUZZ_ATTEST)
tests_fuzz_fuzz_bundle_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS) $(TSS_CFLAGS)
tests_fuzz_fuzz_bundle_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_bundle_LDADD = $(FUZZ_BUNDLE)
tests_fuzz_fuzz_collateral_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_collateral_LDADD = $(FUZZ_BUNDLE)
