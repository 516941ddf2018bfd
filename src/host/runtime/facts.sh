# shellcheck shell=sh
# Facts, for the look programs that ask for them. Nothing in here writes, or loads a kernel module.
# Lines `WORD:TEXT`: of a file, by its path; what a command said, by a word of ours; `has:WORD`.

# Each program that is run costs more than all that the shell does by itself: what it can read and
# cut, it reads and cuts.

unset -f ifup ip6tables-legacy-save ip6tables-nft-save ip6tables-save iptables \
  iptables-legacy-save iptables-nft-save nft systemctl timeout udevadm udevinfo uname \
  xenstore-ls xenstore-read xl xm

xp_lines() { # FILE...
  for xp_file; do
    if ! [ -f "$xp_file" ] || ! [ -r "$xp_file" ]; then continue; fi
    xp_left=64
    while [ "$xp_left" -gt 0 ] && { IFS= read -r xp_line || [ -n "$xp_line" ]; }; do
      xp_print "$xp_file:$xp_line$XP_NEWLINE"
      xp_left=$((xp_left - 1))
    done <"$xp_file"
  done
}

# What it said is in XP_SAID, too.
xp_say() { # WORD COMMAND...
  xp_word=$1 XP_SAID=
  shift
  command -v "$1" >/dev/null 2>&1 || return 0
  XP_SAID=$("$@" 2>&1)
  xp_marked "$xp_word" 4 "$XP_SAID"
}

xp_marked() { # WORD MOST TEXT
  xp_word=$1 xp_left=$2
  set -f
  IFS=$XP_NEWLINE
  # shellcheck disable=SC2086 # split into lines
  set -- $3
  IFS=$XP_BLANKS
  set +f
  for xp_line; do
    [ "$xp_left" -gt 0 ] || break
    xp_print "$xp_word:$xp_line$XP_NEWLINE"
    xp_left=$((xp_left - 1))
  done
}

xp_flag() { # WORD TEST...
  xp_word=$1
  shift
  ! "$@" >/dev/null 2>&1 || echo "has:$xp_word"
}

xp_any() { # FILE...
  for xp_file; do
    if [ -e "$xp_file" ]; then return 0; fi
  done
  return 1
}

xp_system() {
  xp_lines /etc/os-release /etc/alpine-release /etc/lsb-release /etc/debian_version \
    /etc/redhat-release /etc/SuSE-release /etc/gentoo-release /etc/slackware-version \
    /proc/1/comm /usr/lib/os-release
  xp_flag arch test -e /etc/arch-release
  xp_flag systemd test -d /run/systemd/system
  xp_flag openrc xp_any /run/openrc /lib/rc/init.d /lib64/rc/init.d /libexec/rc/init.d
  xp_flag busybox test /sbin/init -ef /bin/busybox
  xp_flag inittab test -e /etc/inittab
  xp_flag comm test -e /proc/1/comm
  if xp_any /etc/init /etc/event.d; then xp_say initctl initctl version; fi
  xp_say uname uname -nrm
  xp_say systemctl systemctl --version
  if ! command -v udevadm >/dev/null 2>&1; then
    xp_say udev udevinfo -V
  else
    case $XP_SAID in
    'systemd '[0-9]*) echo has:udevadm ;; # they are of one version
    *) xp_say udev udevadm --version ;;
    esac
  fi
  xp_say ip ip -V
}

xp_network() {
  xp_flag netplan command -v netplan
  xp_flag netplan-files xp_any /etc/netplan/*.yaml /run/netplan/*.yaml /lib/netplan/*.yaml
  xp_flag networkd xp_any /lib/systemd/systemd-networkd /usr/lib/systemd/systemd-networkd
  xp_flag networkd-files xp_any /etc/systemd/network/*.network /run/systemd/network/*.network
  xp_flag networkd-runs test -e /run/systemd/netif/state
  xp_flag networkd-starts xp_any /etc/systemd/system/*.target.wants/systemd-networkd.service
  xp_flag NetworkManager command -v NetworkManager
  xp_flag NetworkManager-runs xp_any /run/NetworkManager /var/run/NetworkManager
  xp_flag ifupdown command -v ifup
  xp_flag ifupdown-files test -e /etc/network/interfaces
  xp_flag ifupdown-stanza xp_has_stanza /etc/network/interfaces /etc/network/interfaces.d/*
  xp_flag ifrename command -v ifrename
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

xp_firewalls() {
  for xp_tool in nft iptables-nft-save iptables-legacy-save iptables-save netfilter-persistent ifup; do
    xp_flag "$xp_tool" command -v "$xp_tool"
  done
  xp_flag nftables.service xp_any /etc/systemd/system/*.target.wants/nftables.service
  xp_flag if-pre-up.d test -d /etc/network/if-pre-up.d
  xp_flag systemd test -d /run/systemd/system
  xp_iptables
  if xp_has_nft; then
    if command -v nft >/dev/null 2>&1; then
      xp_nft_outline
    else
      xp_saved nft iptables-nft-save ip6tables-nft-save
    fi
  fi
  # the tables that there are: to ask the old back end for another one is to make it
  ! xp_has_line /proc/net/ip_tables_names || xp_saved legacy iptables-legacy-save
  ! xp_has_line /proc/net/ip6_tables_names || xp_saved legacy ip6tables-legacy-save
}

xp_has_line() { # FILE
  [ -r "$1" ] && read -r xp_line <"$1"
}

# Which iptables it is, in XP_IPTABLES: since 1.8 the file that all its names lead to tells.
xp_iptables() {
  XP_IPTABLES=$(command -v iptables) || return 0
  for xp_backend in nft legacy; do
    # shellcheck disable=SC3013 # dash, busybox, bash and ksh have -ef
    [ "$XP_IPTABLES" -ef "${XP_IPTABLES%/*}/xtables-$xp_backend-multi" ] || continue
    XP_IPTABLES=xtables-$xp_backend
    echo "iptables:$XP_IPTABLES"
    return
  done
  xp_say iptables iptables -V
  XP_IPTABLES=$XP_SAID
}

# Whether the kernel has nf_tables without being asked to load it; yes where nothing tells.
xp_has_nft() {
  [ -z "$XP_RULESET" ] || return 0
  xp_release || XP_RELEASE=$(uname -r)
  xp_builtin=/lib/modules/$XP_RELEASE/modules.builtin
  [ ! -r "$xp_builtin" ] ||
    grep -qs -e '^nf_tables ' -e '/nf_tables\.ko' /proc/modules "$xp_builtin"
}

# Tables, what is in them, and a word for each rule: it may have thousands.
xp_nft_outline() {
  case $XP_RULESET in
  '' | *'#status '*) nft -n list ruleset 2>/dev/null ;;
  *) xp_print "$XP_RULESET" ;;
  esac | sed -n -e 's/^table /nft:table /p' \
    -e 's/^	\([a-z]\)/nft:block \1/p' \
    -e 's/^		type \(.* hook .*\)/nft:hook \1/p' -e t \
    -e 's/^		[^	].*/nft:rule/p'
}

