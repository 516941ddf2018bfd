# shellcheck shell=sh disable=SC2034,SC2153
# (names in capitals are for, or of, other runtime files)
# Files that a confirm window changes in place: how they were, and back again. One line of `manifest`
# is KIND NUMBER PERMISSIONS UID GID PATH; kinds are F(ile), L(ink), D(irectory), A(bsent).

# Runs a command on lines, unless there are none.
xp_each_of() { # FUNCTION LINES
  [ -n "$2" ] || return 0
  xp_function=$1
  set -f
  IFS=$XP_NEWLINE
  # shellcheck disable=SC2086 # lines
  set -- $2
  IFS=$XP_BLANKS
  set +f
  "$xp_function" "$@"
}

# What xp_file_state tells of each of these, as lines `LINKS STATE` of XP_STATES: one `ls` and one sum,
# however many.
xp_file_states() { # PATH...
  XP_STATES='' xp_types=''
  xp_left=$#
  while [ "$xp_left" -gt 0 ]; do
    xp_type "$1"
    xp_types="$xp_types $XP_TYPE"
    [ "$XP_TYPE" != file ] || set -- "$@" "$1"
    shift
    xp_left=$((xp_left - 1))
  done
  if [ $# -gt 0 ]; then
    xp_list=$(ls -ldnL "$@") && xp_sum=$(xp_sum_up_files "$@") || return
  fi
  for xp_type in $xp_types; do
    XP_STATE="1 $xp_type"
    if [ "$xp_type" = file ]; then
      # in the order of names
      xp_line=$XP_NEWLINE$xp_list$XP_NEWLINE
      xp_line=${xp_line%%" $1$XP_NEWLINE"*}
      xp_state_of "${xp_sum%%"$XP_NEWLINE"*}" "${xp_line##*"$XP_NEWLINE"}"
      xp_sum=${xp_sum#*"$XP_NEWLINE"}
      shift
    fi
    XP_STATES=$XP_STATES$XP_STATE$XP_NEWLINE
  done
}

xp_state_of() { # LINE-OF-SUMS LINE-OF-LS
  set -f
  # shellcheck disable=SC2086 # split into fields
  set -- "$1" $2
  XP_STATE="$3 ${2%[+.@]} $4 $5"
  # shellcheck disable=SC2086 # the same
  set -- $1
  set +f
  case $1 in
  ????????????????????????????????*) XP_STATE="$XP_STATE ${1#\\} * *" ;; # a name with a backslash has one before
  *) XP_STATE="$XP_STATE * $1 $2" ;;
  esac
}

