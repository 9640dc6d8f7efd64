#!/bin/sh
# check.sh PROGRAM... - runs cmocka test programs side by side and sums up: the last line is "N passed, N failed,
# N skipped". HT_CHECK_JOBS of them at a time (twice the processors: those of the terminal mostly wait), each told of
# when it ends. A program that dies counts as a failed test, and so does one that has not ended after
# HT_CHECK_SECONDS (900: far more than the slowest takes), with the name of the test that it was in.
# HT_CHECK_TOTALS names a file to which the three numbers are added.
set -u
# Where this is not set the program starts itself a second time (cli/main.c): test_cli and test_cases_lab look at that, and
# some thousand starts need not.
export OPENBLAS_NUM_THREADS=1
limit=${HT_CHECK_SECONDS:-900}

# Runs one program and writes what it has to say to $results/NAME.text, its three numbers to $results/NAME.sum.
run_one() {
    program=$1 name=$(basename "$1") kept=$results/$(echo "$1" | tr / _)
    log=$kept.log
    start=$(date +%s)
    timeout --foreground -k 10 "$limit" "$program" >"$log" 2>&1
    status=$?
    seconds=$(($(date +%s) - start))
    times >"$kept.times" # of this shell, then of its children: user, system
    cpu=$(tail -n 1 "$kept.times" | tr ms '  ' | awk '{ printf "%.0f", 60 * ($1 + $3) + $2 + $4 }')
    [ "$seconds" -ge "$limit" ] && echo "$name: no end after $limit s, in $(sed -n 's/^\[ RUN *\] //p' "$log" | tail -n 1)" >>"$log"
    ok=$(grep -c '^\[       OK \]' "$log")
    bad=$(grep -c '^\[  FAILED  \] [A-Za-z_]' "$log")
    # cmocka names each failed test twice: when it fails and in the summary.
    bad=$((bad / 2))
    skip=$(grep -c '^\[  SKIPPED \] [A-Za-z_]' "$log")
    skip=$((skip / 2))
    [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    [ "$status" -eq 0 ] && [ "$((ok + skip))" -eq 0 ] && bad=1 && echo "$name: ran no test" >>"$log"
    {
        printf '%-24s %3d ok %4d s %4d s of CPU' "$name" "$ok" "$seconds" "$cpu"
        [ "$skip" -gt 0 ] && printf ', %d skipped' "$skip"
        [ "$bad" -gt 0 ] && printf ', %d FAILED (exit %d)' "$bad" "$status"
        printf '\n'
        grep '^skipped: ' "$log" | sort -u
        sed -n 's/^figures: /    /p' "$log" # what a test has counted
        [ "$bad" -gt 0 ] && grep -v '^\[ RUN \|^\[       OK' "$log" | tail -n 60
    } >"$kept.text"
    echo "$ok $bad $skip" >"$kept.sum"
    cat "$kept.text" # in one piece: blocks of two programs do not mix
}

if [ "${1:-}" = --one ]; then
    results=$2
    run_one "$3"
    exit 0
fi
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
printf '%s\0' "$@" | xargs -0 -n 1 -P "${HT_CHECK_JOBS:-$((2 * $(nproc)))}" "$0" --one "$results"
totals=$(cat "$results"/*.sum | awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }')
# A program without a result is a failure, too.
missing=$(($# - $(ls "$results" | grep -c '\.sum$')))
passed=${totals%% *} skipped=${totals##* } failed=${totals#* }
failed=$((${failed% *} + missing))
[ -n "${HT_CHECK_TOTALS:-}" ] && echo "$passed $failed $skipped" >>"$HT_CHECK_TOTALS"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
