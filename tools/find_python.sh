#!/bin/sh
# Prints the path of a Python 3.10 or newer that can make virtual environments.
#
# usage: find_python.sh [NAME-OR-PATH]
# Without an argument it tries python3, python3.14 ... python3.10 and python, in every folder of PATH. Each candidate is
# run, because a name says little: python3 may be old, and a version manager's shim may lead nowhere.
set -eu

[ -n "${1:-}" ] || set -- python3 python3.14 python3.13 python3.12 python3.11 python3.10 python

runs() { "$1" -c "import sys; sys.exit(sys.version_info < (3, 10))" >/dev/null 2>&1; }
makes_environments() { "$1" -c "import ensurepip, venv" >/dev/null 2>&1; }

incomplete=
consider() {
    [ -x "$1" ] && [ ! -d "$1" ] && runs "$1" || return 0
    if makes_environments "$1"; then
        printf '%s\n' "$1"
        exit 0
    fi
    [ -n "$incomplete" ] || incomplete=$1
}

IFS=:
for name in "$@"; do
    case $name in
    */*) consider "$name" ;;
    *)
        for folder in $PATH; do
            consider "${folder:-.}/$name"
        done
        ;;
    esac
done

if [ -n "$incomplete" ]; then
    echo "$incomplete cannot create virtual environments: install its venv package (Debian, Ubuntu: apt install python3-venv)." >&2
else
    tried=$(IFS=' ' && echo "$*")
    echo "No Python 3.10 or newer found (tried: $tried). Install one, or name it: make PYTHON=/path/to/python3 ..." >&2
fi
exit 1
