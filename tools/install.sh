#!/bin/sh
# install.sh install|uninstall - puts the files of one list there, or takes exactly those away; directories of ours go
# when nothing is left in them. `make` gives PREFIX, DESTDIR, BINDIR, LIBDIR, INCLUDEDIR, DATADIR, PYTHONDIR, PYTHON,
# INSTALL, BUILD, VERSION and ABI in the environment. A program built for another machine cannot write its manual page and completions here:
# NATIVE names one of the same version that runs, or they are left out with a word.
set -eu
bin=$DESTDIR$BINDIR lib=$DESTDIR$LIBDIR data=$DESTDIR$DATADIR
headers=$DESTDIR$INCLUDEDIR/heavytail doc=$data/doc/heavytail
man=$data/man/man1/heavytail.1
bash=$data/bash-completion/completions/heavytail
zsh=$data/zsh/site-functions/_heavytail
pc=$lib/pkgconfig/heavytail.pc
shared=libheavytail.so.$ABI

# Where Python packages go: PYTHONDIR, else what $PYTHON itself looks at below the prefix, else where Debian's looks.
python_dir() {
    if [ -n "$PYTHONDIR" ]; then
        printf '%s' "$PYTHONDIR"
        return
    fi
    below=$("$PYTHON" -c 'import site, sys
print(next((p for p in site.getsitepackages() if p.startswith(sys.argv[1] + "/lib/")), ""))' "$PREFIX" 2>/dev/null) || below=
    printf '%s' "${below:-$PREFIX/lib/python3/dist-packages}"
}
packages=$(python_dir)
package=$DESTDIR$packages/heavytail

# Calls `$1 SOURCE FOLDER` for every file that is copied under its own name.
each_copy() {
    for file in include/heavytail/*.h; do "$1" "$file" "$headers"; done
    for file in src/params/*.def; do "$1" "$file" "$headers/params"; done
    for file in src/tail/*.def; do "$1" "$file" "$headers/tail"; done
    for file in README.md LICENSE; do "$1" "$file" "$doc"; done
    for file in docs/*.md; do "$1" "$file" "$doc/docs"; done
    for file in docs/examples/*; do "$1" "$file" "$doc/docs/examples"; done
    for file in python/heavytail/*.py python/heavytail/py.typed; do "$1" "$file" "$package"; done
    for file in assets/screenshots/*.png; do "$1" "$file" "$doc/assets/screenshots"; done
}

copy() {
    $INSTALL -d "$2"
    $INSTALL -m 644 "$1" "$2"
}

take_away() {
    rm -f "$2/${1##*/}"
}

# The text of the pkg-config file; a folder below the prefix is written as such, so that the tree can be moved.
below_prefix() {
    case $1 in
    "$PREFIX"/*) printf '${prefix}/%s' "${1#"$PREFIX"/}" ;;
    *) printf '%s' "$1" ;;
    esac
}

write_pc() {
    printf 'prefix=%s\nlibdir=%s\nincludedir=%s\nversion=%s\n\n' \
        "$PREFIX" "$(below_prefix "$LIBDIR")" "$(below_prefix "$INCLUDEDIR")" "$VERSION"
    cat tools/heavytail.pc.in
}

# Where the package finds the library: from its own place, so that the tree can be moved.
write_where() {
    printf '# Written by make install.\nLIBRARY = "%s"\n' \
        "$(realpath -m --relative-to="$packages/heavytail" "$LIBDIR/$shared" | sed 's/[\\"]/\\&/g')" >"$package/_where.py"
    chmod 644 "$package/_where.py"
}

# Written by the program itself, from its own tables.
write_pages() {
    program=${NATIVE:-$BUILD/heavytail}
    if ! "$program" --version >/dev/null 2>&1; then
        echo "install: $program does not run on this machine: no manual page, no completions (NATIVE=PROGRAM names" \
            "one that does)" >&2
        return
    fi
    $INSTALL -d "${man%/*}" "${bash%/*}" "${zsh%/*}"
    "$program" help man >"$man"
    "$program" help bash >"$bash"
    "$program" help zsh >"$zsh"
    chmod 644 "$man" "$bash" "$zsh"
}

case $1 in
install)
    $INSTALL -d "$bin" "$lib/pkgconfig"
    $INSTALL -m 755 "$BUILD/heavytail" "$bin"
    $INSTALL -m 644 "$BUILD/libheavytail.a" "$BUILD/$shared" "$lib"
    ln -sf "$shared" "$lib/libheavytail.so"
    write_pc >"$pc"
    chmod 644 "$pc"
    each_copy copy
    write_where
    write_pages
    ;;
uninstall)
    rm -f "$bin/heavytail" "$lib/libheavytail.a" "$lib/$shared" "$lib/libheavytail.so" "$package/_where.py" "$pc" "$man" "$bash" "$zsh"
    each_copy take_away
    rm -rf "$package/__pycache__" # Python's own, of files that are gone
    for folder in "$package" "$headers/params" "$headers/tail" "$headers" "$doc/docs/examples" "$doc/docs" "$doc/assets/screenshots" \
        "$doc/assets" "$doc"; do
        if [ -d "$folder" ]; then rmdir "$folder" 2>/dev/null || echo "uninstall: $folder: others have files there; it stays"; fi
    done
    ;;
*)
    echo "install.sh: give install or uninstall" >&2
    exit 2
    ;;
esac
