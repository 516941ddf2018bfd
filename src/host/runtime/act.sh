# shellcheck shell=sh
# What an act program is made of; it runs in the shell that ran the look program, whose functions
# are still there. Each change is a section whose status says: 0 done, 75 stale (the state is not
# the one that was planned from: nothing was touched), anything else failed.

XP_STALE=75

# The controller holds our standard input open; its end means that nobody is there any more.
xp_watch() {
  XP_GONE=
  trap 'XP_GONE=yes' USR1
  exec 3<&0
  (
    trap - USR1
    while read -r _; do :; done
    kill -USR1 $$ 2>/dev/null
  ) <&3 >/dev/null 2>&1 &
  XP_WATCHER=$!
}

xp_unwatch() {
  kill "$XP_WATCHER" 2>/dev/null
  wait "$XP_WATCHER" 2>/dev/null
  exec 3<&-
  trap - USR1
}

xp_do() { # ID FUNCTION ARGUMENTS...
  [ -z "$XP_GONE" ] || return 1
  xp_id=$1
  shift
  xp_begin "$xp_id"
  "$@" 2>&1 3<&-
  xp_status=$?
  xp_end "$xp_id" "$xp_status"
  return "$xp_status"
}

xp_refuse() { # MESSAGE...
  printf '%s\n' "$*"
  return 1
}

xp_is() { # WANTED ACTUAL
  [ "$1" = "$2" ] && return 0
  printf 'expected %s, found %s\n' "$1" "$2"
  return "$XP_STALE"
}

# Fails (stale) unless the listing is the one that was planned from.
xp_expect() { # FINGERPRINT COMMAND...
  xp_wanted=$1
  shift
  xp_is "$xp_wanted" "$("$@" 2>/dev/null | cksum)"
}

# absent | directory | special | unreadable | MODE UID GID CRC SIZE
xp_file_state() { # PATH
  if [ -f "$1" ] && [ -r "$1" ]; then
    xp_sum=$(cksum <"$1") || return
    xp_line=$(ls -ldnL "$1") || return
    set -f
    # shellcheck disable=SC2086 # split into fields
    set -- $xp_line
    set +f
    echo "${1%[+.@]} $3 $4 $xp_sum"
  elif [ -f "$1" ]; then
    echo unreadable
  elif [ -d "$1" ]; then
    echo directory
  elif [ -e "$1" ]; then
    echo special
  else
    echo absent
  fi
}

