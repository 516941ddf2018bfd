# shellcheck shell=sh
# Looking at the chains of iptables. Nothing in here writes: wanted rules are tried in a network
# namespace that ends with the process.

unset -f ip6tables-restore ip6tables-save iptables-restore iptables-save unshare

# Chains as iptables-save prints them, without counters; sed's script names the chains. Without -t,
# as that creates the table in the legacy back end: looking would write.
xp_list_chains() { # FAMILY SED-SCRIPT
  xp_tables "$1"
  { "$XP_TABLES-save" || echo "#status $?"; } | sed -n -e '/^#status/p' -e "$2"
}

xp_tables() { # FAMILY
  case $1 in 6) XP_TABLES=ip6tables ;; *) XP_TABLES=iptables ;; esac
}

# The same, kept in XP_CHAINS between newlines, and by its family.
xp_print_chains() { # FAMILY SED-SCRIPT
  XP_CHAINS="
$(xp_list_chains "$1" "$2")
"
  # shellcheck disable=SC2034 # for nft.sh
  case $1 in 6) XP_CHAINS_6=$XP_CHAINS ;; *) XP_CHAINS_4=$XP_CHAINS ;; esac
  xp_print "$XP_CHAINS"
}

# The wanted chains as this host's tools spell them, unless none of them is there or all are there
# word for word, in what xp_print_chains has just printed.
xp_spell_chains() { # ID FAMILY SED-SCRIPT PAYLOAD RULES-OF-A-CHAIN...
  xp_id=$1 xp_family=$2 xp_script=$3 xp_payload=$4
  shift 4
  xp_any='' xp_same=yes
  for xp_rules; do
    xp_chain=${xp_rules#???}
    case $XP_CHAINS in
    *"
-A ${xp_chain%% *} "*) xp_any=yes ;;
    esac
    case $XP_CHAINS in
    *"
$xp_rules"*) ;;
    *) xp_same= ;;
    esac
  done
  [ -n "$xp_any" ] && [ -z "$xp_same" ] || return 0
  xp_tables "$xp_family"
  xp_begin "$xp_id"
  # the lock is of the file system, not of the network
  # shellcheck disable=SC2016 # for the other shell
  xp_print "$xp_payload" | XTABLES_LOCKFILE=/dev/null unshare -n sh -c \
    '"$1-restore" && "$1-save"' sh "$XP_TABLES" 2>/dev/null | sed -n -e "$xp_script"
  xp_end "$xp_id" 0
}
