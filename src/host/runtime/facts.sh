# shellcheck shell=sh
# How facts are told. Nothing in here writes.
# Lines `WORD:TEXT`: of a file, by its path; what a command said, by a word of ours; `has:WORD`.

# Each program that is run costs more than all that the shell does by itself: what it can read and
# cut, it reads and cuts.

unset -f initctl

xp_lines() { # FILE...
  for xp_file; do
    if ! [ -f "$xp_file" ] || ! [ -r "$xp_file" ]; then continue; fi
    xp_left=64
    while [ "$xp_left" -gt 0 ] && { IFS= read -r xp_line || [ -n "$xp_line" ]; }; do
      xp_add "$xp_file:$xp_line$XP_NEWLINE"
      xp_left=$((xp_left - 1))
    done <"$xp_file"
  done
}

# What it said is in XP_SAID, too.
xp_say() { # WORD COMMAND...
  xp_word=$1 XP_SAID=
  shift
  command -v "$1" >/dev/null 2>&1 || return 0
  XP_SAID=$("$@" 2>&1)
  xp_marked "$xp_word" 4 "$XP_SAID"
}

xp_marked() { # WORD MOST TEXT
  xp_word=$1 xp_left=$2
  set -f
  IFS=$XP_NEWLINE
  # shellcheck disable=SC2086 # split into lines
  set -- $3
  IFS=$XP_BLANKS
  set +f
  for xp_line; do
    [ "$xp_left" -gt 0 ] || break
    xp_add "$xp_word:$xp_line$XP_NEWLINE"
    xp_left=$((xp_left - 1))
  done
}

xp_flag() { # WORD TEST...
  xp_flagged=$1
  shift
  ! "$@" || xp_add "has:$xp_flagged$XP_NEWLINE"
}

xp_any() { # FILE...
  for xp_file; do
    if [ -e "$xp_file" ]; then return 0; fi
  done
  return 1
}
