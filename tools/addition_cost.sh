#!/bin/sh
# addition_cost.sh - does an addition cost as many files as docs/design.md says? Makes one of each kind (tests/additions)
# in a throw-away copy of the sources, counts the files that changed, builds the copy with $CC (no optimization), and
# asks the program for each. Prints a line an addition; exit 1 if one costs more or is not there, 77 if there is nothing
# to build with. --count: counts only.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
additions=$top/tests/additions
skip() {
    echo "skipped: $*"
    exit 77
}
"${CC:-cc}" --version >/dev/null 2>&1 || skip "no C compiler (${CC:-cc})"
command -v make >/dev/null || skip "no make"
[ -d "$additions" ] && [ -f "$top/docs/design.md" ] || skip "no source tree at $top"

copy=$(mktemp -d) || exit 1
trap 'rm -rf "$copy"' EXIT
trap 'exit 1' INT TERM
failed=0
complain() {
    echo "addition_cost: $*"
    failed=1
}

# ---- what the additions call

# Adds a row at the end of a table.
row() {
    grep -q 'clang-format on' "$1" || complain "$1: no line 'clang-format on' ends the table"
    ROW=$2 awk '/clang-format on/ { print ENVIRON["ROW"] } { print }' "$1" >"$1.new" && mv "$1.new" "$1"
}

# A source of tests/additions into a folder.
put() {
    cp "$additions/$1" "$2/$1"
}

# has WHAT COMMAND...: it succeeds. says PATTERN COMMAND...: it prints so, whatever its exit code.
has() {
    what=$1
    shift
    "$@" >log 2>&1 || complain "$kind: $what: $*: exit $?: $(tail -n 3 log)"
}

says() {
    pattern=$1
    shift
    "$@" >log 2>&1
    grep -q -e "$pattern" log || complain "$kind: '$pattern' is not in what this says: $*: $(head -n 3 log)"
}

differs() {
    ! cmp -s "$1" "$2"
}

# ---- the table

# "kind files" a line: the rows of the section's table.
promised() {
    awk -F'|' '/^## / { ours = /What an addition costs/ } ours && NF > 3 && $3 ~ /[0-9]/ {
        gsub(/^ +| +$/, "", $2); split($3, n, " "); gsub(/ /, "-", $2); print $2, n[1] }' "$top/docs/design.md"
}

sums() {
    (cd "$copy/tree" && find . -type f ! -path './build/*' -exec md5sum {} + | sort -k 2)
}

# ---- add and count

mkdir "$copy/tree" "$copy/home"
for part in Makefile src include presets assets tools; do cp -a "$top/$part" "$copy/tree/" || exit 1; done
promised >"$copy/table"
[ -s "$copy/table" ] || complain "docs/design.md: no table under 'What an addition costs'"
sums >"$copy/before"
while read -r kind files; do
    if [ ! -f "$additions/$kind.sh" ]; then
        complain "docs/design.md promises $files files for '$kind', and tests/additions/$kind.sh is not there to show it"
        continue
    fi
    . "$additions/$kind.sh"
    cd "$copy/tree" && add
    sums >"$copy/after"
    # A file stands in both lists with different sums, or in one: once is enough.
    diff "$copy/before" "$copy/after" | sed -n 's/^[<>] [0-9a-f]*  //p' | sort -u >"$copy/changed"
    count=$(wc -l <"$copy/changed")
    echo "figures: $kind: $count of $files files: $(tr '\n' ' ' <"$copy/changed")"
    [ "$count" -gt 0 ] || complain "$kind: add() changed nothing"
    [ "$count" -le "$files" ] || complain "$kind: $count files, docs/design.md says $files"
    mv "$copy/after" "$copy/before"
done <"$copy/table"
for file in "$additions"/*.sh; do
    grep -q "^$(basename "$file" .sh) " "$copy/table" || complain "$file: no such row in the table of docs/design.md"
done
[ "${1:-}" = --count ] && exit $failed

# ---- build and ask

# Not a part of the make that may have started this.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES SANITIZE VARIANT BUILD OPTIMIZE
if ! make -s -C "$copy/tree" CC="${CC:-cc}" OPTIMIZE=-O0 CFLAGS=-O0 WERROR=1 VARIANT=additions all >"$copy/build" 2>&1; then
    complain "the additions do not build: $(grep -m 5 -e error -e undefined "$copy/build")"
    exit 1
fi
H=$copy/tree/heavytail
HOME=$copy/home
export HOME
cd "$HOME" || exit 1
kind='all of them'
has 'a run' "$H" train --preset ecg-demo --set model.width=300 --steps 20 --run run --quiet
while read -r kind files; do
    [ -f "$additions/$kind.sh" ] || continue
    . "$additions/$kind.sh"
    check </dev/null
done <"$copy/table"
exit $failed
