#!/bin/sh
# Unpacks a Debian package; what it has in /bin, /sbin and /lib goes to /usr, as on a machine of today.
# usage: unpack-package.sh FILE.deb DIRECTORY
set -eu
dpkg -x "$1" "$2"
cd "$2"
for directory in bin sbin lib lib32 lib64 libx32; do
  if [ -d "$directory" ]; then
    mkdir -p "usr/$directory"
    cp -a "$directory/." "usr/$directory/"
    rm -rf "$directory"
  fi
done
mkdir -p usr etc
