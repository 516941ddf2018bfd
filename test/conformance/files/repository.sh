#!/bin/sh
# A repository of packages for apt, and a database of dpkg that knows none: VERSION
set -e
mkdir -p /srv/repository /etc/apt/apt.conf.d /etc/apt/preferences.d /etc/apt/trusted.gpg.d /etc/apt/sources.list.d \
  /var/lib/dpkg/info /var/lib/dpkg/updates /var/lib/dpkg/triggers /var/lib/apt/lists/partial \
  /var/cache/apt/archives/partial /var/log/apt
[ -e /var/lib/dpkg/status ] || : >/var/lib/dpkg/status
: >/var/lib/dpkg/available
echo 'APT::Sandbox::User "root";' >/etc/apt/apt.conf.d/01-lab
cd /srv/repository
: >Packages
for version in "$@"; do
  for name in xpush-one xpush-two; do
    mkdir -p "build/DEBIAN" "build/srv/packages"
    echo "$version" >"build/srv/packages/$name"
    printf '%s\n' "Package: $name" "Version: $version" 'Architecture: all' \
      'Maintainer: nobody <nobody@example.org>' 'Description: none' >build/DEBIAN/control
    file=$name-$version.deb
    dpkg-deb -Znone --build build "$file" >/dev/null
    rm -r build
    {
      dpkg-deb -f "$file"
      printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$file" "$(stat -c %s "$file")" "$(sha256sum "$file" | cut -d' ' -f1)"
    } >>Packages
  done
done
