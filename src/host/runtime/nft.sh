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

# The ruleset, in XP_RULESET; all of it is told where it is short.
xp_look_ruleset() {
  XP_RULESET=$(nft -s list ruleset 2>/dev/null) ||
    XP_RULESET="$XP_RULESET${XP_RULESET:+$XP_NEWLINE}#status $?"
  XP_RULESET=$XP_RULESET$XP_NEWLINE
  ! xp_is_short "$XP_RULESET" || xp_section ruleset xp_print "$XP_RULESET"
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
