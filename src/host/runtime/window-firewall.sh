# shellcheck shell=sh
# Firewalls: all that can hold rules, whichever one is used. Neither kind of iptables shows the rules
# of the other, and neither those of native nftables.

# Both kinds, in XP_FIREWALLS; an old host has one, under its plain name.
xp_find_firewalls() {
  XP_FIREWALLS=
  for xp_tool in iptables ip6tables; do
    for xp_kind in "$xp_tool-legacy" "$xp_tool-nft"; do
      if command -v "$xp_kind-save" >/dev/null 2>&1; then XP_FIREWALLS="$XP_FIREWALLS $xp_kind"; fi
    done
    case $XP_FIREWALLS in *"$xp_tool-"*) continue ;; esac
    if command -v "$xp_tool-save" >/dev/null 2>&1; then XP_FIREWALLS="$XP_FIREWALLS $xp_tool"; fi
  done
}

# A kernel without that kind has no rules of it. Without -t, as that would make the table. As they are
# printed: what is no setting is left out when they are compared.
xp_snapshot_firewalls() {
  xp_find_firewalls
  if command -v nft >/dev/null 2>&1; then nft -s list ruleset >live/nft 2>/dev/null || rm -f live/nft; fi
  for xp_firewall in $XP_FIREWALLS; do
    if xp_is_unused "$xp_firewall"; then
      true >"live/$xp_firewall"
    elif ! "$xp_firewall-save" >"live/$xp_firewall" 2>/dev/null; then
      rm -f "live/$xp_firewall"
      continue
    fi
    if [ -n "$XP_RULES" ] && ! command -v "$xp_firewall-restore" >/dev/null 2>&1; then
      xp_refuse "the host has no $xp_firewall-restore, which xpush needs to be able to undo changes of its firewall; install iptables: nothing was changed"
      return
    fi
  done
}

# Without any table there is nothing to save.
xp_is_unused() { # FIREWALL
  case $1 in
  *-nft) [ -e live/nft ] && [ ! -s live/nft ] ;;
  iptables-legacy) ! read -r _ </proc/net/ip_tables_names ;;
  ip6tables-legacy) ! read -r _ </proc/net/ip6_tables_names ;;
  *) return 1 ;;
  esac
} 2>/dev/null

# Without comments and counts, which are no settings.
xp_plain_tables() { # FILE
  sed -e '/^#/d' -e '/^$/d' -e 's/^\(:.*\) \[[0-9]*:[0-9]*\]$/\1/' -e 's/^\[[0-9]*:[0-9]*\] //' "$1"
}

xp_save_tables() { # FIREWALL
  "$1-save" >now/tables 2>/dev/null && xp_plain_tables now/tables
}

xp_native_tables() {
  command -v nft >/dev/null 2>&1 && nft -s list ruleset >now/ruleset 2>/dev/null || return
  for xp_firewall in iptables ip6tables; do
    "$xp_firewall-nft-save" >"now/$xp_firewall-nft" 2>/dev/null || rm -f "now/$xp_firewall-nft"
  done
  xp_without_theirs now/ruleset now
}

# Tables of nftables that are not iptables-nft's: those it can save itself.
xp_without_theirs() { # RULESET DIRECTORY-OF-SAVED
  xp_theirs=
  for xp_tool in iptables:ip ip6tables:ip6; do
    [ -s "$2/${xp_tool%:*}-nft" ] || continue
    # shellcheck disable=SC2013 # a name has no blanks
    for xp_table in $(sed -n 's/^\*//p' "$2/${xp_tool%:*}-nft"); do
      xp_theirs="$xp_theirs -e /^table${XP_SPACE}${xp_tool#*:}${XP_SPACE}$xp_table${XP_SPACE}{/,/^}/d"
    done
  done
  set -f
  # shellcheck disable=SC2086 # expressions without blanks
  sed -e '/^#/d' -e '/^$/d' -e 's/ expires [0-9a-z]*//g' $xp_theirs "$1"
  xp_failure=$?
  set +f
  return "$xp_failure"
}

# The snapshot of a firewall as it is compared, in now/saved.
xp_was() { # FIREWALL|nft
  [ -e "live/$1" ] || return
  case $1 in
  nft) xp_without_theirs live/nft live ;;
  *) xp_plain_tables "live/$1" ;;
  esac >now/saved
}
XP_SPACE='[[:space:]]'

# A table a line, in any order: one that is made again comes last. Without the elements of sets that
# packets and time add and remove, which are no settings.
xp_steady() {
  sed -e '/^'"$XP_SPACE"'*flags .*\(dynamic\|timeout\)/,/^'"$XP_SPACE"'}$/{' \
    -e '/ *elements = .*}$/d' -e '/ *elements = /,/}$/d' -e '}' |
    sed -n -e H -e '/^}$/{' -e x -e 's/\n/;/g' -e p -e 's/.*//' -e x -e '}' | sort
}

# What is loaded may be listed in other words than before: `{ 1-5 }` as `1-5`.
xp_is_native_back() {
  xp_same_native now/saved now/is || { [ -s now/loaded ] && xp_same_native now/loaded now/is; }
}

xp_same_native() { # FILE FILE
  xp_steady <"$1" >now/steady
  xp_steady <"$2" | cmp -s - now/steady
}

