# shellcheck shell=sh
# What a look program is made of. Nothing in here writes.
# Sections on standard output: "\n@NONCE begin ID\n" BODY "\n@NONCE end ID STATUS\n"; the program
# ends by "\n@NONCE done COUNT\n". Only lines with the run's nonce count, so noise does no harm.

xp_setup() { # NONCE
  XP_NONCE=$1 XP_COUNT=0
  set +e +u +x +f
  IFS=' 	
'
  LC_ALL=C
  export LC_ALL
  unset CDPATH ENV BASH_ENV POSIXLY_CORRECT
  PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
  export PATH
  umask 022
}

xp_begin() { # ID
  printf '\n@%s begin %s\n' "$XP_NONCE" "$1"
}

xp_end() { # ID STATUS
  printf '\n@%s end %s %s\n' "$XP_NONCE" "$1" "$2"
  XP_COUNT=$((XP_COUNT + 1))
}

xp_done() {
  printf '\n@%s done %s\n' "$XP_NONCE" "$XP_COUNT"
  XP_COUNT=0
}

xp_section() { # ID COMMAND...
  xp_id=$1
  shift
  xp_begin "$xp_id"
  "$@"
  xp_end "$xp_id" $?
}

# One word a path, then `ls` of the readable files, then their bytes one after the other:
# three processes at most, however many files.
xp_files() { # PATH...
  xp_begin files
  xp_left=$#
  while [ "$xp_left" -gt 0 ]; do
    xp_path=$1
    shift
    xp_left=$((xp_left - 1))
    if [ -f "$xp_path" ] && [ -r "$xp_path" ]; then
      echo file
      set -- "$@" "$xp_path"
    elif [ -f "$xp_path" ]; then
      echo unreadable
    elif [ -d "$xp_path" ]; then
      echo directory
    elif [ -e "$xp_path" ]; then
      echo special
    else
      echo absent
    fi
  done
  if [ $# -eq 0 ]; then
    xp_end files 0
    return
  fi
  ls -ldnL "$@"
  xp_end files $?
  xp_section contents head -q -c 262144 "$@"
}

xp_parameters() { # /proc/sys/PATH...
  xp_begin parameters
  grep -s '' /dev/null "$@" # not `read`: dash sees only the first byte of /proc/sys
  xp_end parameters 0
}

xp_tools() { # NAME...
  for xp_tool; do
    if command -v "$xp_tool" >/dev/null 2>&1; then echo yes; else echo no; fi
  done
}

# Numeric tables where `ip` can (-N); elsewhere the names in force come first, marked by '#'.
xp_ip() { # WORDS...
  ip -N -4 "$@" 2>/dev/null && return 0
  sed 's/^/#/' /etc/iproute2/rt_tables 2>/dev/null
  ip -4 "$@"
}

xp_list_rules() {
  xp_ip rule show
}

xp_list_routes() {
  xp_ip route show table all
}

# Chains as iptables-save prints them, without counters; sed's script names the chains.
xp_list_chains() { # SED-SCRIPT
  { iptables-save -t filter || echo "#status $?"; } |
    sed -n -e 's/ \[[0-9]*:[0-9]*\]$//' -e '/^#status/p' -e '/incompatible/p' -e "$1"
}

xp_session() {
  printf '%s' "$SSH_CONNECTION"
}
