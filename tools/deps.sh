#!/bin/sh
# deps.sh LIBRARIES PACKAGES TEST_LIBRARIES TEST_PACKAGES - installs Debian packages when a library or a tool is missing.
set -eu
missing=
have() { command -v "$1" >/dev/null 2>&1; }
have pkg-config || missing=yes
for library in $1 $3; do
    pkg-config --exists "$library" 2>/dev/null || missing=yes
done
[ -z "$3" ] || have parallel || missing=yes
[ -z "$1" ] || have protoc-c || missing=yes
[ -n "$1" ] || for tool in clang clang-tidy clang-format cppcheck; do have "$tool" || missing=yes; done
if [ -z "$missing" ]; then
    echo "deps: everything is there"
    exit 0
fi
if ! have apt-get; then
    echo "deps: this system has no apt-get. Install the equivalents of these Debian packages yourself:" >&2
    echo "  $2 $4" >&2
    exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! have sudo; then
        echo "deps: not root and no sudo. Ask an administrator to run:" >&2
        echo "  apt-get install $2 $4" >&2
        exit 1
    fi
    as_root=sudo
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
# shellcheck disable=SC2086
$as_root apt-get install -y -q --no-install-recommends $2 $4
