# shellcheck shell=sh
# What filters, and how it lasts. Nothing in here writes, or loads a kernel module.

unset -f ip6tables-legacy-save ip6tables-nft-save ip6tables-save iptables \
  iptables-legacy-save iptables-nft-save nft uname

xp_firewalls() {
  for xp_tool in nft iptables-nft-save iptables-legacy-save iptables-save netfilter-persistent ifup; do
    xp_flag "$xp_tool" xp_find "$xp_tool"
  done
  xp_flag nftables.service xp_any /etc/systemd/system/*.target.wants/nftables.service
  xp_flag if-pre-up.d test -d /etc/network/if-pre-up.d
  xp_flag systemd test -d /run/systemd/system
  xp_iptables
  if xp_has_nft; then
    if xp_find nft; then
      xp_tell_nft
    else
      xp_saved nft iptables-nft-save ip6tables-nft-save
    fi
  fi
  # the tables that there are: to ask the old back end for another one is to make it
  ! xp_has_line /proc/net/ip_tables_names || xp_saved legacy iptables-legacy-save
  ! xp_has_line /proc/net/ip6_tables_names || xp_saved legacy ip6tables-legacy-save
}

xp_has_line() { # FILE
  [ -r "$1" ] && read -r _ <"$1"
}

# Which iptables it is, in XP_IPTABLES: since 1.8 the file that all its names lead to tells.
xp_iptables() {
  XP_IPTABLES=
  xp_find iptables || return 0
  for xp_backend in nft legacy; do
    # shellcheck disable=SC3013 # dash, busybox, bash and ksh have -ef
    [ "$XP_FOUND" -ef "${XP_FOUND%/*}/xtables-$xp_backend-multi" ] || continue
    XP_IPTABLES=xtables-$xp_backend
    xp_add "iptables:$XP_IPTABLES$XP_NEWLINE"
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

# `has:ruleset` where all of it has been told, `has:beside` where iptables-save tells it.
xp_tell_nft() {
  if [ -n "$XP_BESIDE" ]; then
    xp_add "has:beside$XP_NEWLINE"
    return
  fi
  case $XP_RULESET in
  '' | *'#status '*)
    xp_flush
    nft -n list ruleset 2>/dev/null | xp_outline_nft
    ;;
  *)
    if xp_is_short "$XP_RULESET"; then
      xp_add "has:ruleset$XP_NEWLINE"
    else
      xp_flush
      xp_print "$XP_RULESET" | xp_outline_nft
    fi
    ;;
  esac
}

# Tables, what is in them, and a word for each rule: it may have thousands.
xp_outline_nft() { # <RULESET
  sed -n -e 's/^table /nft:table /p' \
    -e 's/^	\([a-z]\)/nft:block \1/p' \
    -e 's/^		type \(.* hook .*\)/nft:hook \1/p' -e t \
    -e 's/^		[^	].*/nft:rule/p'
}

# The same of iptables-save; `has:saved4` or `has:saved6` where all of it has been told.
xp_saved() { # WORD COMMAND...
  xp_word=$1
  shift
  for xp_tool; do
    xp_backend=${xp_tool#*-}
    # before 1.8 the one back end has no name of its own
    if ! xp_find "$xp_tool"; then
      case $xp_backend,$XP_IPTABLES in
      legacy-save,*nf_tables* | legacy-save,xtables-nft) continue ;;
      legacy-save,* | *nf_tables* | *,xtables-nft) xp_tool=${xp_tool%%-*}-save ;;
      *) continue ;;
      esac
    fi
    if xp_is_saved "$xp_word" "$xp_tool"; then continue; fi
    xp_flush
    "$xp_tool" 2>/dev/null | sed -n -e "s/^\\*/$xp_word:table /p" \
      -e "s/^:\\([^ ]*\\) DROP .*/$xp_word:drop \\1/p" -e "s/^-A \\([^ ]*\\).*/$xp_word:rule \\1/p"
  done
}

xp_is_saved() { # WORD COMMAND
  case $2 in
  ip6*) xp_text=$XP_SAVED_6 xp_family=6 ;;
  *) xp_text=$XP_SAVED_4 xp_family=4 ;;
  esac
  [ "$1" = legacy ] && [ -n "$xp_text" ] && xp_is_short "$xp_text" && xp_find "$2" || return
  xp_saves=$XP_FOUND
  # shellcheck disable=SC3013 # dash, busybox, bash and ksh have -ef
  xp_find "${2%%-*}-save" && [ "$XP_FOUND" -ef "$xp_saves" ] && xp_add "has:saved$xp_family$XP_NEWLINE"
}