# The first of XP_STATES, in XP_LINKS and XP_STATE.
xp_next_state() {
  [ -n "$XP_STATES" ] || return
  XP_STATE=${XP_STATES%%"$XP_NEWLINE"*}
  XP_LINKS=${XP_STATE%% *} XP_STATE=${XP_STATE#* }
  XP_STATES=${XP_STATES#*"$XP_NEWLINE"}
}

xp_snapshot_files() { # PATH...
  true >manifest && true >beside && true >made || return
  xp_number=0
  for xp_path; do
    xp_snapshot_path "$xp_path" || xp_refuse "$xp_path could not be saved (disk full, or read-only?): nothing was changed" || return
  done
}

xp_snapshot_path() { # PATH
  xp_number=$((xp_number + 1))
  if [ -L "$1" ]; then
    xp_link=$(readlink "$1" && echo x) && xp_print "${xp_link%?x}" >"files/$xp_number" || return
    xp_list L - - - "$1" || return
    xp_resolve "$1" && xp_snapshot_path "$XP_REAL"
  elif [ -f "$1" ]; then
    xp_permissions "$1" && xp_save_file "$1" && xp_list F "$XP_PERMISSIONS" "$1"
  elif [ -d "$1" ]; then
    xp_permissions "$1" && xp_list D "$XP_PERMISSIONS" "$1" && xp_snapshot_tree "$1"
  elif [ -e "$1" ]; then
    xp_refuse "$1 is no file that can be saved"
  else
    xp_list A - - - "$1"
  fi
}

xp_list() { # KIND PERMISSIONS... PATH
  xp_kind=$1
  shift
  xp_print "$xp_kind $xp_number $*$XP_NEWLINE" >>manifest
}

# `-rw-r--r-- 0 0`, in XP_PERMISSIONS.
xp_permissions() { # PATH
  xp_said=$(ls -ldn "$1") || return
  set -f
  # shellcheck disable=SC2086 # split into fields
  set -- $xp_said
  set +f
  XP_PERMISSIONS="${1%[+.@]} $3 $4"
}

# Twice: in the window, and beside its place, as a rename needs no space. Names that begin with a dot
# are skipped by who reads whole directories.
xp_save_file() { # PATH
  xp_beside=${1%/*}/.xpush-$XP_ID.$xp_number
  xp_print "$xp_beside$XP_NEWLINE" >>beside &&
    xp_copy "$1" "files/$xp_number" && xp_copy "$1" "$xp_beside"
}

xp_copy() { # FROM TO
  cp -a "$1" "$2" 2>/dev/null || cp -p "$1" "$2" || return
  cmp -s "$1" "$2"
}

xp_snapshot_tree() { # DIRECTORY
  find "$1" ! -type d -print >now/tree 2>/dev/null
  [ "$(wc -l <now/tree)" -le 500 ] || xp_refuse "$1 holds more than 500 files: name those that are changed" || return
  while IFS= read -r xp_member; do
    xp_snapshot_path "$xp_member" || return
  done <now/tree
}

xp_restore_files() {
  while read -r xp_kind xp_number xp_mode xp_uid xp_gid xp_path; do
    case $xp_kind in
    F) xp_restore_file "$xp_path" ;;
    L) xp_restore_symlink "$xp_path" ;;
    D) xp_restore_directory "$xp_path" ;;
    A) xp_restore_absence "$xp_path" ;;
    esac
  done <manifest 2>>log
}

xp_is_restored() { # PATH
  case $xp_kind in
  F) [ -f "$1" ] && [ ! -L "$1" ] && cmp -s "$1" "files/$xp_number" && xp_has_permissions "$1" ;;
  L) [ -L "$1" ] && [ "$(readlink "$1" && echo x)" = "$(cat "files/$xp_number" && echo "${XP_NEWLINE}x")" ] ;;
  D) [ -d "$1" ] && [ ! -L "$1" ] && xp_has_permissions "$1" && ! xp_has_strangers "$1" ;;
  A) [ ! -e "$1" ] && [ ! -L "$1" ] ;;
  esac
}

xp_has_permissions() { # PATH
  xp_permissions "$1" && [ "$XP_PERMISSIONS" = "$xp_mode $xp_uid $xp_gid" ]
}

xp_restore_file() { # PATH
  if xp_is_restored "$1"; then return 0; fi
  xp_beside=${1%/*}/.xpush-$XP_ID.$xp_number
  [ ! -d "$1" ] || rmdir "$1" || return # what somebody moved there is not ours to delete
  [ -d "${1%/*}/" ] || mkdir -p "${1%/*}/"
  cmp -s "$xp_beside" "files/$xp_number" || xp_copy "files/$xp_number" "$xp_beside" || return
  if mv -f "$xp_beside" "$1"; then
    xp_note "$1 is put back"
  elif xp_overlay "$1"; then
    xp_note "$1 is put back in place, as it could not be renamed over"
  else
    xp_note "$1 could NOT be put back"
  fi
}

# Where rename(2) is refused (a mount point). Never `>`: that empties the file first, and a full disk
# leaves it so.
xp_overlay() { # PATH
  [ -f "$1" ] || return
  xp_size=$(($(wc -c <"files/$xp_number")))
  dd if="files/$xp_number" of="$1" bs=65536 conv=notrunc 2>/dev/null &&
    dd if=/dev/null of="$1" bs=1 seek="$xp_size" 2>/dev/null &&
    xp_give_permissions "$1" && cmp -s "$1" "files/$xp_number"
}

xp_restore_symlink() { # PATH
  if xp_is_restored "$1"; then return 0; fi
  xp_link=$(cat "files/$xp_number" && echo x)
  rm -f "$1"
  ln -s "${xp_link%x}" "$1" && xp_note "the link $1 is put back"
}

xp_restore_directory() { # PATH
  if xp_is_restored "$1"; then return 0; fi
  [ -d "$1" ] || { rm -f "$1" && mkdir -p "$1"; }
  xp_give_permissions "$1"
  find "$1" ! -type d -print >now/tree || return
  while IFS= read -r xp_member; do
    if xp_is_strange "$xp_member"; then rm -f "$xp_member" && xp_note "$xp_member, which was new, is removed"; fi
  done <now/tree
}

# Files that were not there, without our own copies; so says a list that could not be made, too.
xp_has_strangers() { # DIRECTORY
  find "$1" ! -type d -print >now/tree || return 0
  while IFS= read -r xp_member; do
    if xp_is_strange "$xp_member"; then return 0; fi
  done <now/tree
  return 1
}

xp_is_strange() { # PATH
  case $1 in */.xpush-"$XP_ID".*) return 1 ;; esac
  ! sed 's/^[FLDA] [^ ]* [^ ]* [^ ]* [^ ]* //' manifest | grep -Fxq -e "$1"
}

xp_restore_absence() { # PATH
  if xp_is_restored "$1"; then return 0; fi
  if [ -d "$1" ] && [ ! -L "$1" ]; then rmdir "$1"; else rm -f "$1"; fi && xp_note "$1, which was new, is removed"
}

xp_give_permissions() { # PATH
  chown "$xp_uid:$xp_gid" "$1" 2>/dev/null
  xp_left=${xp_mode#?}
  xp_user=${xp_left%??????} xp_left=${xp_left#???}
  chmod "u=$(xp_letters "$xp_user"),g=$(xp_letters "${xp_left%???}"),o=$(xp_letters "${xp_left#???}")" "$1"
}

# Of three letters of `ls -l`, what chmod(1) takes.
xp_letters() { # LETTERS
  case $1 in r*) xp_print r ;; esac
  case $1 in ?w*) xp_print w ;; esac
  case $1 in ??[xst]) xp_print x ;; esac
  case $1 in ??[sS]) xp_print s ;; ??[tT]) xp_print t ;; esac
}

xp_verify_files() {
  XP_BAD_FILES=
  while read -r xp_kind xp_number xp_mode xp_uid xp_gid xp_path; do
    xp_is_restored "$xp_path" || {
      XP_BAD_FILES=yes
      xp_bad "$xp_path"
    }
  done <manifest
}

# Copies and staged files beside others, with what else is named.
xp_drop_beside() { # WINDOW PATH...
  xp_window_left=$1
  shift
  if [ -e "$xp_window_left/beside" ]; then
    while IFS= read -r xp_path; do
      case $xp_path in */.xpush-*) set -- "$@" "$xp_path" ;; esac
    done <"$xp_window_left/beside"
  fi
  [ $# -eq 0 ] || rm -rf "$@"
}

# Directories that were made for files of the next boot, unless others have put something in.
xp_remove_made() {
  [ -e made ] || return 0
  while IFS= read -r xp_path; do
    [ -z "$xp_path" ] || rmdir "$xp_path" 2>/dev/null
  done <made
}
