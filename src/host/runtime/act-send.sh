# shellcheck shell=sh
# Puts a large file in its place, which upload.sh has taken in and checked, or changes the mode of one.

xp_send() { # PATH BEFORE AFTER MODE SIZE STAGE
  xp_expect_file "$1" "$2" || return
  xp_resolve "$1" || return
  xp_directory=${XP_REAL%/*}
  [ -d "$xp_directory/" ] || xp_refuse "the directory $xp_directory does not exist" || return
  xp_find_stage "$xp_directory" "$6" || xp_refuse "$1: what was sent of it is gone" || return
  XP_NEW=$xp_private/new
  [ -z "$4" ] || chmod "$4" "$XP_NEW" || return
  xp_list=$(ls -ldn "$XP_NEW") || return
  case $xp_list in
  -*) ;;
  *) xp_refuse "$1: what was sent of it is gone" || return ;;
  esac
  [ "$(xp_field 5 "$xp_list")" = "$5" ] || xp_refuse "$1: what was sent of it is not whole" || return
  xp_put_in_place "$@"
  xp_failure=$?
  rm -rf "$xp_private"
  return "$xp_failure"
}

# The directory that it waits in, in xp_private: beside its place, or where that was yet to be made.
xp_find_stage() { # DIRECTORY STAGE
  xp_private=$1/.xpush-$2
  xp_above=$1
  until [ -d "$xp_private" ]; do
    [ -n "$xp_above" ] || return
    xp_above=${xp_above%/*}
    xp_private=$xp_above/.xpush-$2
  done
  # shellcheck disable=SC3067 # dash, busybox, bash and ksh have -O
  [ ! -L "$xp_private" ] && [ -O "$xp_private" ]
}

xp_field() { # NUMBER LINE
  xp_number=$1
  set -f
  # shellcheck disable=SC2086 # split into fields
  set -- $2
  set +f
  shift $((xp_number - 1))
  echo "$1"
}

# The content is there already.
xp_mode() { # PATH BEFORE MODE
  xp_expect_file "$1" "$2" || return
  chmod "$3" "$1" || xp_refuse "$1: its mode could not be changed (immutable, or a read-only file system?)" || return
  xp_durable "$1" || :
}
