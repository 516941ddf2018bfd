# shellcheck shell=sh
# Files that are written one after the other are made together: a handful of processes for all of
# them. Each is put in place when its change comes. What can not be made this way, or is not as it was
# planned from, is left to xp_write, which says why.

# Between xp_prepare and xp_finish_files: the files that are made, and the directories that must be made
# durable. Only paths without blanks and patterns are in such lists.
XP_READY='' XP_PLACED='' XP_LATER='' XP_KEPT='' XP_LITTER='' xp_privates=''

# Each change of a file is a function xp_file_NUMBER; it calls its arguments with the words of xp_write.
xp_prepare() { # NUMBER...
  XP_READY='' XP_PLACED=' ' XP_LATER=' ' XP_IS_FRESH='' XP_PRIVATE=.xpush-$$-$XP_NONCE-new
  xp_places='' xp_news='' xp_olds='' xp_modes='' xp_planned=''
  if [ -z "$XP_GONE" ]; then
    for xp_number; do "xp_file_$xp_number" xp_plan_file "$xp_number"; done
    [ -z "$xp_planned" ] || xp_make_planned
  fi
  [ -z "$XP_KEPT" ] || xp_durable "$XP_KEPT"
  XP_KEPT=
} </dev/null >/dev/null 2>&1 3<&-

# Only what is as it should be at first sight.
xp_plan_file() { # NUMBER PATH BEFORE AFTER MODE ENCODING CONTENT
  xp_is_listable "$2" || return
  xp_type "$2"
  case $3,$XP_TYPE in
  absent,absent | -*,file) ;;
  *) return ;;
  esac
  [ ! -L "$2" ] || return
  xp_directory=${2%/*}
  while [ ! -d "$xp_directory/" ]; do # it is yet to be made
    [ ! -L "$xp_directory" ] || return
    xp_directory=${xp_directory%/*}
  done
  [ ! -g "$xp_directory/" ] || [ "$xp_directory" = "${2%/*}" ] || return
  xp_new=$xp_directory/$XP_PRIVATE/${2##*/}
  case "$xp_news " in
  *" $xp_new "*)
    [ "$xp_directory" != "${2%/*}" ] || return # a file that is changed twice
    xp_new=$xp_new.$1.xpush
    ;;
  esac
  case "$xp_places " in *" $xp_directory/ "*) ;; *) xp_places="$xp_places $xp_directory/" ;; esac
  xp_planned="$xp_planned $1" xp_news="$xp_news $xp_new"
  eval "XP_NEW_$1=\$xp_new"
  [ "$3" = absent ] || xp_olds="$xp_olds $2"
}

xp_is_listable() { # PATH
  case $1 in '' | */ | *[!A-Za-z0-9._/+@:-]*) return 1 ;; esac
}

xp_make_planned() {
  xp_privates=
  for xp_place in $xp_places; do
    xp_sweep "${xp_place%/}"
    xp_privates="$xp_privates $xp_place$XP_PRIVATE"
  done
  if ! { xp_make_privates && xp_make_news; }; then
    xp_drop_privates
    return
  fi
  XP_IS_FRESH=yes
  for xp_number in $xp_planned; do
    "xp_file_$xp_number" xp_check_new && XP_READY="$XP_READY $xp_number " && continue
    "xp_file_$xp_number" xp_drop_new # it takes space that xp_write needs
  done
}

xp_make_privates() {
  # shellcheck disable=SC2086 # words
  xp_make_closed $xp_privates && return
  # shellcheck disable=SC2086 # words
  rmdir $xp_privates
  xp_privates=
  return 1
}

xp_drop_privates() {
  # shellcheck disable=SC2086 # words
  [ -z "$xp_privates$XP_LITTER" ] || rm -rf $xp_privates ${XP_LITTER:+"$XP_LITTER"}
  xp_privates='' XP_LITTER=''
}

