#!/bin/sh
# Makes configure and its helpers from configure.ac; does not run configure.
set -e
cd "$(dirname "$0")"
exec autoreconf --force --install --warnings=all,no-obsolete
