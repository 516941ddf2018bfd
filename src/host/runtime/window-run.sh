# shellcheck shell=sh disable=SC2034,SC2153
# (names in capitals are for, or of, other runtime files)
# What a confirm window does by itself. THE decision is one rename(2) of its token:
#   armed -> confirmed -> settled      (files for the next boot are in place)
#   armed -> rolling   -> undone       (everything is as before, compared with the snapshot)
# Whoever renames it decides; everybody else is told. What matters only until the next boot is in
# `now`, on a file system in memory where there is one: the disk may be full.

xp_run() { # MODE ARGUMENTS...
  xp_mode=$1
  shift
  xp_read_word "$XP_WINDOW/nonce" ''
  xp_setup "${XPUSH_NONCE:-$XP_WORD}"
  PATH=$PATH:/usr/bin:/bin
  XP_HOME=/var/lib/xpush XP_ID=${XP_WINDOW##*/} XP_GONE=
  cd "$XP_WINDOW" || return
  if [ "$xp_mode" = apply ]; then
    xp_apply
    return
  fi
  # shellcheck disable=SC1091 # made with the window
  . ./settings.sh
  case $xp_mode in
  arm) xp_arm_here ;;
  watch) xp_keep_guard ;;
  resume) xp_resume ;;
  confirm) xp_confirm ;;
  undo) xp_undo "$@" ;;
  forget) xp_let_go ;;
  recover) xp_recover ;;
  esac
}

# In a session of its own. Its output is a file, so that it needs nobody who reads it. What is not a
# whole line was not written: a full disk leaves files short.
xp_apply() {
  xp_register runner
  # shellcheck disable=SC1091 # made with the window
  . ./changes.sh
  xp_clock
  xp_heard=$XP_NOW
  xp_changes
  xp_status=$?
  xp_print "$XP_COUNT$XP_NEWLINE" >now/sections
  xp_print "$xp_status$XP_NEWLINE" >now/status
}

xp_step() { # ID WHAT FUNCTION ARGUMENTS...
  xp_print "$1 $XP_COUNT $2$XP_NEWLINE" >>now/steps
  xp_clock
  if [ $((XP_NOW - xp_heard)) -ge 5 ]; then
    xp_heard=$XP_NOW
    xp_tell news
  fi
  xp_step_id=$1
  shift 2
  xp_do "$xp_step_id" "$@"
}

# Wakes who watches over it (`wake`), or who relays it (`news`), if anybody does.
xp_tell() { # wake|news
  [ ! -p "now/$1" ] || echo 1<>"now/$1"
} 2>/dev/null

# Of this process, which may be a subshell: that has no number of its own in `$$`.
xp_register() { # NAME
  xp_boot
  read -r xp_self _ </proc/self/stat
  xp_started "$xp_self"
  xp_print "$XP_BOOT $xp_self $XP_STARTED$XP_NEWLINE" >"now/$1"
}
