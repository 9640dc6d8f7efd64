#!/bin/sh
# lint.sh CC CPPFLAGS - formatting, clang-tidy and cppcheck over every source; non-zero if one complains.
set -eu
sources=$(git ls-files 'src/*.c' 'tests/*.c')
headers=$(git ls-files 'src/*.h' 'include/*.h' 'tests/*.h')
# shellcheck disable=SC2086
clang-format --dry-run --Werror $sources $headers
# Beside the others: it has one thread only.
# shellcheck disable=SC2086
cppcheck --std=c11 --quiet --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
    --suppress=missingIncludeSystem --suppress=ctuuninitvar -Iinclude -Isrc -DHT_ISA=portable -D__x86_64__=1 -DHT_VERSION='""' src &
cppcheck=$!
# Headers of libraries are not ours to check.
flags=$(echo "$2" | sed 's| -I/usr| -isystem /usr|g')
# One file a process, so that all cores have something to do; -n 1 also keeps a file's findings together.
# shellcheck disable=SC2086
tidy=0
git ls-files 'src/*.c' | grep -v '_body\.c$' |
    xargs -P "$(nproc)" -I FILE clang-tidy --quiet --warnings-as-errors='*' FILE -- -std=c17 $flags -DHT_VERSION='""' || tidy=1
wait "$cppcheck"
exit $tidy
