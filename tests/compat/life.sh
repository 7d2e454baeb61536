#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: startup kinds, localities, D-RTM, resumption, wrong order and buffers are as Debian's swtpm has them
# slow: yes
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

theirs=/usr/bin/swtpm
need $theirs /usr/bin/swtpm_ioctl socat
mine=$(ours swtpm)
cd "$TMP"

# What a scenario is played on: $program, $version (2 or 12), and a folder that stays.
serve()
{
    local options=(--tpmstate dir="$TMP/state" --server type=unixio,path="$TMP/s"
        --ctrl type=unixio,path="$TMP/c")

    [ "$version" = 12 ] || options+=(--tpm2)
    start tpm "$program" socket "${options[@]}" "$@"
    wait_socket tpm "$TMP/c"
}

# refused OPTION…: it ends by itself; with which status.
refused()
{
    local options=(--tpmstate dir="$TMP/state" --server type=unixio,path="$TMP/s") status=0

    [ "$version" = 12 ] || options+=(--tpm2)
    timeout "$PATIENCE" "$program" socket "${options[@]}" "$@" > out 2>&1 < /dev/null || status=$?
    echo "refused $*: $status"
}

ask()
{
    echo "$1: $(unhex <<< "$2" | timeout 60 socat -t 60 - "UNIX-CONNECT:$TMP/s" | hex)"
}

# The first ten bytes say it all.
head_of()
{
    ask "$@" | cut -c "1-$((${#1} + 22))"
}

control()
{
    local status=0

    echo "control $*"
    /usr/bin/swtpm_ioctl --unix "$TMP/c" "$@" 2>&1 || status=$?
    echo " status $status"
}

end()
{
    local status=0

    /usr/bin/swtpm_ioctl --unix "$TMP/c" -s || true
    wait_end tpm || status=$?
    echo "ended with $status"
}

ones=$(printf '11%.0s' {1..20})
startup()
{
    if [ "$version" = 2 ]; then
        head_of "startup $1" "8001 0000000c 00000144 000$1"
    else
        head_of "startup $1" "00c1 0000000c 00000099 000$((1 + $1))"
    fi
}
random()
{
    if [ "$version" = 2 ]; then
        head_of random "8001 0000000c 0000017b 0004"
    else
        head_of random "00c1 0000000e 00000046 00000004"
    fi
}
pcr()
{
    local mask=(000001 000002 000004)

    # How often PCRs were changed goes on over a restart only where there was a TPM2_Shutdown.
    if [ "$version" = 2 ]; then
        ask "pcr $1" "8001 00000014 0000017e 00000001 0004 03 ${mask[$1 - 16]}" |
            sed -E 's/^(pcr .*: .{20}).{8}/\1/'
    else
        ask "pcr $1" "00c1 0000000e 00000015 $(printf %08x "$1")"
    fi
}
extend()
{
    if [ "$version" = 2 ]; then
        head_of extend "8002 00000035 00000182 $(printf %08x "$1") 00000009 40000009 0000 00 0000
            00000001 0004 $ones"
    else
        head_of extend "00c1 00000022 00000014 $(printf %08x "$1") $ones"
    fi
}

kinds()
{
    local flags

    for flags in not-need-init startup-none startup-clear not-need-init,startup-clear; do
        serve --flags "$flags"
        echo "--flags $flags"
        random
        control -e
        startup 0
        random
        end
    done
    # What was saved by the client itself is there for startup-state.
    serve --flags startup-clear
    extend 16
    extend 0
    if [ "$version" = 2 ]; then
        head_of shutdown "8001 0000000c 00000145 0001"
    else
        head_of save "00c1 0000000a 00000098"
    fi
    end
    serve --flags startup-state
    echo "--flags startup-state"
    pcr 16
    startup 0
    random
    end
    [ "$version" = 2 ] || {
        serve --flags startup-deactivated
        echo "--flags startup-deactivated"
        random
        startup 0
        end
    }
    refused --flags startup-nonsense
}

# A TPM that was stored goes on, once; -i then deletes what was stored.
resumption()
{
    serve
    control -i
    startup 0
    extend 16
    pcr 16
    control -v
    control -s > /dev/null
    wait_end tpm || true
    find state -name '*volatile*' -printf '%f\n'
    serve
    control -i
    pcr 16
    extend 16
    find state -name '*volatile*' -printf '%f\n'
    control -v
    control --stop
    random
    control -i
    pcr 16
    control -i
    head_of "not started" "8001 0000000c 0000017b 0004"
    end
}

localities()
{
    local n

    for locality in allow-set-locality reject-locality-4; do
        serve --flags startup-clear --locality "$locality"
        echo "--locality $locality"
        for n in 1 4 5; do
            control -l $n
        done
        control -l 0
        extend 17
        control -l 2
        extend 18
        pcr 18
        control -r 2
        control -e
        control -h some-words
        control -e
        control -l 3
        control -r 3
        control -e
        pcr 17
        end
    done
}

order()
{
    serve
    for words in -e "-r 3" -v -C "-h x" "-l 3" --stop "--save volatile out" "--save savestate out" \
        "-b 10" "-b 3500" "-b 100000" "-b 0" -g; do
        # shellcheck disable=SC2086
        control $words
    done
    random
    control -i
    control -b 3500
    control -b 0
    control --load permanent /dev/null
    startup 0
    startup 1
    control --save savestate out
    control -C
    head_of "no command" "8001 0000000a 0000ffff"
    head_of "short" "8001 00000009 0000"
    head_of "no TPM 2, no TPM 1.2" "1234 0000000a 00000144"
    end
}

# TPM 2_CAP of the bit for LOCK_STORAGE is not asked for here: compat/ioctl has it.
for version in 2 12; do
    for scenario in kinds resumption localities order; do
        for program in "$theirs" "$mine"; do
            rm -rf state
            mkdir state
            $scenario > "$scenario.$([ "$program" = "$theirs" ] && echo theirs || echo ours)" 2>&1 ||
                { cat "$scenario".*; fail "$scenario, TPM $version, $program"; }
        done
        [ -s "$scenario.ours" ] && diff "$scenario.theirs" "$scenario.ours" ||
            fail "$scenario, TPM $version: other than Debian's"
    done
done
