# shellcheck shell=sh
# What a look program is made of. Nothing in here writes.
# Sections on standard output: "\n@NONCE begin ID\n" BODY "\n@NONCE end ID STATUS\n"; the program
# ends by "\n@NONCE done COUNT\n". Only lines with the run's nonce count, so noise does no harm.

# A login's environment can turn any command into another one: exported functions (bash), options
# (SHELLOPTS), variables that ls, grep and read obey.
xp_setup() { # NONCE
  set +x +v +a +e +f +u +C
  unset -f '[' base64 cat cd chmod cksum command cp dd echo grep head ip iptables-restore \
    iptables-save kill ls mkdir mv openssl print printf read readlink restorecon rm sed sh sha256sum \
    sleep sync test umask wait
  unset BASH_ENV BLOCK_SIZE CDPATH ENV GREP_OPTIONS LS_BLOCK_SIZE POSIXLY_CORRECT QUOTING_STYLE \
    TIME_STYLE TMOUT
  XP_NONCE=$1 XP_COUNT=0
  IFS=' 	
'
  LC_ALL=C
  PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
  export LC_ALL PATH
  umask 022
  case ${KSH_VERSION-} in
  *MIRBSD*) XP_PRINT='print -nr --' ;; # it has no printf of its own: contents would be in argv
  *) XP_PRINT='printf %s' ;;
  esac
}

xp_print() { # TEXT
  # shellcheck disable=SC2086 # split into words
  $XP_PRINT "$1"
}

xp_begin() { # ID
  xp_print "
@$XP_NONCE begin $1
"
}

xp_end() { # ID STATUS
  xp_print "
@$XP_NONCE end $1 $2
"
  XP_COUNT=$((XP_COUNT + 1))
}

xp_done() {
  xp_print "
@$XP_NONCE done $XP_COUNT
"
  XP_COUNT=0
}

xp_section() { # ID COMMAND...
  xp_id=$1
  shift
  xp_begin "$xp_id"
  "$@"
  xp_end "$xp_id" $?
}

# One word a path, then `ls` of the readable files, then their bytes one after the other: two
# processes, however many files; a third sums them up when one is too large to be read whole.
xp_files() { # PATH...
  xp_begin files
  xp_left=$#
  while [ "$xp_left" -gt 0 ]; do
    xp_path=$1
    shift
    xp_left=$((xp_left - 1))
    xp_type "$xp_path"
    echo "$XP_TYPE"
    [ "$XP_TYPE" != file ] || set -- "$@" "$xp_path"
  done
  if [ $# -eq 0 ]; then
    xp_end files 0
    return
  fi
  xp_list=$(ls -ldnL "$@")
  xp_end_list=$?
  xp_print "$xp_list
"
  xp_end files "$xp_end_list"
  xp_section contents head -q -c 262144 "$@"
  ! xp_has_large "$xp_list" || xp_section sums xp_sum_files "$@"
}

xp_sum_files() { # PATH...
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$@"; else cksum "$@"; fi
}

# file | unreadable | directory | special | absent, in XP_TYPE. What is no file is never opened, and
# what the kernel makes up as it is read has no size to go by.
xp_type() { # PATH
  if [ -f "$1" ] && [ -r "$1" ]; then
    case $1 in
    /proc/* | /sys/*) XP_TYPE=special ;;
    *) XP_TYPE='file' ;;
    esac
  elif [ -f "$1" ]; then
    XP_TYPE=unreadable
  elif [ -d "$1" ]; then
    XP_TYPE=directory
  elif [ -e "$1" ]; then
    XP_TYPE=special
  else
    XP_TYPE=absent
  fi
}

xp_has_large() { # LINES-OF-LS
  set -f
  IFS='
'
  # shellcheck disable=SC2086 # split into lines
  set -- $1
  IFS=' 	
'
  XP_LARGE=
  for xp_line; do
    # shellcheck disable=SC2086 # split into fields
    xp_note_large $xp_line
  done
  set +f
  [ -n "$XP_LARGE" ]
}

xp_note_large() { # MODE LINKS UID GID SIZE ...
  [ "$5" -le 262144 ] || XP_LARGE=yes
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
xp_ip() { # FAMILY WORDS...
  xp_family=$1
  shift
  if xp_list=$(ip -N "-$xp_family" "$@" 2>/dev/null); then
    xp_print "$xp_list
"
  else
    sed 's/^/#/' /etc/iproute2/rt_tables 2>/dev/null
    echo # its last line may have no end
    ip "-$xp_family" "$@"
  fi
}

xp_list_rules() { # FAMILY
  xp_ip "$1" rule show
}

xp_list_routes() { # FAMILY
  xp_ip "$1" route show table all
}

# Chains of the filter table as iptables-save prints them, without counters; sed's script names
# the chains. Without -t, as that creates the table in the legacy back end: looking would write.
xp_list_chains() { # FAMILY SED-SCRIPT
  xp_tables "$1"
  { "$XP_TABLES-save" || echo "#status $?"; } |
    sed -n -e '/^#status/p' -e '/^# Table .filter. .*incompatible/p' \
      -e '/^\*filter/,/^COMMIT/{' -e 's/ \[[0-9]*:[0-9]*\]$//' -e "$2" -e '}'
}

xp_tables() { # FAMILY
  case $1 in 6) XP_TABLES=ip6tables ;; *) XP_TABLES=iptables ;; esac
}

xp_session() {
  xp_print "${SSH_CONNECTION-}"
}
