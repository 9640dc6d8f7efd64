#!/bin/sh
# check.sh PROGRAM... - runs cmocka test programs and sums up: the last line is "N passed, N failed, N skipped".
# A program that dies counts as a failed test, and so does one that has not ended after HT_CHECK_SECONDS (900: far
# more than the slowest takes), with the name of the test that it was in. HT_CHECK_TOTALS names a file to which the
# three numbers are added.
set -u
passed=0 failed=0 skipped=0 limit=${HT_CHECK_SECONDS:-900}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for program in "$@"; do
    name=$(basename "$program")
    start=$(date +%s)
    timeout --foreground -k 10 "$limit" "$program" >"$log" 2>&1
    status=$?
    seconds=$(($(date +%s) - start))
    [ "$seconds" -ge "$limit" ] && echo "$name: no end after $limit s, in $(sed -n 's/^\[ RUN *\] //p' "$log" | tail -n 1)" >>"$log"
    ok=$(grep -c '^\[       OK \]' "$log")
    bad=$(grep -c '^\[  FAILED  \] [A-Za-z_]' "$log")
    # cmocka names each failed test twice: when it fails and in the summary.
    bad=$((bad / 2))
    skip=$(grep -c '^\[  SKIPPED \] [A-Za-z_]' "$log")
    skip=$((skip / 2))
    [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    [ "$status" -eq 0 ] && [ "$((ok + skip))" -eq 0 ] && bad=1 && echo "$name: ran no test" >>"$log"
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
    printf '%-24s %3d ok %4d s' "$name" "$ok" "$seconds"
    [ "$skip" -gt 0 ] && printf ', %d skipped' "$skip"
    [ "$bad" -gt 0 ] && printf ', %d FAILED (exit %d)' "$bad" "$status"
    printf '\n'
    grep '^skipped: ' "$log" | sort -u
    sed -n 's/^figures: /    /p' "$log" # what a test has counted
    [ "$bad" -gt 0 ] && grep -v '^\[ RUN \|^\[       OK' "$log" | tail -n 60
done
[ -n "${HT_CHECK_TOTALS:-}" ] && echo "$passed $failed $skipped" >>"$HT_CHECK_TOTALS"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
