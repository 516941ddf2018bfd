# shellcheck shell=sh
# What an act program is made of; it runs in the shell that ran the look program, whose functions
# are still there. Each change is a section whose status says: 0 done, 75 stale (the state is not
# the one that was planned from: nothing was touched), anything else failed.

XP_STALE=75

# What the change before this one has made, and nobody else has changed.
XP_MADE='' XP_LAST=''

# The controller holds our standard input open; its end means that nobody is there any more. What
# comes on it is eaten here, so nothing may follow a program before that has answered.
xp_watch() {
  XP_GONE=
  trap 'XP_GONE=yes' USR1
  exec 3<&0
  (
    trap - USR1
    while read -r _; do :; done
    kill -USR1 $$
  ) <&3 3<&- >/dev/null 2>&1 &
  XP_WATCHER=$!
}

xp_unwatch() {
  kill -KILL "$XP_WATCHER" 2>/dev/null # mksh would go on reading after a TERM
  wait "$XP_WATCHER" 2>/dev/null
  exec 3<&-
  trap - USR1
}

xp_do() { # ID FUNCTION ARGUMENTS...
  [ -z "$XP_GONE" ] || return 1
  # shellcheck disable=SC2034 # for what follows what was made
  xp_id=$1 XP_FINE='' XP_LAST=$XP_MADE XP_MADE=
  shift
  xp_begin "$xp_id"
  "$@" </dev/null 2>&1 3<&-
  xp_status=$?
  xp_end "$xp_id" "$xp_status"
  case $XP_FINE,$xp_status in
  *" $xp_status "*,*) return 0 ;;
  ?*,0) return 1 ;;
  esac
  return "$xp_status"
}

# Of changes that another one has made.
xp_did() { # ID...
  for xp_id; do
    xp_add_begin "$xp_id"
    xp_add_end "$xp_id" 0
  done
  xp_flush
}

xp_refuse() { # MESSAGE
  xp_print "$1
"
  return 1
}

# Whether a state fits the pattern of what is there.
xp_fits() { # WANTED PATTERN
  # shellcheck disable=SC2254 # a pattern
  case $1 in
  $2) return 0 ;;
  esac
  xp_refuse "expected $1, found $2"
}

# A pattern of `SHA256 CRC SIZE`: hosts have one of these commands at least.
xp_sums() { # <BYTES
  xp_sum=$(xp_sum_up) && xp_read_sums "$xp_sum" && echo "$XP_SUMS"
}

# The last that a subshell does.
xp_sum_up() { # <BYTES
  if command -v sha256sum >/dev/null 2>&1; then exec sha256sum; else exec cksum; fi
}

# The same for files.
xp_sum_up_files() { # PATH...
  if command -v sha256sum >/dev/null 2>&1; then exec sha256sum "$@"; else exec cksum "$@"; fi
}

# What that says as such a pattern, in XP_SUMS.
xp_read_sums() { # `SHA256  -`|`CRC SIZE`
  case $1 in
  *-) XP_SUMS="${1%% *} * *" ;;
  *) XP_SUMS="* $1" ;;
  esac
}

# Fails (stale) unless the listing is the one that was planned from.
xp_expect() { # SUMS COMMAND...
  xp_wanted=$1
  shift
  xp_read_sums "$("$@" 2>/dev/null | xp_sum_up)"
  xp_fits "$xp_wanted" "$XP_SUMS" || return "$XP_STALE"
}

# absent | directory | special | unreadable | MODE UID GID SHA256 CRC SIZE, as a pattern in
# XP_STATE; the number of its names in XP_LINKS.
xp_file_state() { # PATH
  xp_type "$1"
  XP_STATE=$XP_TYPE XP_LINKS=1
  [ "$XP_TYPE" = file ] || return 0
  xp_sum=$(xp_sum_up <"$1") && xp_list=$(ls -ldnL "$1") || return
  xp_read_sums "$xp_sum"
  set -f
  # shellcheck disable=SC2086 # split into fields
  set -- $xp_list
  set +f
  XP_MODE=${1%[+.@]} XP_LINKS=$2
  XP_STATE="$XP_MODE $3 $4 $XP_SUMS"
}

# Fails (stale) unless the file is as it was when it was planned from.
xp_expect_file() { # PATH STATE
  xp_file_state "$1" || return
  xp_fits "$2" "$XP_STATE" || return "$XP_STALE"
}

