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
  XP_NONCE=$1 XP_COUNT=0
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

xp_begin() { # ID
  xp_print "$XP_NEWLINE@$XP_NONCE begin $1$XP_NEWLINE"
}

xp_end() { # ID STATUS
  xp_print "$XP_NEWLINE@$XP_NONCE end $1 $2$XP_NEWLINE"
  XP_COUNT=$((XP_COUNT + 1))
}

xp_done() {
  xp_print "$XP_NEWLINE@$XP_NONCE done $XP_COUNT$XP_NEWLINE"
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

xp_section() { # ID COMMAND...
  xp_id=$1
  shift
  xp_begin "$xp_id"
  "$@"
  xp_end "$xp_id" $?
}

# What each directory is and its files' paths, an empty line after each directory; then all of them
# and the other paths as files. A name with a newline is nobody's: listings are read line by line.
xp_directories() { # COUNT [DIRECTORY SUFFIX]... PATH...
  xp_begin names
  xp_left=$1
  shift
  while [ "$xp_left" -gt 0 ]; do
    xp_directory=$1 xp_suffix=$2 xp_count=0
    shift 2
    xp_left=$((xp_left - 1))
    xp_type "$xp_directory/"
    if [ "$XP_TYPE" = directory ] && ! { [ -r "$xp_directory/" ] && [ -x "$xp_directory/" ]; }; then
      XP_TYPE=unreadable
    fi
    echo "$XP_TYPE"
    for xp_path in "$xp_directory"/*"$xp_suffix"; do
      case $xp_path in *"$XP_NEWLINE"*) continue ;; esac
      [ -e "$xp_path" ] || continue # the pattern itself, or a link to nowhere
      xp_count=$((xp_count + 1))
      [ "$xp_count" -le 256 ] || break
      xp_print "$xp_path$XP_NEWLINE"
      set -- "$@" "$xp_path"
    done
    [ "$xp_count" -le 256 ] || echo more
    echo
  done
  xp_end names 0
  xp_files "$@"
}

# One word a path, then `ls` of the readable files, then their bytes one after the other: two
# processes, however many files; a third sums them up when one is too large to be read whole. Where
# kernel parameters are asked for, they come first, and all below lines `==> PATH <==`.
xp_files() { # PATH...
  xp_left=$# xp_types=
  for xp_path; do
    XP_TYPE=absent
    [ ! -e "$xp_path" ] || xp_type "$xp_path"
    [ "$XP_TYPE" != file ] || set -- "$@" "$xp_path"
    xp_types=$xp_types$XP_TYPE$XP_NEWLINE
  done
  shift "$xp_left"
  xp_begin files
  xp_print "$xp_types"
  if [ $# -eq 0 ]; then
    xp_end files 0
    xp_parameters
    return
  fi
  xp_list=$(ls -ldnL "$@")
  xp_failure=$?
  xp_print "$xp_list$XP_NEWLINE"
  xp_end files "$xp_failure"
  if [ -n "$XP_PARAMETERS" ]; then xp_parameters "$@"; else xp_section contents head -q -c 262144 "$@"; fi
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
  IFS=$XP_NEWLINE
  # shellcheck disable=SC2086 # split into lines
  set -- $1
  IFS=$XP_BLANKS
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

# What XP_PARAMETERS names, and files. dash would `read` only the first byte of /proc/sys.
xp_parameters() { # FILE...
  xp_read=
  for xp_path in $XP_PARAMETERS; do
    [ ! -r "$xp_path" ] || xp_read="$xp_read $xp_path"
  done
  XP_PARAMETERS=
  [ -n "$xp_read" ] || [ $# -gt 0 ] || return 0
  xp_begin headed
  # shellcheck disable=SC2086 # split into paths
  head -v -c 262144 $xp_read "$@" 2>/dev/null
  xp_end headed 0
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
    if command -v "$xp_tool" >/dev/null 2>&1; then echo yes; else echo no; fi
  done
}

# Those that are missing. Most are in one place.
xp_lacks() { # NAME...
  case :$PATH: in *:/usr/bin:*) xp_place=/usr/bin ;; *:/sbin:*) xp_place=/sbin ;; *) xp_place=/ ;; esac
  {
    for xp_tool; do
      [ -x "$xp_place/$xp_tool" ] || command -v "$xp_tool" || echo "$xp_tool" >&3
    done
  } 3>&1 >/dev/null 2>&1
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
  xp_begin "$1"
  xp_print "$xp_list$XP_NEWLINE"
  xp_end "$1" 0
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
  xp_print "${SSH_CONNECTION-}"
}