xp_make_news() {
  for xp_place in $xp_places; do xp_copy_olds "$xp_place" || return; done
  for xp_number in $xp_planned; do "xp_file_$xp_number" xp_fill_new; done
  xp_give_modes
  # shellcheck disable=SC2086 # words
  xp_durable ${XP_KEPT:+"$XP_KEPT"} $xp_news || return
  XP_KEPT=
  # shellcheck disable=SC2086 # words
  xp_list_states $xp_news $xp_olds
}

# Those of one directory, with all that the new ones have of them.
xp_copy_olds() { # DIRECTORY/
  set --
  for xp_old in $xp_olds; do
    [ "${xp_old%/*}/" != "$xp_place" ] || set -- "$@" "$xp_old"
  done
  [ $# -eq 0 ] || cp -aL "$@" "$xp_place$XP_PRIVATE/" || cp -pL "$@" "$xp_place$XP_PRIVATE/"
}

# Where umask gives the mode no process must: nobody else enters the directory.
xp_fill_new() { # PATH BEFORE AFTER MODE ENCODING CONTENT
  xp_find_new
  # shellcheck disable=SC2153 # of xp_find_new
  case $2,$4 in
  absent,0644 | *,) ;;
  absent,0600) umask 077 ;;
  *) xp_modes="$xp_modes $4:$XP_NEW" ;;
  esac
  if [ "$2" = absent ] || [ -f "$XP_NEW" ]; then xp_input "$5" "$6" >"$XP_NEW"; fi
  umask 022
}

xp_give_modes() {
  while [ -n "$xp_modes" ]; do
    # shellcheck disable=SC2086 # words
    set -- $xp_modes
    xp_mode=${1%%:*} xp_modes=
    xp_left=$#
    while [ "$xp_left" -gt 0 ]; do
      case $1 in
      "$xp_mode":*) set -- "$@" "${1#*:}" ;;
      *) xp_modes="$xp_modes $1" ;;
      esac
      shift
      xp_left=$((xp_left - 1))
    done
    chmod "$xp_mode" "$@"
  done
}

# What `ls` and the sum of each say, in XP_LISTING: lines that end with the path.
xp_list_states() { # PATH...
  if command -v sha256sum; then
    XP_LISTING=$(ls -ldnL "$@" && exec sha256sum "$@")
  else
    XP_LISTING=$(ls -ldnL "$@" && exec cksum "$@")
  fi
  XP_LISTING="$XP_NEWLINE$XP_LISTING$XP_NEWLINE"
}

# `MODE UID GID` in XP_LISTED, and the sums in XP_SUMS, as xp_file_state has them; fails for what was
# not listed.
xp_find_listed() { # PATH
  # from both ends: `#*` takes shells the square of the time
  xp_line=${XP_LISTING%%" $1$XP_NEWLINE"*} xp_sum=${XP_LISTING%" $1$XP_NEWLINE"*}
  [ "$xp_line" != "$xp_sum" ] || return
  xp_sum=${xp_sum##*"$XP_NEWLINE"}
  case $xp_sum in
  *' ') XP_SUMS="${xp_sum% } * *" ;;
  *) XP_SUMS="* $xp_sum" ;;
  esac
  # shellcheck disable=SC2086 # split into fields
  set -- ${xp_line##*"$XP_NEWLINE"}
  XP_MODE=${1%[+.@]} XP_LINKS=$2 XP_LISTED="$3 $4"
}

xp_check_new() { # PATH BEFORE AFTER ...
  xp_find_new
  xp_find_listed "$XP_NEW" || return
  [ "$2" != absent ] || XP_LISTED='* *' # whose it is, the directory decides
  xp_fits "$3" "$XP_MODE $XP_LISTED $XP_SUMS" || return
  [ "$2" != absent ] || return 0
  xp_find_listed "$1" && [ "$XP_LINKS" = 1 ] && xp_fits "$2" "$XP_MODE $XP_LISTED $XP_SUMS"
}

xp_drop_new() { # PATH ...
  xp_find_new
  rm -f "$XP_NEW"
}

