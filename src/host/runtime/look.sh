# shellcheck shell=sh
# What a look program is made of. Nothing in here writes.
# Sections on standard output: "\n@NONCE begin ID\n" BODY "\n@NONCE end ID STATUS\n"; the program
# ends by "\n@NONCE done COUNT\n". Only lines with the run's nonce count, so noise does no harm.

# A login's environment can turn any command into another one: exported functions (bash), options
# (SHELLOPTS), variables that ls, grep and read obey.
xp_setup() { # NONCE
  set +x +v +a +e +f +u +C
  unset -f '[' base64 cat cd chmod chown cksum cmp command cp dd echo find grep head id ip kill \
    ln logger ls mkdir mkfifo mv openssl print printf read readlink restorecon rm rmdir sed setsid sh \
    sha256sum sleep sort sync tail test timeout tr umask uname wait wc
  # shellcheck disable=SC3044 # bash's own, and only there
  [ -z "${BASH_VERSION-}" ] || shopt -u dotglob failglob nocaseglob nullglob
  unset BASH_ENV BLOCK_SIZE CDPATH ENV GLOBIGNORE GREP_OPTIONS LS_BLOCK_SIZE POSIXLY_CORRECT QUOTING_STYLE \
    TIME_STYLE TMOUT
  XP_NONCE=$1 XP_COUNT=0 XP_OUTPUT=
  XP_NEWLINE='
'
  XP_BLANKS=" 	$XP_NEWLINE"
  IFS=$XP_BLANKS
  xp_forget
  LC_ALL=C
  PATH=${PATH:-/usr/bin:/bin}
  for xp_place in /usr/local/sbin /usr/sbin /sbin; do
    case :$PATH: in *":$xp_place:"*) ;; *) PATH=$PATH:$xp_place ;; esac
  done
  command -v cat >/dev/null 2>&1 || PATH=$PATH:/usr/bin:/bin # a login may have lost its own
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

# Each write travels by itself, and costs both ends more than what is in it: what is known is kept
# until a program writes.
xp_add() { # TEXT
  XP_OUTPUT=$XP_OUTPUT$1
}

xp_flush() {
  [ -z "$XP_OUTPUT" ] || xp_print "$XP_OUTPUT"
  XP_OUTPUT=
}

xp_add_begin() { # ID
  xp_add "$XP_NEWLINE@$XP_NONCE begin $1$XP_NEWLINE"
}

xp_add_end() { # ID STATUS
  xp_add "$XP_NEWLINE@$XP_NONCE end $1 $2$XP_NEWLINE"
  XP_COUNT=$((XP_COUNT + 1))
}

xp_begin() { # ID
  xp_add_begin "$1"
  xp_flush
}

xp_end() { # ID STATUS
  xp_add_end "$1" "$2"
  xp_flush
}

xp_done() {
  xp_add "$XP_NEWLINE@$XP_NONCE done $XP_COUNT$XP_NEWLINE"
  xp_flush
  XP_COUNT=0
  xp_forget
}

# What one part of a look has listed serves the others; the next look sees for itself.
xp_forget() {
  # shellcheck disable=SC2034
  XP_SAVED_4='' XP_SAVED_6='' XP_RULESET='' XP_BESIDE='' XP_PARAMETERS=''
}

# What is longer is cut by the host, by a program more.
xp_is_short() { # TEXT
  [ "${#1}" -le 32768 ]
}

# Of a command that writes.
xp_section() { # ID COMMAND...
  xp_id=$1
  shift
  xp_begin "$xp_id"
  "$@"
  xp_end "$xp_id" $?
}

# Of a command that adds, and flushes before another program of its own writes.
xp_collect() { # ID COMMAND...
  xp_id=$1
  shift
  xp_add_begin "$xp_id"
  "$@"
  xp_add_end "$xp_id" $?
}

# file | unreadable | directory | special | absent, in XP_TYPE. What is no file is never opened, and
# what the kernel makes up as it is read has no size to go by.
# shellcheck disable=SC2034 # for those that ask
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

