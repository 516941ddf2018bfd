#!/bin/sh
# The lab's xenstore: a path is a file below /run/xenstore.
set -eu
for path in "$@"; do
  path=${path#/local/domain/0/} # what is relative is dom0's own
  if [ ! -f "/run/xenstore/$path" ]; then
    echo "xenstore-read: couldn't read path $path" >&2
    exit 1
  fi
  cat "/run/xenstore/$path"
done
