# shellcheck shell=sh disable=SC2154
# Files, directories and kernel parameters. Nothing in here writes.

# What each directory is and its files' paths, an empty line after each directory; then all of them
# and the other paths as files. A name with a newline is nobody's: listings are read line by line.
xp_directories() { # COUNT [DIRECTORY SUFFIX]... PATH...
  xp_add_begin names
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
    xp_add "$XP_TYPE$XP_NEWLINE"
    for xp_path in "$xp_directory"/*"$xp_suffix"; do
      case $xp_path in *"$XP_NEWLINE"*) continue ;; esac
      [ -e "$xp_path" ] || continue # the pattern itself, or a link to nowhere
      xp_count=$((xp_count + 1))
      [ "$xp_count" -le 256 ] || break
      xp_add "$xp_path$XP_NEWLINE"
      set -- "$@" "$xp_path"
    done
    [ "$xp_count" -le 256 ] || xp_add "more$XP_NEWLINE"
    xp_add "$XP_NEWLINE"
  done
  xp_add_end names 0
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
  xp_add_begin files
  xp_add "$xp_types"
  if [ $# -eq 0 ]; then
    xp_add_end files 0
    xp_parameters
    return
  fi
  xp_list=$(ls -ldnL "$@")
  xp_failure=$?
  xp_add "$xp_list$XP_NEWLINE"
  xp_add_end files "$xp_failure"
  if [ -n "$XP_PARAMETERS" ]; then xp_parameters "$@"; else xp_section contents head -q -c 262144 "$@"; fi
  ! xp_has_large "$xp_list" || xp_section sums xp_sum_files "$@"
}

xp_sum_files() { # PATH...
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$@"; else cksum "$@"; fi
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
