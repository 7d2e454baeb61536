# SPDX-License-Identifier: BSD-3-Clause
# The platforms, apart from what judges their evidence.
libattest_a_SOURCES += \
	src/cocotransport/attest/certtable.c \
	src/cocotransport/attest/certtable.h \
	src/cocotransport/attest/provider.c \
	src/cocotransport/attest/provider_ops.h \
	src/cocotransport/attest/provider_sev.c \
	src/cocotransport/attest/provider_sev_guest.c \
	src/cocotransport/attest/provider_tsm.c \
	src/cocotransport/attest/snpdev.c \
	src/cocotransport/attest/snpdev.h
if SNP_EMULATOR
libattest_a_SOURCES += \
	src/cocotransport/attest/emulator_wire.c \
	src/cocotransport/attest/emulator_wire.h \
	src/cocotransport/attest/provider_emulator.c
endif
