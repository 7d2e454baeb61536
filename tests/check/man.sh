#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: every program has a man page, and every option of its --help stands there
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

cd "$BUILD"
programs=$(printf 'include Makefile\nprint:\n\t@echo $(bin_PROGRAMS) $(dist_bin_SCRIPTS)\n' |
    make -s --no-print-directory -f - print | tail -n 1)
wrong=0
options=0

complain()
{
    echo "$*"
    wrong=$((wrong + 1))
}

# check PROGRAM PAGE WORD…: the options of `PROGRAM WORD… --help`.
check()
{
    local program=$1 page=$2 help option text

    shift 2
    help=$("$program" "$@" --help 2>&1 < /dev/null) || { complain "$program $* --help fails"; return; }
    # roff writes \- for a dash, and mdoc "Fl -name" for an option.
    text=$(sed 's/\\-/-/g; s/Fl -/Fl --/g' "$page")
    for option in $(grep -oE '(^|[ ,|[])--[a-z0-9][a-z0-9-]*' <<< "$help" | tr -d ' ,|[' | sort -u); do
        options=$((options + 1))
        grep -qE -- "$option([^a-z0-9-]|\$)" <<< "$text" ||
            complain "$page: does not explain $option of '$(basename "$program") $*'"
    done
}

for program in $programs; do
    name=$(basename "$program")
    page=$(find "$SRC/man" -name "$name.[18]" | head -n 1)
    if [ -z "$page" ]; then
        complain "$name has no man page"
        continue
    fi
    case $name in
    swtpm)
        for kind in socket chardev cuse; do
            check "$BUILD/$program" "$page" $kind
        done ;;
    cocotpm-verify)
        check "$BUILD/$program" "$page" ;;
    *)
        check "$BUILD/$program" "$page" ;;
    esac
done
if command -v mandoc > /dev/null; then
    for page in "$SRC"/man/*.[1-8]; do
        [ ! -f "$page" ] || mandoc -T lint -W error "$page" || complain "$page: mandoc finds errors"
    done
fi
echo "$options options looked at"
[ "$wrong" = 0 ] || fail "$wrong things are missing"
