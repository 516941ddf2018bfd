# shellcheck shell=sh
# Looking at the chains of iptables. Nothing in here writes: wanted rules are tried in a network
# namespace that ends with the process.

unset -f ip6tables-restore ip6tables-save iptables-restore iptables-save unshare

# Chains as iptables-save prints them, without counters; sed's script names the chains. Without -t,
# as that creates the table in the legacy back end: looking would write.
xp_list_chains() { # FAMILY SED-SCRIPT
  xp_tables "$1"
  { "$XP_TABLES-save" || echo "#status $?"; } | xp_filter_chains "$2"
}

xp_filter_chains() { # SED-SCRIPT <SAVED
  sed -n -e '/^#status/p' -e "$1"
}

xp_tables() { # FAMILY
  case $1 in 6) XP_TABLES=ip6tables ;; *) XP_TABLES=iptables ;; esac
}

# The same between newlines.
xp_print_chains() { # FAMILY SED-SCRIPT
  xp_print "
$(xp_list_chains "$1" "$2")
"
}

# What iptables-save prints, between newlines, in XP_SAVED and by its family; all of it is told where
# it is short.
xp_keep_saved() { # FAMILY
  xp_tables "$1"
  case $1 in 6) XP_SAVED=$XP_SAVED_6 ;; *) XP_SAVED=$XP_SAVED_4 ;; esac
  [ -z "$XP_SAVED" ] || return 0
  xp_is_bare "$1" || XP_SAVED=$("$XP_TABLES-save") ||
    XP_SAVED="$XP_SAVED${XP_SAVED:+$XP_NEWLINE}#status $?"
  XP_SAVED=$XP_NEWLINE$XP_SAVED$XP_NEWLINE
  # shellcheck disable=SC2034 # for nft.sh and facts-firewalls.sh
  case $1 in 6) XP_SAVED_6=$XP_SAVED ;; *) XP_SAVED_4=$XP_SAVED ;; esac
  ! xp_is_short "$XP_SAVED" || xp_collect "saved$1" xp_add "$XP_SAVED"
}

# Whether iptables-save would print nothing, where the ruleset of nftables or the kernel tell so.
xp_is_bare() { # FAMILY
  xp_find "$XP_TABLES-save" || return
  case $1 in 6) xp_names=/proc/net/ip6_tables_names ;; *) xp_names=/proc/net/ip_tables_names ;; esac
  # shellcheck disable=SC3013 # dash, busybox, bash and ksh have -ef
  if [ "$XP_FOUND" -ef "${XP_FOUND%/*}/xtables-nft-multi" ]; then
    case $1,$XP_NEWLINE$XP_RULESET in
    ?,"$XP_NEWLINE" | *"$XP_NEWLINE#status "*) return 1 ;; # nobody asked, or it can't be told
    4,*"${XP_NEWLINE}table ip "* | 6,*"${XP_NEWLINE}table ip6 "*) return 1 ;;
    esac
  elif [ "$XP_FOUND" -ef "${XP_FOUND%/*}/xtables-legacy-multi" ]; then
    [ -r "$xp_names" ] && ! read -r _ <"$xp_names"
  else
    return 1
  fi
}

# Whether a name of iptables' leads to the program that makes tables of nftables.
xp_is_nft() { # NAME
  # shellcheck disable=SC3013 # dash, busybox, bash and ksh have -ef
  xp_find "$1" && [ "$XP_FOUND" -ef "${XP_FOUND%/*}/xtables-nft-multi" ]
}

# Of what xp_keep_saved has kept of a family, in XP_SAVED, the chains that sed's script names, in XP_CHAINS;
# where it is short, and nothing in it could be taken for what is in the filter table, all of it.
xp_cut_saved() { # FAMILY SED-SCRIPT
  case $1 in 6) XP_SAVED=$XP_SAVED_6 ;; *) XP_SAVED=$XP_SAVED_4 ;; esac
  XP_CHAINS=$XP_SAVED
  case $XP_SAVED in
  *"$XP_NEWLINE*raw$XP_NEWLINE"*) ;;
  *) if xp_is_short "$XP_SAVED"; then return; fi ;;
  esac
  XP_CHAINS="
$(xp_print "$XP_SAVED" | xp_filter_chains "$2")
"
}

# What has not been told whole.
xp_look_chains() { # ID FAMILY SED-SCRIPT
  case $2 in 6) XP_SAVED=$XP_SAVED_6 ;; *) XP_SAVED=$XP_SAVED_4 ;; esac
  if xp_is_short "$XP_SAVED"; then return; fi
  xp_cut_saved "$2" "$3"
  xp_collect "$1" xp_add "$XP_CHAINS"
}

# The wanted chains as this host's tools spell them, unless none of them is there or all are there
# word for word. Each table is the lines that begin it, and the rules of each chain; those of the raw
# table once more as sed's script names them.
xp_spell_chains() { # ID FAMILY SED-SCRIPT [TABLE [RULES-OF-A-CHAIN]...]...
  xp_id=$1 xp_family=$2 xp_script=$3
  shift 3
  xp_cut_saved "$xp_family" "$xp_script"
  xp_any='' xp_same=yes xp_payload='' xp_commit=''
  while [ $# -gt 0 ]; do
    case $1 in
    '*'*)
      xp_payload=$xp_payload$xp_commit$1 xp_commit="COMMIT$XP_NEWLINE"
      case $1 in '*raw'*) xp_twice=yes ;; *) xp_twice= ;; esac
      shift
      continue
      ;;
    esac
    xp_payload=$xp_payload$1
    [ -z "$xp_twice" ] || shift
    xp_chain=${1#???}
    case $XP_CHAINS in
    *"$XP_NEWLINE-A ${xp_chain%% *} "*) xp_any=yes ;;
    esac
    case $XP_CHAINS in
    *"$XP_NEWLINE$1"*) ;;
    *) xp_same= ;;
    esac
    shift
  done
  [ -n "$xp_any" ] && [ -z "$xp_same" ] || return 0
  xp_tables "$xp_family"
  xp_begin "$xp_id"
  # the lock is of the file system, not of the network
  # shellcheck disable=SC2016 # for the other shell
  xp_print "$xp_payload$xp_commit" | XTABLES_LOCKFILE=/dev/null unshare -n sh -c \
    '"$1-restore" && "$1-save"' sh "$XP_TABLES" 2>/dev/null | xp_filter_chains "$xp_script"
  xp_end "$xp_id" 0
}