# The file that a chain of symbolic links ends at, in XP_REAL; readlink -f is not everywhere.
xp_resolve() { # PATH
  XP_REAL=$1
  case $1 in /var/lib/xpush/*) return 0 ;; esac # what is remembered there is ours, and so is the name
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
xp_durable() { # PATH...
  sync "$@" 2>/dev/null && return
  xp_lost=0
  for xp_each; do
    [ -f "$xp_each" ] || continue # dd would make it, or wait at a pipe
    dd if=/dev/null of="$xp_each" conv=notrunc,fsync 2>/dev/null || xp_lost=1
  done
  return "$xp_lost"
}

xp_decode() {
  if command -v base64 >/dev/null 2>&1; then
    base64 -d
  elif command -v openssl >/dev/null 2>&1; then
    openssl base64 -d
  else
    xp_refuse 'neither base64 nor openssl is installed: only plain text can be written' >&2
  fi
}

# Replaces a file whole, or leaves it as it was. The new one is made in a directory beside it that
# only we can enter, whatever default ACL (it overrides umask) is there: nobody reads it before its
# mode is right, and nobody plants links in its way.
xp_write() { # PATH BEFORE AFTER MODE ENCODING CONTENT
  case $2 in
  directory | special | unreadable) xp_refuse "$1 is no file that can be replaced (it is $2)" || return ;;
  esac
  xp_expect_file "$1" "$2" || return
  xp_resolve "$1" || return
  xp_directory=${XP_REAL%/*}
  [ -d "$xp_directory/" ] || xp_refuse "the directory $xp_directory does not exist" || return
  xp_sweep "$xp_directory"
  xp_private=$xp_directory/.xpush-$$-$XP_NONCE
  xp_make_closed "$xp_private" || return
  xp_make_new "$@" && xp_expect_file "$1" "$2" && xp_put_in_place "$@"
  xp_failure=$?
  rm -rf "$xp_private"
  return "$xp_failure"
}

# Nobody else enters them; what is made in them has the group that it would have beside them, in busybox too.
xp_make_closed() { # DIRECTORY...
  umask 077
  mkdir -m 2700 "$@"
  xp_failure=$?
  umask 022
  return "$xp_failure"
}

# Takes away what a shell of ours left that was killed while it wrote.
xp_sweep() { # DIRECTORY
  for xp_left in "$1"/.xpush-*-*; do
    # shellcheck disable=SC3067 # dash, busybox, bash and ksh have -O
    if [ -L "$xp_left" ] || [ ! -d "$xp_left" ] || [ ! -O "$xp_left" ]; then continue; fi
    xp_writer=${xp_left##*/.xpush-}
    xp_writer=${xp_writer%%-*}
    case $xp_writer in '' | *[!0-9]*) continue ;; esac
    kill -0 "$xp_writer" 2>/dev/null || rm -rf "$xp_left"
  done
}

# cp -a brings owner, mode, ACL, extended attributes and label.
xp_make_new() { # PATH BEFORE AFTER MODE ENCODING CONTENT
  XP_NEW=$xp_private/new
  if [ "$2" != absent ]; then
    cp -aL "$XP_REAL" "$XP_NEW" 2>/dev/null || cp -pL "$XP_REAL" "$XP_NEW" || return
    [ -f "$XP_NEW" ] || return "$XP_STALE"
  fi
  if [ "$5" = base64 ]; then
    xp_print "$6" | xp_decode >"$XP_NEW" || return
  else
    xp_print "$6" >"$XP_NEW" || xp_refuse "$1: could not be written (disk full?)" || return
  fi
  [ -z "$4" ] || chmod "$4" "$XP_NEW" || return
  xp_file_state "$XP_NEW" || return
  [ "$2" != absent ] || XP_STATE="$XP_MODE * * $XP_SUMS" # whose it is, the directory decides
  xp_fits "$3" "$XP_STATE" || xp_refuse "$1 did not come out as meant (disk full? not root?)" || return
  xp_durable "$XP_NEW" || xp_refuse "$1: could not be made durable (disk full?)"
}

xp_put_in_place() { # PATH BEFORE AFTER MODE ...
  xp_names=$XP_LINKS
  if xp_said=$(mv -f "$XP_NEW" "$XP_REAL" 2>&1); then
    [ "$xp_names" = 1 ] || echo "it had $xp_names names: the others keep the old content"
  else
    case $xp_said in
    *[Bb]usy*) xp_overwrite "$3" "$4" ;; # a mount point
    *) xp_refuse "$xp_said (immutable, or a read-only file system?)" ;;
    esac || return
  fi
  xp_after_placing "$@"
}

xp_after_placing() { # PATH BEFORE ...
  if [ "$2" = absent ]; then
    ! command -v restorecon >/dev/null 2>&1 || restorecon "$XP_REAL" 2>/dev/null
    xp_has_made "$1"
  fi
  xp_durable_later "$xp_directory/" || :
}

# Where it has its group from us.
xp_has_made() { # PATH
  [ -g "${1%/*}/" ] || XP_MADE=$1
}

# Not atomic: only where rename(2) is refused. A full disk must not leave it empty.
xp_overwrite() { # AFTER MODE
  xp_former=$xp_private/.xpush-old
  cp -pL "$XP_REAL" "$xp_former" || return
  if cat "$XP_NEW" >"$XP_REAL" && { [ -z "$2" ] || chmod "$2" "$XP_REAL"; } &&
    xp_file_state "$XP_REAL" && xp_fits "$1" "$XP_STATE"; then
    xp_durable "$XP_REAL" || :
    echo 'it is a mount point: written in place'
    return 0
  fi
  cat "$xp_former" >"$XP_REAL" || xp_refuse "$XP_REAL: its old content is lost" || return
  xp_refuse "$XP_REAL is a mount point and could not be written in place"
}

# Nobody enters the new one before its mode is right. With five digits it gets no bits from the one above.
xp_make_directory() { # PATH MODE
  [ ! -d "$1/" ] || return 0
  if [ -e "$1" ] || [ -L "$1" ]; then
    xp_refuse "$1 is in the way: it is no directory"
    return
  fi
  [ -d "${1%/*}/" ] || mkdir -p "${1%/*}/" || return
  umask 077
  mkdir -m "00$2" "$1"
  xp_failure=$?
  umask 022
  [ "$xp_failure" = 0 ] || return "$xp_failure"
  xp_has_made "$1"
  xp_durable_later "${1%/*}/" || :
}

xp_remove() { # PATH BEFORE
  if [ -n "${XP_HELD-}" ] && [ "$1" = "$XP_HOME" ]; then xp_forget_later; return; fi
  xp_expect_file "$1" "$2" || return
  if [ "$XP_STATE" = directory ] && [ ! -L "$1" ]; then rmdir "$1"; else rm -f "$1"; fi || return
  xp_durable_later "${1%/*}/" || :
}

# The input may be a secret: it is no variable, which could be exported, and no word of a command
# that is executed. Neither a here-document: some shells keep those in files.
xp_input() { # ENCODING INPUT
  if [ "$1" = base64 ]; then xp_print "$2" | xp_decode; else xp_print "$2"; fi
}
