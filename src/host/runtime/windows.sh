# shellcheck shell=sh
# Looking at the lock and the confirm windows. Nothing in here writes, or runs another program.

# Where we remember, in XP_HOME; fails when there is nothing of ours.
xp_find_home() {
  for XP_HOME in /var/lib/xpush "${HOME-}/.xpush"; do
    # shellcheck disable=SC3067 # dash, busybox, bash and ksh have -O
    if [ -d "$XP_HOME" ] && [ -O "$XP_HOME" ]; then return 0; fi
  done
  return 1
}

# The host's boot, in XP_BOOT: one line that `read` gets whole, unlike other files of /proc/sys.
xp_boot() {
  XP_BOOT=
  { read -r XP_BOOT </proc/sys/kernel/random/boot_id; } 2>/dev/null
}

# Tenths of a second since the boot, in XP_NOW: no clock that anybody can set. Hundredths would be
# too large for 32-bit shells on a host that has been up for months.
xp_clock() {
  read -r XP_NOW _ </proc/uptime
  xp_fraction=${XP_NOW#*.}
  XP_NOW=${XP_NOW%%.*}${xp_fraction%"${xp_fraction#?}"}
  XP_NOW=${XP_NOW#0}
}

# When a process was started, in XP_STARTED (proc(5), the 22nd field): its number may be used again.
xp_started() { # PID
  XP_STARTED=
  { read -r xp_stat <"/proc/$1/stat"; } 2>/dev/null || return
  set -f
  # shellcheck disable=SC2086 # split into fields
  set -- ${xp_stat##*) }
  set +f
  [ "$1" != Z ] || return
  shift 19
  XP_STARTED=$1
}

xp_is_alive() { # BOOT PID START-TIME
  [ $# -eq 3 ] && xp_boot && [ "$1" = "$XP_BOOT" ] && xp_started "$2" && [ "$3" = "$XP_STARTED" ]
}

# Whose a lock or a window is: four lines, in XP_RUN, XP_BY, XP_SINCE and XP_OWNER.
xp_read_who() { # FILE
  XP_RUN='' XP_BY='' XP_SINCE='' XP_OWNER=''
  {
    {
      IFS= read -r XP_RUN && IFS= read -r XP_BY && IFS= read -r XP_SINCE && IFS= read -r XP_OWNER
    } <"$1"
  } 2>/dev/null
}

# One word of a file, in XP_WORD, or what is said in its place.
xp_read_word() { # FILE DEFAULT
  XP_WORD=
  { read -r XP_WORD _ <"$1"; } 2>/dev/null
  XP_WORD=${XP_WORD:-$2}
}

# The token of a window tells what was decided, in XP_TOKEN; fails when the window is over.
xp_token() { # WINDOW
  for XP_TOKEN in confirmed rolling armed; do
    if [ -e "$1/$XP_TOKEN" ]; then return 0; fi
  done
  XP_TOKEN=
  return 1
}

# The window that is not over, in XP_PENDING: there is one at most, as the lock is held meanwhile.
xp_find_pending() {
  for XP_PENDING in "$XP_HOME"/window/*; do
    if xp_token "$XP_PENDING"; then return 0; fi
  done
  XP_PENDING=
  return 1
}

xp_is_supervised() { # WINDOW
  for xp_keeper in supervisor guard; do
    xp_owner=
    { IFS= read -r xp_owner <"$1/now/$xp_keeper"; } 2>/dev/null || continue
    # shellcheck disable=SC2086 # three words
    if xp_is_alive $xp_owner; then return 0; fi
  done
  return 1
}

# Nothing more will become of it by itself.
xp_is_told() { # WINDOW
  if ! xp_token "$1"; then return 0; fi
  xp_read_word "$1/result" ''
  [ "$XP_WORD" != incomplete ] || return 0
  [ -e "$1/now/result" ]
}

# Lines `lock RUN BY SINCE held|stale`, `window ID RUN BY STATE TENTHS same|other watched|alone` and
# `last ID RUN BY OUTCOME TENTHS-AGO WHY`.
xp_windows() {
  xp_find_home || return 0
  xp_find_pending
  if [ -e "$XP_HOME/lock" ]; then xp_tell_lock; fi
  [ -z "$XP_PENDING" ] || xp_tell_pending
  if [ -n "$XP_PENDING" ] && [ -e "$XP_PENDING/now/last" ]; then
    xp_tell_last "$XP_PENDING/now/last" # the disk did not take it
  elif [ -e "$XP_HOME/last" ]; then
    xp_tell_last "$XP_HOME/last"
  fi
}

xp_tell_lock() {
  xp_read_who "$XP_HOME/lock"
  xp_held=held
  # shellcheck disable=SC2086 # three words
  if [ -z "$XP_PENDING" ] && ! xp_is_alive $XP_OWNER; then xp_held=stale; fi
  xp_add "lock ${XP_RUN:--} ${XP_BY:--} ${XP_SINCE:--} $xp_held$XP_NEWLINE"
}

xp_tell_pending() {
  xp_token "$XP_PENDING"
  xp_is=$XP_TOKEN xp_at=same
  if [ "$xp_is" = armed ] && [ -e "$XP_PENDING/now/applied" ]; then xp_is=applied; fi
  xp_boot
  xp_read_word "$XP_PENDING/boot_id" ''
  [ "$XP_WORD" = "$XP_BOOT" ] || xp_at=other
  xp_read_word "$XP_PENDING/now/deadline" 0
  xp_read_word "$XP_PENDING/now/applied" "$XP_WORD"
  xp_clock
  xp_left=$((XP_WORD - XP_NOW)) xp_watched=alone
  if xp_is_supervised "$XP_PENDING"; then xp_watched=watched; fi
  xp_read_who "$XP_PENDING/who"
  xp_add "window ${XP_PENDING##*/} ${XP_RUN:--} ${XP_BY:--} $xp_is $xp_left $xp_at $xp_watched$XP_NEWLINE"
}

xp_tell_last() { # FILE
  {
    read -r xp_last_id && read -r xp_last_run && read -r xp_last_by && read -r xp_outcome &&
      IFS= read -r xp_why && read -r xp_last_boot xp_at
  } <"$1"
  xp_boot
  xp_clock
  xp_ago=-
  [ "$xp_last_boot" != "$XP_BOOT" ] || xp_ago=$((XP_NOW - xp_at))
  xp_add "last $xp_last_id $xp_last_run $xp_last_by $xp_outcome $xp_ago $xp_why$XP_NEWLINE"
}
