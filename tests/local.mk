# SPDX-License-Identifier: BSD-3-Clause
include tests/unit/local.mk
include tests/unit/base/local.mk
include tests/unit/wire/local.mk
include tests/unit/link/local.mk
include tests/unit/keys/local.mk
include tests/unit/attest/local.mk
include tests/unit/attest_provider/local.mk
include tests/unit/session/local.mk
include tests/unit/seal/local.mk
include tests/unit/swtpm/local.mk
include tests/unit/control/local.mk
include tests/unit/store/local.mk
include tests/unit/setup/local.mk
include tests/unit/snpemu/local.mk
include tests/unit/cocotpm/local.mk
include tests/fault/local.mk
include tests/helpers/local.mk
include tests/tools/local.mk
include tests/fuzz/local.mk
include tests/fuzz/session.mk
include tests/fuzz/attest.mk
include tests/fuzz/seal.mk
include tests/bench/local.mk
include tests/bench/verify.mk
include tests/bench/session.mk

# What tests/run leaves behind: logs, and the authorities of emulated chips.
clean-local:
	rm -rf tests/log tests/snp-pki
	find src tests -name '*.d' -type f -exec rm -f {} +
