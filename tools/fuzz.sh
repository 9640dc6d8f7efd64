#!/bin/sh
# fuzz.sh SECONDS PROGRAM... - runs libFuzzer programs one after the other and sums up. What they learn is kept beside the programs;
# what breaks one becomes a file in tests/fuzz/corpus/<target>, to be kept when the fault is mended.
set -u
seconds=$1 findings=0
shift
# No reader may take more than this at once, whatever a file promises: the largest picture has 192 MB. FUZZ_TIMEOUT is for machines
# that stop us for a while.
bounds="-malloc_limit_mb=256 -rss_limit_mb=2048 -timeout=${FUZZ_TIMEOUT:-20}"
for program in "$@"; do
    target=${program##*/fuzz_}
    corpus=$PWD/tests/fuzz/corpus/$target # one target changes its directory
    learnt=$(cd "${program%/*}" && pwd)/learnt/$target
    mkdir -p "$learnt"
    log=$learnt.log
    # shellcheck disable=SC2086
    "$program" -max_total_time="$seconds" -max_len=65536 $bounds -print_final_stats=1 -verbosity=1 \
        -artifact_prefix="$corpus/" "$learnt" "$corpus" >"$log" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    edges=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
    took=$(sed -n 's/^Done [0-9]* runs in \([0-9]*\) second.*/\1/p' "$log")
    printf '%-12s %6s s %10s executions %6s edges' "$target" "${took:-?}" "${runs:-?}" "${edges:-?}"
    if [ "$status" -eq 0 ]; then
        printf '\n'
    else
        findings=$((findings + 1))
        printf '  FOUND (exit %d)\n' "$status"
        grep -E '^(SUMMARY|fuzz:|Test unit written|ERROR|==[0-9]+==ERROR)|runtime error' "$log"
    fi
done
echo "$findings findings"
[ "$findings" -eq 0 ]
