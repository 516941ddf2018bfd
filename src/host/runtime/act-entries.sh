# shellcheck shell=sh disable=SC2153,SC2154
# Links, owners and modes, and directories with all below them.

# TYPE MODE UID GID of what is there itself, in XP_STATE; what a link says, in XP_TARGET.
xp_entry_state() { # PATH
  XP_STATE=absent XP_TARGET=
  [ -e "$1" ] || [ -L "$1" ] || return 0
  xp_list=$(ls -ldn "$1") || return
  set -f
  # shellcheck disable=SC2086 # split into fields
  set -- "$1" $xp_list
  set +f
  xp_mode=${2%[+.@]}
  case $2 in
  -*) XP_STATE='file' ;;
  d*) XP_STATE=directory ;;
  l*) XP_STATE='link' ;;
  *) XP_STATE=other ;;
  esac
  if [ "$XP_STATE" = link ]; then
    XP_TARGET=$(readlink "$1" && echo x) || return
    XP_TARGET=${XP_TARGET%?x}
  fi
  XP_STATE="$XP_STATE ${xp_mode#?} $4 $5"
}

# Fails (stale) unless its state fits.
xp_has_entry() { # PATH PATTERN
  xp_entry_state "$1" || return
  # shellcheck disable=SC2254 # a pattern
  case $XP_STATE in
  $2) return 0 ;;
  esac
  xp_refuse "expected $2, found $XP_STATE" || return "$XP_STALE"
}

# Fails (stale) unless it is as it was when it was planned from.
xp_expect_entry() { # PATH PATTERN TARGET
  xp_has_entry "$1" "$2" || return
  [ "$XP_TARGET" = "$3" ] || xp_refuse "expected a link to $3, found one to $XP_TARGET" || return "$XP_STALE"
}

xp_make_link() { # PATH PATTERN TARGET NEW-TARGET
  xp_expect_entry "$1" "$2" "$3" || return
  xp_directory=${1%/*}
  [ -d "$xp_directory/" ] || xp_refuse "the directory $xp_directory does not exist" || return
  # without -T, which some lack, `ln` would go into a directory that is there by now
  if [ "$2" != absent ] || ! ln -sT -- "$4" "$1" 2>/dev/null; then xp_replace_link "$@" || return; fi
  xp_durable_later "$xp_directory/" || :
}

# Made in a directory that only we can enter, and moved to its place.
xp_replace_link() { # PATH PATTERN TARGET NEW-TARGET
  xp_sweep "$xp_directory"
  xp_private=$xp_directory/.xpush-$$-$XP_NONCE
  xp_make_closed "$xp_private" || return
  ln -s -- "$4" "$xp_private/new" && xp_expect_entry "$1" "$2" "$3" && xp_move_link "$1"
  xp_failure=$?
  rm -rf "$xp_private"
  return "$xp_failure"
}

# Without -T, `mv` would go into a directory that the old link leads to.
xp_move_link() { # PATH
  mv -fT "$xp_private/new" "$1" 2>/dev/null && return
  [ ! -L "$1" ] || rm -f "$1" || return
  [ ! -d "$1" ] || xp_refuse "$1 is a directory" || return
  mv -f "$xp_private/new" "$1"
}

xp_set_attributes() { # PATH PATTERN OWNER MODE
  [ "$1" = "$XP_LAST" ] || xp_has_entry "$1" "$2" || return
  [ -z "$3" ] || chown -h "$3" "$1" || return
  [ -z "$4" ] || xp_set_mode "$1" "$4" || return
  [ -L "$1" ] || xp_durable_later "$1" || :
}

# Five digits: with fewer, GNU's chmod leaves a directory its set-group-ID bit, which it may have from above.
xp_set_mode() { # PATH MODE
  [ ! -L "$1" ] || xp_refuse "$1 became a symbolic link" || return
  chmod "0$2" "$1"
}

xp_remove_tree() { # PATH SUMS
  [ ! -L "$1" ] && [ -d "$1" ] || xp_refuse "expected a directory at $1" || return "$XP_STALE"
  xp_expect "$2" xp_tree_names "$1" || return
  xp_real=$(cd -P "$1" && pwd -P && echo x) || return
  xp_real=${xp_real%?x}
  xp_own=/var/lib/xpush/
  case $xp_own in
  "${xp_real%/}"/*) xp_refuse "$1 holds what xpush remembers of this host" || return ;;
  esac
  xp_has_no_mounts "$xp_real" || return
  rm -rf "$1" || return
  xp_durable_later "${1%/*}/" || :
}

# Names without newlines, as a tree is looked at.
xp_tree_names() { # PATH
  find "$1" -xdev ! -path "*$XP_NEWLINE*" -exec stat -c '%a:%u:%g:%n' {} + | sort
}

# /proc/self/mounts has blanks and backslashes in octal (proc(5)).
xp_has_no_mounts() { # REAL-PATH
  xp_place=$1
  case $xp_place in
  *[\\\	\ ]*) xp_place=$(xp_print "$1" | sed 's/\\/\\134/g; s/	/\\011/g; s/ /\\040/g') || return ;;
  esac
  while read -r _ xp_mount _; do
    case $xp_mount in
    "$xp_place" | "$xp_place"/*) xp_refuse "something is mounted at $xp_mount" || return ;;
    esac
  done </proc/self/mounts
}