# Where the one of xp_number is made, in XP_NEW.
xp_find_new() {
  eval "XP_NEW=\$XP_NEW_$xp_number"
}

xp_write_ready() { # NUMBER PATH BEFORE AFTER MODE ENCODING CONTENT
  xp_number=$1
  shift
  case $XP_PLACED,$XP_READY in
  *" $xp_number "*,*) XP_REAL=$1 xp_directory=${1%/*} && xp_after_placing "$@" ;;
  *,*" $xp_number "*) xp_place "$@" ;;
  *) xp_write "$@" ;;
  esac
}

# Neighbours that are new in one directory, by one process. Where that fails, those behind the first
# that stays where it is wait for their change.
xp_place_together() { # NUMBER...
  xp_together=
  [ -z "$XP_GONE" ] || return 0
  for xp_number; do "xp_file_$xp_number" xp_add_together || return 0; done
  # shellcheck disable=SC2086 # words
  mv -f $xp_together "$xp_directory/" && xp_failure='' || xp_failure=seen
  for xp_number; do
    xp_find_new
    if [ -n "$xp_failure" ] && [ -f "$XP_NEW" ]; then
      xp_failure=found
    elif [ "$xp_failure" = found ]; then
      mv -f "$xp_directory/${XP_NEW##*/}" "$XP_NEW"
    else
      XP_PLACED="$XP_PLACED$xp_number "
    fi
  done
} </dev/null >/dev/null 2>&1 3<&-

xp_add_together() { # PATH BEFORE ...
  case $XP_READY in *" $xp_number "*) ;; *) return 1 ;; esac
  xp_find_new
  xp_type "$1"
  xp_directory=${1%/*} xp_private=${XP_NEW%/*}
  [ "$XP_TYPE" = absent ] && [ ! -L "$1" ] && [ -f "$XP_NEW" ] && xp_fits_there || return
  [ "${XP_NEW##*/}" = "${1##*/}" ] || return
  xp_together="$xp_together $XP_NEW"
}

# One process, as long as there is no sign that somebody has changed the file since it was checked: a
# change that is no file's came before, or it is not older than the new one (by seconds in some shells).
xp_place() { # PATH BEFORE AFTER MODE ENCODING CONTENT
  # shellcheck disable=SC2034 # for xp_put_in_place
  XP_REAL=$1 XP_LINKS=1 xp_directory=${1%/*}
  xp_find_new
  xp_private=${XP_NEW%/*}
  if [ -L "$1" ] || [ ! -f "$XP_NEW" ] || ! xp_fits_there; then
    xp_write "$@"
    return
  fi
  xp_type "$1"
  case $2,$XP_TYPE,$XP_IS_FRESH in
  absent,absent,*) ;;
  absent,* | *,absent,* | *,) xp_expect_file "$1" "$2" || return ;;
  *)
    # shellcheck disable=SC3013 # those that have no -ot look again
    [ "$1" -ot "$XP_NEW" ] || xp_expect_file "$1" "$2" || return
    ;;
  esac
  xp_put_in_place "$@"
}

# A directory that was yet to be made may have come out otherwise.
xp_fits_there() {
  [ "$xp_private" != "$xp_directory/$XP_PRIVATE" ] || return 0
  [ -d "$xp_directory/" ] && [ ! -L "$xp_directory" ] && [ ! -g "$xp_directory" ]
}

# The entry of a directory, or attributes: at once, or with the others when the changes are made.
xp_durable_later() { # DIRECTORY/|PATH
  if [ -z "$XP_LATER" ] || ! xp_is_listable "$1."; then
    xp_durable "$1"
    return
  fi
  case $XP_LATER in *" $1 "*) ;; *) XP_LATER="$XP_LATER$1 " ;; esac
}

xp_finish_files() {
  # shellcheck disable=SC2086 # words
  [ -z "${XP_LATER# }" ] || xp_durable $XP_LATER
  xp_drop_privates
  XP_READY='' XP_LATER=''
} </dev/null >/dev/null 2>&1 3<&-
