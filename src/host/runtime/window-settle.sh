# shellcheck shell=sh disable=SC2034,SC2153
# (names in capitals are for, or of, other runtime files)
# After the confirmation of a window: files for the next boot.

# Files for the next boot are put in place, each told as a section. A move that was cut is completed:
# what is done already is seen. They are looked at together before the first is moved, and made durable
# together.
xp_settle() {
  xp_paths='' xp_moved='' xp_seen=yes
  xp_settle_all xp_settle_place
  xp_each_of xp_file_states "$xp_paths" || xp_seen=
  xp_settle_all xp_settle_one
  xp_each_of xp_durable_all "$xp_moved" || :
  [ -e confirmed ] || return 0
  xp_finish confirmed ''
}

xp_settle_place() { # IDS write NUMBER PATH BEFORE AFTER MODE | IDS remove PATH BEFORE | IDS directory PATH MODE | IDS idle
  case $2 in
  write)
    xp_paths=$xp_paths$4$XP_NEWLINE
    ! xp_resolve "$4" >/dev/null || xp_moved=$xp_moved$XP_REAL$XP_NEWLINE${XP_REAL%/*}/$XP_NEWLINE
    ;;
  remove) xp_paths=$xp_paths$3$XP_NEWLINE xp_moved=$xp_moved${3%/*}/$XP_NEWLINE ;;
  directory) xp_moved=$xp_moved${3%/*}/$XP_NEWLINE ;;
  esac
}

xp_settle_one() { # as xp_settle_place
  xp_ids=$1
  shift
  case $1 in write | remove) [ -z "$xp_seen" ] || xp_next_state ;; esac
  if xp_settle_at_once "$@"; then
    xp_said='' xp_status=0
  else
    xp_said=$(xp_settle_quickly "$@" </dev/null 2>&1)
    xp_status=$?
  fi
  case $1 in write) xp_path=${3-} ;; *) xp_path=${2-} ;; esac
  [ "$xp_status" = 0 ] || xp_note "for the next boot: $xp_path was not put in place: $xp_said"
  for xp_id in $xp_ids; do
    xp_begin "$xp_id"
    xp_print "$xp_said"
    xp_end "$xp_id" "$xp_status"
  done
}

# What is as it was when it was planned takes a rename, and nothing is to be said of it. Fails, with
# nothing done, where it takes more.
xp_settle_at_once() { # as xp_settle_place, without IDS
  case $1 in
  idle) return 0 ;;
  directory)
    [ -d "$2/" ]
    return
    ;;
  remove) return 1 ;;
  esac
  [ -n "$xp_seen" ] && [ "$XP_LINKS" = 1 ] && xp_resolve "$3" >/dev/null || return
  XP_NEW=${XP_REAL%/*}/.xpush-$XP_ID.s$2/new
  [ -e "$XP_NEW" ] && xp_fits "$4" "$XP_STATE" >/dev/null && mv -f "$XP_NEW" "$XP_REAL" 2>/dev/null || return
  if [ "$4" = absent ] && command -v restorecon >/dev/null 2>&1; then restorecon "$XP_REAL" 2>/dev/null; fi
  return 0
}

# In a subshell: it is made durable later.
xp_settle_quickly() { # as xp_settle_place, without IDS
  XP_LATER=' '
  xp_kind=$1
  shift
  "xp_settle_$xp_kind" "$@"
}

xp_settle_idle() {
  return 0
}

xp_settle_directory() { # PATH MODE
  xp_make_directory "$@"
}

xp_settle_write() { # NUMBER PATH BEFORE AFTER MODE
  xp_number=$1
  shift
  xp_resolve "$1" || return
  xp_directory=${XP_REAL%/*}
  xp_private=$xp_directory/.xpush-$XP_ID.s$xp_number
  XP_NEW=$xp_private/new
  [ -n "$xp_seen" ] || xp_file_state "$1" || return
  if [ ! -e "$XP_NEW" ] || ! xp_fits "$2" "$XP_STATE" >/dev/null; then
    xp_fits "$3" "$XP_STATE" >/dev/null || xp_refuse "$1 was changed by somebody else since: it is left as it is"
    return
  fi
  xp_put_in_place "$1" "$2" "$3" "$4"
}

xp_settle_remove() { # PATH BEFORE
  [ -n "$xp_seen" ] || xp_file_state "$1" || return
  [ "$XP_STATE" != absent ] || return 0
  xp_remove "$@"
}