xp_saved() { # WORD COMMAND...
  xp_word=$1
  shift
  for xp_tool; do
    xp_backend=${xp_tool#*-}
    # before 1.8 the one back end has no name of its own
    if ! command -v "$xp_tool" >/dev/null 2>&1; then
      case $xp_backend,$XP_IPTABLES in
      legacy-save,*nf_tables* | legacy-save,xtables-nft) continue ;;
      legacy-save,* | *nf_tables* | *,xtables-nft) xp_tool=${xp_tool%%-*}-save ;;
      *) continue ;;
      esac
    fi
    "$xp_tool" 2>/dev/null | sed -n -e "s/^\\*/$xp_word:table /p" \
      -e "s/^:\\([^ ]*\\) DROP .*/$xp_word:drop \\1/p" -e "s/^-A \\([^ ]*\\).*/$xp_word:rule \\1/p"
  done
}

xp_xen() {
  xp_lines /sys/hypervisor/type /sys/hypervisor/version/major /sys/hypervisor/version/minor \
    /sys/hypervisor/version/extra /proc/xen/capabilities
  XP_LIMIT= # a lost xenstored answers never
  ! command -v timeout >/dev/null 2>&1 || XP_LIMIT='timeout 20'
  for xp_tool in xl xm; do
    command -v "$xp_tool" >/dev/null 2>&1 || continue
    echo "installed:$xp_tool"
    if xp_list=$($XP_LIMIT "$xp_tool" list 2>/dev/null) ||
      { xp_has_no_limit && xp_list=$("$xp_tool" list 2>/dev/null); }; then
      echo "toolstack:$xp_tool"
      xp_marked domain 2048 "$xp_list"
      xp_any /sys/hypervisor/version/major || $XP_LIMIT "$xp_tool" info 2>/dev/null |
        sed -n -e 's/^xen_m/info:xen_m/p' -e 's/^xen_extra/info:xen_extra/p'
      xp_vifs
      return 0
    fi
  done
}

# Old ones of busybox have another form.
xp_has_no_limit() {
  [ -n "$XP_LIMIT" ] && ! timeout 1 true 2>/dev/null && XP_LIMIT=
}

# xenstore-ls cuts what does not fit into 80 columns.
xp_vifs() {
  xp_list=$($XP_LIMIT xenstore-ls /local/domain/0/backend/vif 2>/dev/null |
    sed -n -e 's/^ \{0,1\}[0-9]\{1,\} = /vif:&/p' -e 's/^  mac = /vif:&/p' -e 's/^  ip = /vif:&/p' \
      -e 's/^  script = /vif:&/p' -e 's/^  bridge = /vif:&/p' -e 's/^  vifname = /vif:&/p' -e 65536q)
  xp_print "$xp_list$XP_NEWLINE"
  case $xp_list in *'..."'*) ;; *) return 0 ;; esac
  set -f
  IFS=$XP_NEWLINE
  # shellcheck disable=SC2086 # split into lines
  set -- $xp_list
  IFS=$XP_BLANKS
  set +f
  xp_domain='' xp_handle=''
  for xp_line; do
    xp_line=${xp_line#vif:}
    case $xp_line in
    '  '*'..."')
      xp_key=${xp_line#  }
      xp_key=${xp_key%% *}
      xp_say "whole/$xp_domain/$xp_handle/$xp_key" \
        xenstore-read "/local/domain/0/backend/vif/$xp_domain/$xp_handle/$xp_key"
      ;;
    '  '*) ;;
    ' '*)
      xp_handle=${xp_line# }
      xp_handle=${xp_handle%% *}
      ;;
    *) xp_domain=${xp_line%% *} ;;
    esac
  done
}