xp_restore_firewalls() {
  xp_find_firewalls
  for xp_firewall in $XP_FIREWALLS; do
    if ! xp_was "$xp_firewall" || ! xp_save_tables "$xp_firewall" >now/is; then continue; fi
    if xp_same_tables now/saved now/is; then continue; fi
    xp_tables_back now/saved now/is >now/payload
    xp_load_back "$xp_firewall"
  done
  xp_was nft && xp_native_tables >now/is || return 0
  xp_is_native_back || xp_load_native_back
}

# A table without a rule and one that is not there are the same.
xp_same_tables() { # SNAPSHOT NOW
  cmp -s "$1" "$2" && return
  xp_used_tables <"$1" >now/used.was
  xp_used_tables <"$2" | cmp -s - now/used.was
}

xp_used_tables() {
  sed -e '/^\*/{' -e h -e d -e '}' -e H -e '/^COMMIT/!d' -e x \
    -e '/\n-A/b' -e '/\n:[^ ]* DROP/b' -e '/\n:[^ ]* -/b' -e d
}

# The snapshot, and nothing for tables that it does not have: a restore leaves those alone.
xp_tables_back() { # SNAPSHOT NOW
  cat "$1"
  # shellcheck disable=SC2013 # a name has no blanks
  for xp_table in $(sed -n 's/^\*//p' "$2"); do
    if grep -q "^\*$xp_table\$" "$1"; then continue; fi
    echo "*$xp_table"
    sed -n "/^\*$xp_table\$/,/^COMMIT/s/^\(:[^ ]*\) \(ACCEPT\|DROP\)\$/\1 ACCEPT/p" "$2"
    echo COMMIT
  done
}

# A transaction a table: -w waits for who holds the lock, where it is known.
xp_load_back() { # FIREWALL
  if xp_said=$("$1-restore" -w 5 <now/payload 2>&1) || xp_said=$("$1-restore" <now/payload 2>&1); then
    xp_note "rules of $1 are put back"
  else
    xp_note "rules of $1: $xp_said"
  fi
}

# One transaction: each table that differs goes, and comes again as it was.
xp_load_native_back() {
  true >now/payload
  xp_seen=' '
  # shellcheck disable=SC2013 # words without blanks
  for xp_table in $(sed -n 's/^table \([^ ]*\) \([^ ]*\) {.*/\1:\2/p' now/saved now/is); do
    case $xp_seen in *" $xp_table "*) continue ;; esac
    xp_seen="$xp_seen$xp_table "
    xp_family=${xp_table%%:*} xp_table=${xp_table#*:}
    xp_native_table "$xp_family" "$xp_table" now/saved >now/was
    xp_native_table "$xp_family" "$xp_table" now/is >now/raw
    if xp_same_native now/was now/raw; then continue; fi
    {
      echo "table $xp_family $xp_table {"
      echo '}'
      echo "delete table $xp_family $xp_table"
      cat now/was
    } >>now/payload
  done
  if xp_said=$(nft -f now/payload 2>&1); then
    xp_native_tables >now/loaded
    xp_note 'rules of nftables are put back'
  else
    xp_note "rules of nftables: $xp_said"
  fi
}

xp_native_table() { # FAMILY TABLE FILE
  sed -n "/^table $1 $2 {/,/^}/p" "$3"
}

xp_verify_firewalls() {
  for xp_firewall in $XP_FIREWALLS; do
    [ -e "live/$xp_firewall" ] || continue
    if xp_was "$xp_firewall" && xp_save_tables "$xp_firewall" >now/is && xp_same_tables now/saved now/is; then continue; fi
    xp_bad "firewall ($xp_firewall)"
  done
  [ -e live/nft ] || return 0
  if xp_was nft && xp_native_tables >now/is && xp_is_native_back; then return 0; fi
  xp_bad 'firewall (nftables)'
}

# The last resort, when the inventory asks for it: whoever runs xpush gets in by SSH.
xp_open_port() {
  xp_read_word port 22
  XP_PORT=$XP_WORD
  xp_note "letting ${XP_CONTROLLER:-everybody} in on port $XP_PORT, as the inventory says"
  xp_find_firewalls
  case $XP_CONTROLLER in *:*) xp_saddr='ip6 saddr' ;; *) xp_saddr='ip saddr' ;; esac
  for xp_firewall in $XP_FIREWALLS; do
    case $xp_firewall,$XP_CONTROLLER in
    ip6*,*:* | iptables*,*.* | *,) ;;
    *) continue ;;
    esac
    # shellcheck disable=SC2086 # words
    "$xp_firewall" -I INPUT -p tcp --dport "$XP_PORT" ${XP_CONTROLLER:+-s "$XP_CONTROLLER"} -j ACCEPT
    "$xp_firewall" -I OUTPUT -p tcp --sport "$XP_PORT" ${XP_CONTROLLER:+-d "$XP_CONTROLLER"} -j ACCEPT
  done
  [ -e live/nft ] || return 0
  xp_native_tables >now/is
  sed -n -e '/^table /h' -e '/^	chain /{' -e G -e h -e '}' -e '/^		type filter hook input /{' -e g -e p -e '}' now/is >now/raw
  xp_open_chains <now/raw
} 2>>log

# Pairs of lines: a chain, and its table.
xp_open_chains() {
  while read -r _ xp_chain _ && read -r _ xp_family xp_table _; do
    # shellcheck disable=SC2086 # words
    nft insert rule "$xp_family" "$xp_table" "$xp_chain" ${XP_CONTROLLER:+$xp_saddr "$XP_CONTROLLER"} tcp dport "$XP_PORT" accept
  done
}
