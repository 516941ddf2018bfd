# shellcheck shell=sh
# What is at paths, and in directories with all below: one process for all of them, and one more for their
# symbolic links.

XP_STAT='%f:%u:%g:%s:%Y:%h:%i:%U:%G:%n'

# A host without stat says less. The links among them are told by their numbers.
xp_entries() { # ID ''|-L PATH...
  xp_begin "$1"
  xp_entries_id=$1 xp_option=$2
  shift 2
  if command -v stat >/dev/null 2>&1; then
    # shellcheck disable=SC2086 # an option, or none
    stat $xp_option -c "$XP_STAT" "$@" 2>/dev/null
  else
    ls "-lidn${xp_option#-}" "$@" 2>/dev/null
  fi
  echo links
  xp_count=0 xp_links=
  for xp_path; do
    xp_count=$((xp_count + 1))
    [ -n "$xp_option" ] || [ ! -L "$xp_path" ] || xp_links="$xp_links $xp_count"
  done
  xp_tell_links '' '' "$xp_links" "$@"
  xp_end "$xp_entries_id" 0
}

# The directory itself comes first. What has a newline in its name is left out: lines are read.
xp_tree() { # PATH
  if [ -L "$1" ] || [ ! -d "$1" ]; then
    [ -L "$1" ] || [ -e "$1" ] || return 3
    return 4
  fi
  find "$1" -xdev ! -path "*$XP_NEWLINE*" -exec stat -c "$XP_STAT" {} + 2>/dev/null | head -n 10001
}