xp_tell_release() {
  if xp_release; then echo "$XP_RELEASE"; else head -c 4096 /proc/sys/kernel/osrelease; fi
}

# Of the kernel, in XP_RELEASE.
xp_release() {
  [ -r /proc/version ] && read -r _ _ XP_RELEASE _ </proc/version && [ -n "$XP_RELEASE" ]
}

xp_tools() { # NAME...
  for xp_tool; do
    if command -v "$xp_tool" >/dev/null 2>&1; then xp_add "yes$XP_NEWLINE"; else xp_add "no$XP_NEWLINE"; fi
  done
}

# Those that are missing. Most are in one place.
xp_lacks() { # NAME...
  case :$PATH: in *:/usr/bin:*) xp_place=/usr/bin ;; *:/sbin:*) xp_place=/sbin ;; *) xp_place=/ ;; esac
  for xp_tool; do
    [ -x "$xp_place/$xp_tool" ] || command -v "$xp_tool" || xp_add "$xp_tool$XP_NEWLINE"
  done >/dev/null 2>&1
}

# The file of a command, in XP_FOUND; a process less than what `command -v` says.
xp_find() { # NAME
  XP_FOUND=
  set -f
  IFS=:
  for xp_place in $PATH; do
    [ -f "$xp_place/$1" ] && [ -x "$xp_place/$1" ] && XP_FOUND=$xp_place/$1 && break
  done
  IFS=$XP_BLANKS
  set +f
  [ -n "$XP_FOUND" ]
}

# Numeric tables where `ip` can (-N); elsewhere the names in force come first, marked by '#'.
xp_ip() { # FAMILY WORDS...
  xp_family=$1
  shift
  if xp_list=$(ip -N "-$xp_family" "$@" 2>/dev/null); then
    xp_print "$xp_list$XP_NEWLINE"
  else
    sed 's/^/#/' /etc/iproute2/rt_tables 2>/dev/null
    echo # its last line may have no end
    ip "-$xp_family" "$@" || xp_has_none $? "$xp_family" "$@"
  fi
}

# A kernel without IPv6, or without its policy rules, has none to list.
xp_has_none() { # STATUS FAMILY WORDS...
  xp_failure=$1 xp_family=$2
  shift 2
  [ "$xp_family" = 6 ] || return "$xp_failure"
  case $(ip -6 "$@" 2>&1) in *'family not supported'*) return 0 ;; esac
  return "$xp_failure"
}

xp_has_6() {
  [ -e /proc/net/if_inet6 ]
}

# What one `ip` lists of both families, with the link `lo` between the listings. An `ip` that can't,
# such as busybox's, fails: each listing is then asked for by itself, as is one without IPv6.
xp_batch() { # ID COMMANDS
  xp_has_6 || return
  if [ -n "${BASH_VERSION-}${KSH_VERSION-}" ]; then # they may write a file for a here-document
    xp_list=$(xp_print "$2" | ip -N -batch - 2>/dev/null) || return
  else
    xp_list=$(
      ip -N -batch - 2>/dev/null <<END
$2
END
    ) || return
  fi
  xp_add_begin "$1"
  xp_add "$xp_list$XP_NEWLINE"
  xp_add_end "$1" 0
}

xp_list_rules() { # FAMILY
  [ "$1" = 4 ] || xp_has_6 || return 0
  xp_ip "$1" rule show
}

xp_list_routes() { # FAMILY
  [ "$1" = 4 ] || xp_has_6 || return 0
  xp_ip "$1" route show table all
}

# busybox says nothing, and that with success; it does not know -N.
xp_list_proxies() {
  xp_has_6 || return 0
  if ! xp_list=$(ip -N -6 neigh show proxy 2>/dev/null); then
    xp_list=$(ip -6 neigh show proxy) || return
    [ -n "$xp_list" ] || case $(ip -V 2>&1) in *BusyBox*) return 3 ;; esac
  fi
  xp_print "$xp_list$XP_NEWLINE"
}

# What `ip` says in place of a route too.
xp_path() { # FAMILY WORDS...
  xp_ip "$@" 2>&1
}

xp_session() {
  xp_add "${SSH_CONNECTION-}"
}
