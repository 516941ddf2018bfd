# shellcheck shell=sh
# Looking at native nftables. Nothing in here writes: wanted rules are tried in a network namespace
# that ends with the process.

unset -f nft unshare

# Base chains hooked to forward, those that sed's script jumps to `print` for, and the table of ours;
# each below a line for its table, which has the table's flags. Without counts (-s); as text, which is
# what rules are wanted and shown in: -j came with 0.9.1, and not to every build.
xp_list_nft() { # SED-SCRIPT
  { nft -s list ruleset || echo "#status $?"; } 2>/dev/null | xp_forwarding_nft "$1"
}

xp_forwarding_nft() { # SED-SCRIPT <RULESET
  sed -n -e '/^#status/p' \
    -e '/^table /{' -e h -e b -e '}' -e '/^	flags /H' \
    -e '/^	chain /,/^	}$/{' -e H -e '/^	}$/!b' -e x \
    -e '/^table inet xpush /b print' -e '/\n		type [a-z]* hook forward /b print' \
    -e "$1" -e 'b strip' \
    -e ': print' -e p -e ': strip' -e 's/\n	chain .*//' -e x -e '}'
  echo '#listed'
}

# The ruleset, in XP_RULESET; all of it is told where it is short. `beside` iptables its chains are
# enough where iptables-nft made all of them: nft prints word by word, which costs more than all else.
xp_look_ruleset() { # [beside]
  if [ $# -gt 0 ] && xp_look_beside; then return; fi
  XP_BESIDE=
  XP_RULESET=$(nft -s list ruleset 2>/dev/null) ||
    XP_RULESET="$XP_RULESET${XP_RULESET:+$XP_NEWLINE}#status $?"
  XP_RULESET=$XP_RULESET$XP_NEWLINE
  ! xp_is_short "$XP_RULESET" || xp_collect ruleset xp_add "$XP_RULESET"
}

# The chains without their rules, where what iptables-save prints is all that is in them.
xp_look_beside() {
  [ -d /var/lib/xpush ] && xp_is_nft iptables && xp_is_nft ip6tables-save && xp_is_nft iptables-save || return
  xp_keep_saved 4
  case $XP_SAVED in *"$XP_NEWLINE-A "*) xp_is_whole || return ;; *) return 1 ;; esac
  XP_RULESET=$(nft -s list chains 2>/dev/null) && xp_is_of_iptables || return
  xp_keep_saved 6
  xp_is_whole && xp_is_short "$XP_RULESET" || return
  # shellcheck disable=SC2034 # for facts-firewalls.sh
  XP_BESIDE=yes
  XP_RULESET=$XP_RULESET$XP_NEWLINE
  xp_collect ruleset xp_add "$XP_RULESET"
}

# Whether all of what a family has is in XP_SAVED.
xp_is_whole() {
  case $XP_SAVED in
  *"$XP_NEWLINE#status "* | *"$XP_NEWLINE# Table "*) return 1 ;;
  esac
  xp_is_short "$XP_SAVED"
}

# Whether XP_RULESET has tables of iptables' and no other; those that may forward, but for `filter`, are not.
xp_is_of_iptables() {
  set -f
  IFS=$XP_NEWLINE
  # shellcheck disable=SC2086 # split into lines
  set -- $XP_RULESET
  IFS=$XP_BLANKS
  set +f
  for xp_line; do
    case $xp_line in
    'table ip filter {' | 'table ip6 filter {' | 'table ip nat {' | 'table ip6 nat {') ;;
    'table ip raw {' | 'table ip6 raw {' | '	'* | '}') ;;
    *) return 1 ;;
    esac
  done
}

# What has not been told whole.
xp_look_nft() { # ID SED-SCRIPT
  if xp_is_short "$XP_RULESET"; then return; fi
  xp_begin "$1"
  xp_print "$XP_RULESET" | xp_forwarding_nft "$2"
  xp_end "$1" 0
}

# The wanted chains as this nft spells them, unless all of them that tables of that family have are
# there word for word. Those that iptables-save has listed are iptables-nft's.
xp_spell_nft() { # ID FAMILY CHAINS-NOT-COMPARED CHAIN...
  xp_id=$1 xp_family=$2 xp_text=$3 xp_same=yes
  shift 3
  case $XP_RULESET in
  *"table $xp_family "*"	chain XPUSH-"*) ;;
  *) return ;;
  esac
  case $xp_family in
  ip) xp_listed=$XP_SAVED_4 ;;
  ip6) xp_listed=$XP_SAVED_6 ;;
  *) xp_listed= ;;
  esac
  case $xp_listed in
  *"$XP_NEWLINE# Table "?filter?" "*incompatible* | *"$XP_NEWLINE# Table "?raw?" "*incompatible*) ;;
  *"$XP_NEWLINE:XPUSH-"*) return ;;
  esac
  xp_found="$(xp_print "$XP_RULESET" | sed -n "/^table $xp_family /,/^}\$/p")
"
  for xp_chain; do
    xp_text=$xp_text$xp_chain
    case $xp_found in
    *"$xp_chain"*) ;;
    *"${xp_chain%%{*}{"*) xp_same= ;;
    esac
  done
  [ -z "$xp_same" ] || return 0
  xp_begin "$xp_id"
  xp_print "table $xp_family xpush {
$xp_text}
" | unshare -n sh -c 'nft -f /dev/stdin && nft -s list ruleset' 2>/dev/null
  xp_end "$xp_id" $?
}