# The file that a chain of symbolic links ends at, in XP_REAL; readlink -f is not everywhere.
xp_resolve() { # PATH
  XP_REAL=$1
  xp_hops=0
  while [ -L "$XP_REAL" ]; do
    xp_hops=$((xp_hops + 1))
    [ "$xp_hops" -le 40 ] || xp_refuse "$1: too many levels of symbolic links" || return
    xp_link=$(readlink "$XP_REAL" && echo x) || return
    xp_link=${xp_link%?x} # names may end in newlines
    case $xp_link in
    /*) XP_REAL=$xp_link ;;
    *) XP_REAL=${XP_REAL%/*}/$xp_link ;;
    esac
  done
}

# sync(1) takes names since coreutils 8.24 and in busybox; a global sync can hang on a dead mount.
xp_durable() { # PATH
  sync "$1" 2>/dev/null || dd if=/dev/null of="$1" conv=notrunc,fsync 2>/dev/null || :
}

xp_decode() {
  if command -v base64 >/dev/null 2>&1; then
    base64 -d
  elif command -v openssl >/dev/null 2>&1; then
    openssl base64 -d
  else
    xp_refuse 'neither base64 nor openssl is installed: a content that is not plain text cannot be written'
  fi
}

# Replaces a file whole, or leaves it as it was: temporary file in the same directory (owner, mode,
# ACL and extended attributes copied from the old one), byte count, fsync, rename.
xp_write() { # PATH STATE MODE BYTES ENCODING <CONTENT
  xp_is "$2" "$(xp_file_state "$1")" || return
  xp_resolve "$1" || return
  xp_directory=${XP_REAL%/*}
  [ -d "${xp_directory:-/}" ] || xp_refuse "the directory ${xp_directory:-/} does not exist" || return
  xp_temporary=$xp_directory/.xpush-$$-$XP_NONCE
  xp_write_temporary "$@" || {
    xp_failure=$?
    rm -f "$xp_temporary"
    return "$xp_failure"
  }
  xp_is "$2" "$(xp_file_state "$1")" || {
    rm -f "$xp_temporary"
    return "$XP_STALE"
  }
  mv -f "$xp_temporary" "$XP_REAL" 2>/dev/null || xp_replace_in_place "$4" || return
  if [ "$2" = absent ] && command -v restorecon >/dev/null 2>&1; then
    restorecon "$XP_REAL" 2>/dev/null
  fi
  xp_durable "${xp_directory:-/}"
}

# The mode comes before the content; cp -a brings owner, mode, ACL, extended attributes and label.
xp_write_temporary() { # PATH STATE MODE BYTES ENCODING <CONTENT
  if [ "$2" = absent ]; then
    (umask 077 && set -C && : >"$xp_temporary") || return
  else
    cp -a "$XP_REAL" "$xp_temporary" 2>/dev/null || cp -p "$XP_REAL" "$xp_temporary" || return
  fi
  [ -z "$3" ] || chmod "$3" "$xp_temporary" || return
  if [ "$5" = base64 ]; then xp_decode >"$xp_temporary"; else cat >"$xp_temporary"; fi || return
  [ "$(($(wc -c <"$xp_temporary")))" = "$4" ] ||
    xp_refuse "$1: the content did not arrive whole (disk full?)" || return
  xp_durable "$xp_temporary"
}

# rename(2) is refused (EBUSY) where the path is a mount point.
xp_replace_in_place() { # BYTES
  if [ -f "$XP_REAL" ] && cat "$xp_temporary" >"$XP_REAL" && [ "$(($(wc -c <"$XP_REAL")))" = "$1" ]; then
    rm -f "$xp_temporary"
    echo 'replaced in place: rename was refused'
    return 0
  fi
  rm -f "$xp_temporary"
  xp_refuse "$XP_REAL could not be replaced (immutable, or read-only file system?)"
}

xp_remove() { # PATH STATE
  xp_is "$2" "$(xp_file_state "$1")" || return
  rm -f "$1" || return
  xp_durable "${1%/*}/"
}

xp_parameter() { # /proc/sys/PATH BEFORE VALUE
  xp_is "$2" "$(cat "$1" 2>/dev/null)" || return
  printf '%s\n' "$3" >"$1" || return
  [ "$(cat "$1")" = "$3" ] || xp_refuse "the kernel did not take $3: it says $(cat "$1")"
}

# The rules and the payload come from one plan: restored as one transaction.
xp_swap_chains() { # SED-SCRIPT FINGERPRINT <PAYLOAD
  [ -z "$2" ] || xp_expect "$2" xp_list_chains "$1" || return
  if iptables-restore --help 2>&1 | grep -q -e '--wait'; then
    iptables-restore --noflush --wait 5
  else
    iptables-restore --noflush
  fi
}

# One operation a line on standard input; stops at the first that fails.
xp_routing() { # RULES-FINGERPRINT ROUTES-FINGERPRINT <OPERATIONS
  [ -z "$1" ] || xp_expect "$1" xp_list_rules || return
  [ -z "$2" ] || xp_expect "$2" xp_list_routes || return
  while read -r xp_operation; do
    set -f
    # shellcheck disable=SC2086 # words of a whitelist: names, numbers and addresses
    set -- $xp_operation
    set +f
    ip -4 "$@" </dev/null || xp_refuse "failed: ip -4 $xp_operation" || return
  done
}

# The output is capped here: how much a host sends is not the host's to decide.
xp_command() ( # DIRECTORY WORDS...
  if [ -n "$1" ]; then cd "$1" || exit; fi
  shift
  exec 5>&1
  xp_status=$(
    {
      {
        "$@" </dev/null 2>&1 4>&- 5>&-
        echo $? >&4
      } | {
        head -c 65536
        cat >/dev/null
      } >&5 4>&-
    } 4>&1
  )
  exit "$xp_status"
)
