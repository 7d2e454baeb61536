#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: the house rules that a search can check (HACKING, "What CI refuses")
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

export LC_ALL=C.UTF-8        # a column is a character
cd "$SRC"
wrong=0

# refuse WHY PATTERN FILE…: no file may match the (Perl) pattern.
refuse()
{
    local why=$1 pattern=$2 status=0

    shift 2
    [ $# -gt 0 ] || return 0
    grep -nHP -- "$pattern" "$@" || status=$?
    case $status in
    0) echo "  ^ $why"; wrong=$((wrong + 1)) ;;
    1) ;;
    *) fail "grep: status $status" ;;
    esac
}

mapfile -t sources < <(find src -name '*.[ch]' | sort)
mapfile -t tests < <(find tests -name '*.[ch]' | sort)
mapfile -t scripts < <(find tests samples build-aux/prepare .ci autogen.sh -type f \
    -exec grep -lI '^#!.*sh' {} + | sort)
mapfile -t texts < <(find src tests man samples build-aux/prepare .ci configure.ac Makefile.am \
    autogen.sh README HACKING -type f ! -path '*/corpus/*' -exec grep -lI . {} + | sort)
mapfile -t mains < <(grep -lE '^main\(' "${sources[@]}")
mapfile -t modules < <(printf '%s\n' "${sources[@]}" |
    grep -E '^src/(base|cocotransport|swtpm/(store|engine|control))/' | grep -v '^src/base/log\.')
mapfile -t not_mains < <(comm -23 <(printf '%s\n' "${sources[@]}") <(printf '%s\n' "${mains[@]}" | sort))
[ ${#sources[@]} -gt 10 ] || fail "no sources found"

# Brackets keep the patterns from finding themselves.
refuse "unfinished work has no place in the tree" \
    '\b(TO[D]O|FIX[M]E|XX[X])\b|\bst[u]bs?\b|\bplaceh[o]lder|\bfor n[o]w\b|not (yet )?impl[e]mented' \
    "${texts[@]}"
refuse "names a path of somebody's machine" '(?<![\w.-])/(w[o]rk|tmp/(wt|bu[i]ld|br[i]ef|t[a]sk))/' \
    "${texts[@]}"
refuse "strcpy, strcat, sprintf, gets and alloca do not know sizes" \
    '\b(strcpy|strcat|sprintf|vsprintf|gets|alloca|strncpy|strtok)\(' "${sources[@]}"
refuse "only a program's main reads the environment" '\b(g_)?(getenv|secure_getenv)\(' \
    "${not_mains[@]}"
refuse "a module returns its errors; only programs log" \
    '\bg_(warning|message|info|debug|critical|print|printerr)\(|\b(printf|fprintf|perror)\(' \
    "${modules[@]}"
refuse "only a program exits" '(?<![\w>.])exit\(|\babort\(' "${modules[@]}"
refuse "no struct is laid over bytes (kernel interfaces: linux/ headers)" \
    '__attribute__\(\(.*packed' "${sources[@]}"
refuse "TLS stands in session/tls alone" '\bgnutls_session_t\b' \
    $(printf '%s\n' "${sources[@]}" | grep -v '^src/cocotransport/session/tls')
refuse "comments are /* */" '^\s*//' "${sources[@]}" "${tests[@]}"
refuse "a tab in C" '\t' "${sources[@]}" "${tests[@]}"
refuse "grep -q at the end of a pipe kills its writer (lib.sh: finds)" '(?<!\|)\| *grep -\w*[q]' \
    "${scripts[@]}"
refuse "white space at the end of a line" '[ \t]+$' "${sources[@]}" "${tests[@]}" "${scripts[@]}"
# The house writes 100; a comment beside a table may hang over a little.
refuse "longer than 110 columns" '^.{111}' "${sources[@]}" "${tests[@]}"

for file in "${sources[@]}" "${tests[@]}"; do
    if [ "$(head -c 44 "$file")" != "/* SPDX-License-Identifier: BSD-3-Clause */" ] &&
        ! head -n 1 "$file" | finds '^/\* SPDX-License-Identifier: BSD-3-Clause \*/$'; then
        echo "$file: does not begin with its licence (SPDX) line"
        wrong=$((wrong + 1))
    fi
done
for file in src/*/*.h src/*/*/*.h; do
    if ! grep -q '^#pragma once$' "$file"; then
        echo "$file: has no #pragma once"
        wrong=$((wrong + 1))
    fi
done
for file in "${scripts[@]}"; do
    bash -n "$file" || wrong=$((wrong + 1))
done
for file in tests/{check,integration,compat,hostile,model,qemu,package,bench}/*.sh; do
    if [ -f "$file" ] && ! sed -n 1,25p "$file" | finds '^# test: .'; then
        echo "$file: has no line '# test: …' that says what it shows"
        wrong=$((wrong + 1))
    fi
done
echo "${#sources[@]} sources, ${#tests[@]} test sources and ${#scripts[@]} scripts looked at"
[ "$wrong" = 0 ] || fail "$wrong rules are broken"
