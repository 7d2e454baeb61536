#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test: medians of commands, start, memory and the control channel beside Debian's swtpm (a table)
# alone: yes
# sanitizers: no
# Figures, not limits: only what does not work fails. BENCH_QUICK=0 takes the full counts.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

theirs=/usr/bin/swtpm
[ -x "$theirs" ] || skip "Debian's swtpm is not installed"
need taskset
swtpm=$(ours swtpm)
bench=$(ours tpm_bench)
count=2000 runs=2 starts=10 controls=100
if [ "${BENCH_QUICK:-1}" = 0 ]; then
    count=20000 runs=9 starts=50 controls=1000
fi

serve()
{
    local program=$1 name=$2

    shift 2
    rm -rf "$TMP/$name"
    mkdir "$TMP/$name"
    start "$name" "$@" "$program" socket --tpm2 --tpmstate dir="$TMP/$name" --flags startup-clear \
        --server type=unixio,path="$TMP/$name.s" --ctrl type=unixio,path="$TMP/$name.c"
    wait_socket "$name" "$TMP/$name.c"
}

# Pages of a library that no other process has mapped count as private too, so they are said apart.
idle_memory()
{
    awk -v side="$1" '
        /^[0-9a-f]+-/ { glib = /libglib/ }
        /^Private/ { sum += $2; if (glib) library += $2 }
        /^Private_Dirty/ { written += $2 }
        END { printf "idle, private memory, %s: %d KiB, of it written to %d, of GLib %d\n",
              side, sum, written, library }' "/proc/$(pid_of "$1")/smaps"
}

# Ours gives memory back three seconds after its start; what commands touch then counts again.
for side in ours theirs; do
    [ "$side" = ours ] && program=$swtpm || program=$theirs
    serve "$program" "$side"
    sleep 4
    "$bench" commands "$TMP/$side.s" "$count" > /dev/null
    idle_memory "$side"
    stop "$side" || true
done

# cpu_time NAME: of the program alone, all its threads, over the commands of three kinds.
cpu_time()
{
    cat "/proc/$(pid_of "$1")"/task/*/schedstat |
        awk -v n=$((3 * count)) '{ sum += $1 } END { printf "CPU: median %.2f us\n", sum / 1000 / n }'
}

for pin in pinned unpinned; do
    prefix=()
    [ "$pin" = unpinned ] || prefix=(taskset -c 0)
    for ((run = 1; run <= runs; run++)); do
        for side in ours theirs; do
            [ "$side" = ours ] && program=$swtpm || program=$theirs
            serve "$program" "$side" "${prefix[@]}"
            "${prefix[@]}" "$bench" commands "$TMP/$side.s" "$count" |
                sed "s/^/$pin, run $run, $side: /" | tee -a "$TMP/commands"
            cpu_time "$side" | sed "s/^/$pin, run $run, $side: /" | tee -a "$TMP/commands"
            stop "$side" || true
        done
    done
done

# ratios: of the medians over the runs; one slow spell of the machine does not count then.
ratios()
{
    sed -E 's/^([a-z]+), run [0-9]+, ([a-z]+): ([^:]+): median ([0-9.]+) us.*/\1|\3|\2|\4/' "$TMP/commands" |
        sort -t '|' -k 1,3 -k 4,4n | awk -F '|' '
        { side = $1 "|" $2 "|" $3; value[side, ++n[side]] = $4
          if (!((what = $1 "|" $2) in seen)) { seen[what] = 1; order[++whats] = what } }
        END { for (i = 1; i <= whats; i++) {
                  ours = order[i] "|ours"; theirs = order[i] "|theirs"
                  a = value[ours, int((n[ours] + 1) / 2)]; b = value[theirs, int((n[theirs] + 1) / 2)]
                  split(order[i], name, "|")
                  printf "%s, %s: ours %.2f us, theirs %.2f us: %.2f\n", name[1], name[2], a, b, a / b } }'
}
echo "medians of $runs runs of $count commands each:"
ratios

# From the start of the process to the first answer.
for side in ours theirs; do : > "$TMP/start.$side"; done
for ((run = 0; run < starts; run++)); do
    for side in ours theirs; do
        [ "$side" = ours ] && program=$swtpm || program=$theirs
        rm -rf "$TMP/t"
        mkdir "$TMP/t"
        rm -f "$TMP/t.s"
        begin=$(date +%s%N)
        "$program" socket --tpm2 --tpmstate dir="$TMP/t" --flags startup-clear -d \
            --server type=unixio,path="$TMP/t.s" --pid file="$TMP/t.pid"
        "$bench" commands "$TMP/t.s" 1 > /dev/null
        echo $(($(date +%s%N) - begin)) >> "$TMP/start.$side"
        adopt t "$TMP/t.pid"
        stop t || true
        rm -f "$TMP/t.pid"
    done
done
for side in ours theirs; do
    sort -n "$TMP/start.$side" | awk -v side=$side '{ t[NR] = $1 }
        END { printf "start to first answer, %s: median %.2f ms\n", side, t[int((NR + 1) / 2)] / 1e6 }'
done

serve "$swtpm" ours
"$bench" control "$TMP/ours.s" "$TMP/ours.c" "$controls"
stop ours
