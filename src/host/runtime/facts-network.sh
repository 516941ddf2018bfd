# shellcheck shell=sh
# What configures the network. Nothing in here writes, or runs another program.

unset -f ifup

xp_network() {
  xp_flag netplan xp_find netplan
  xp_flag netplan-files xp_any /etc/netplan/*.yaml /run/netplan/*.yaml /lib/netplan/*.yaml
  xp_flag networkd xp_any /lib/systemd/systemd-networkd /usr/lib/systemd/systemd-networkd
  xp_flag networkd-files xp_any /etc/systemd/network/*.network /run/systemd/network/*.network
  xp_flag networkd-runs test -e /run/systemd/netif/state
  xp_flag networkd-starts xp_any /etc/systemd/system/*.target.wants/systemd-networkd.service
  xp_flag NetworkManager xp_find NetworkManager
  xp_flag NetworkManager-runs xp_any /run/NetworkManager /var/run/NetworkManager
  xp_flag ifupdown xp_find ifup
  xp_flag ifupdown-files test -e /etc/network/interfaces
  xp_flag ifupdown-stanza xp_has_stanza /etc/network/interfaces /etc/network/interfaces.d/*
  xp_flag ifrename xp_find ifrename
}

# Whether ifupdown has an interface to configure.
xp_has_stanza() { # FILE...
  for xp_file; do
    if ! [ -f "$xp_file" ] || ! [ -r "$xp_file" ]; then continue; fi
    while read -r xp_first xp_name xp_rest || [ -n "$xp_first$xp_rest" ]; do
      case $xp_first,$xp_name in
      iface, | iface,lo) ;;
      iface,*) return 0 ;;
      esac
    done <"$xp_file"
  done
  return 1
}
