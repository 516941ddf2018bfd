#!/bin/sh
# The lab's xenstore, as Xen's own xenstore-ls prints it to a pipe: what does not fit into 80 columns is cut.
# usage: xenstore-ls PATH
set -eu
path=${1-/}
# What is relative is dom0's own.
directory=/run/xenstore/${path#/local/domain/0/}
if [ ! -d "$directory" ]; then
  echo "xenstore-ls: xs_directory ($path): No such file or directory" >&2
  exit 1
fi

list() { # DIRECTORY INDENT
  for entry in "$1"/*; do
    if [ -d "$entry" ]; then
      echo "$2${entry##*/} = \"\""
      # A subshell keeps this call's variables.
      (list "$entry" "$2 ")
    elif [ -f "$entry" ]; then
      name=$2${entry##*/} value=$(cat "$entry")
      room=$((80 - 8 - ${#name}))
      if [ "${#value}" -gt "$room" ]; then
        value=$(echo "$value" | cut -c "1-$room")\\...
      fi
      echo "$name = \"$value\""
    fi
  done
}
list "${directory%/}" ''
