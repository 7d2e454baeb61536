# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Emulated confidential platforms for shell tests; sourced after lib.sh. A chip's folder is
# $TMP/CHIP, its control socket $TMP/CHIP.ctl, a VM's guest device $TMP/VM.
#
#   chip_start chip                        one emulated processor
#   vm_launch chip tpmvm tpm.img           a VM of it, measured over the files given
#   vm_launch chip cocovm coco.img -- --host-data HEX
#   policy_instance chip coco.img > instance.policy
#   policy_driver chip tpm.img instance.policy > driver.policy
#   … --platform "emulator:$TMP/cocovm"

snpemu=$(ours cocotpm-snpemu) || skip "this build has no emulator"

# Chips of all tests share their authorities: making RSA keys takes seconds.
SNP_PKI=${SNP_PKI:-$BUILD/tests/snp-pki}

# chip_start CHIP [OPTION…]: options are those of cocotpm-snpemu(8).
chip_start()
{
    local chip=$1

    shift
    mkdir -p "$SNP_PKI"
    start "$chip" "$snpemu" --socket "$TMP/$chip.ctl" --state "$TMP/$chip" --pki "$SNP_PKI" "$@"
    wait_socket "$chip" "$TMP/$chip.ctl"
}

# chip_do CHIP COMMAND [OPTION…]: a command of cocotpm-snpemu(8).
chip_do()
{
    local chip=$1 command=$2

    shift 2
    "$snpemu" "$command" --socket "$TMP/$chip.ctl" "$@"
}

# vm_launch CHIP VM IMAGE… [-- OPTION…]: starts a VM; an older one of the name is gone.
vm_launch()
{
    local chip=$1 vm=$2 images=()

    shift 2
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        images+=(--measurement-of "$1")
        shift
    done
    [ $# = 0 ] || shift
    chip_do "$chip" launch --guest "$TMP/$vm" "${images[@]}" "$@" > /dev/null
}

# vm_measurement IMAGE…: the launch digest of vm_launch over the same files.
vm_measurement()
{
    local images=() image

    for image in "$@"; do
        images+=(--measurement-of "$image")
    done
    "$snpemu" measure "${images[@]}"
}

# chip_root CHIP: its root of trust, as it is written into a policy.
chip_root()
{
    echo "file:$TMP/$1/chain.pem sha256:$(cat "$TMP/$1/pin")"
}

# policy_write GROUP.KEY=VALUE…: a policy file; a later value takes the place of an earlier
# one of the same key, an empty one takes the key out.
policy_write()
{
    printf '%s\n' "$@" | awk '
        {
            name = substr($0, 1, index($0, "=") - 1)
            value = substr($0, index($0, "=") + 1)
            group = substr(name, 1, index(name, ".") - 1)
            if (!(name in values)) names[++count] = name
            if (!(group in seen)) { seen[group] = 1; groups[++group_count] = group }
            values[name] = value
        }
        END {
            for (g = 1; g <= group_count; g++) {
                printf "[%s]\n", groups[g]
                for (n = 1; n <= count; n++) {
                    dot = index(names[n], ".")
                    if (substr(names[n], 1, dot - 1) == groups[g] && values[names[n]] != "")
                        printf "%s = %s\n", substr(names[n], dot + 1), values[names[n]]
                }
            }
        }'
}

# policy_instance CHIP COCOVM-IMAGE [GROUP.KEY=VALUE…]: what the TPM demands of its CoCoVM.
policy_instance()
{
    local chip=$1 image=$2

    shift 2
    policy_write "trust.roots=$(chip_root "$chip")" \
        "cocovm.measurement=$(vm_measurement "$image")" "cocovm.burns-evidence=no" \
        "link.psk=bootstrap" "seal.bind=measurement" "freshness.kind=receipt" "$@"
}

# policy_driver CHIP TPM-IMAGE INSTANCE-POLICY [GROUP.KEY=VALUE…]: what the CoCoVM demands.
policy_driver()
{
    local chip=$1 image=$2 instance=$3

    shift 3
    policy_write "trust.roots=$(chip_root "$chip")" \
        "cocotpm.measurement=$(vm_measurement "$image")" \
        "cocotpm.policy-digest=$(sha256sum < "$instance" | cut -d' ' -f1)" \
        "link.psk=bootstrap" "$@"
}

# image VM BYTES: a file to be measured in place of firmware, kernel and initrd.
image()
{
    printf '%s' "$2" > "$TMP/$1.img"
}

# openssl_config OBJECT: for OPENSSL_CONF, by which libcrypto loads that object.
openssl_config()
{
    cat << END
openssl_conf = first
[first]
providers = list
[list]
foreign = section
[section]
module = $1
activate = 1
END
}
