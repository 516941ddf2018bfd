#!/bin/sh
# The lab's xenstore: a path is a file below /run/xenstore.
set -eu
while [ "$#" -ge 2 ]; do
  mkdir -p "/run/xenstore/$(dirname "$1")"
  printf '%s\n' "$2" >"/run/xenstore/$1"
  shift 2
done
