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
  xp_setup "${XPUSH_NONCE:-$(cat "$XP_WINDOW/nonce" 2>/dev/null)}"
  PATH=$PATH:/usr/bin:/bin
  XP_HOME=/var/lib/xpush XP_ID=${XP_WINDOW##*/} XP_GONE=
  cd "$XP_WINDOW" || return
  # shellcheck disable=SC1091 # made with the window
  . ./settings.sh
  case $xp_mode in
  arm) xp_arm_here ;;
  supervise) xp_supervise ;;
  guard) xp_guard ;;
  apply) xp_apply ;;
  confirm) xp_confirm ;;
  undo) xp_undo "$@" ;;
  forget) xp_let_go ;;
  recover) xp_recover ;;
  esac
}

xp_note() { # TEXT
  xp_clock
  xp_print "$XP_NOW $1$XP_NEWLINE" >>log
} 2>/dev/null

# A small file is there whole or not at all.
xp_put() { # FILE TEXT
  xp_print "$2$XP_NEWLINE" >"$1.$$" && mv -f "$1.$$" "$1"
} 2>/dev/null

xp_until() { # TENTHS
  xp_clock
  xp_put now/deadline $((XP_NOW + $1))
}

# Fails with 1 when somebody else has decided, with 2 when nobody can (a disk that became read-only).
xp_claim_token() { # confirmed|rolling
  if mv -f armed "$1" 2>/dev/null; then
    rm -f changes.sh # no change is begun any more, and there may be secrets among them
    return 0
  fi
  [ -e armed ] || return 1
  return 2
}

# Leaves what might end it with the session or with memory: the session's cgroup, its signals.
xp_outlive() {
  trap '' HUP INT QUIT PIPE TERM USR1 USR2 ALRM
  { echo -1000 >/proc/$$/oom_score_adj; } 2>/dev/null
  [ -z "${INVOCATION_ID-}" ] || return 0 # a service of its own
  for xp_group in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs; do
    { echo $$ >"$xp_group"; } 2>/dev/null
  done
}

xp_register() { # NAME
  xp_boot
  xp_started $$
  xp_put "now/$1" "$XP_BOOT $$ $XP_STARTED"
}

xp_supervise() {
  xp_outlive
  xp_register supervisor
  (
    trap - HUP INT QUIT PIPE TERM USR1 USR2 ALRM
    exec setsid sh "$XP_WINDOW/run.sh" apply </dev/null >>now/out 2>&1
  ) &
  xp_watch_over
}

# A second process, which takes over when the first one is killed.
xp_guard() {
  xp_outlive
  xp_register guard
  until xp_is_told .; do
    if xp_is_alone; then
      xp_note 'the supervisor is gone: the guard takes over'
      xp_register supervisor
      xp_watch_over
      return
    fi
    sleep 1
  done
}

# Not before there was a supervisor, unless none comes.
xp_is_alone() {
  xp_owner=
  if { IFS= read -r xp_owner <now/supervisor; } 2>/dev/null; then
    # shellcheck disable=SC2086 # three words
    ! xp_is_alive $xp_owner
  else
    xp_clock
    xp_read_word now/deadline 0
    [ "$XP_NOW" -ge "$XP_WORD" ]
  fi
}

xp_watch_over() {
  xp_patience=50
  XP_OVER=
  while [ -z "$XP_OVER" ] && xp_token .; do
    case $XP_TOKEN in
    armed) xp_watch_armed ;;
    rolling) xp_roll_back "$(xp_reason)" ;;
    confirmed) # whoever confirmed puts files in place: if that takes long, it has died
      xp_patience=$((xp_patience - 1))
      [ "$xp_patience" -gt 0 ] || xp_settle >/dev/null
      ;;
    esac
    sleep 0.1 2>/dev/null || sleep 1
  done
}

xp_watch_armed() {
  xp_clock
  xp_read_word now/deadline 0
  if [ -e now/undo ]; then
    xp_give_up "$(cat now/undo)"
  elif [ -e now/applied ]; then
    [ "$XP_NOW" -lt "$XP_WORD" ] || xp_give_up "nobody confirmed it within $XP_CONFIRM_SECONDS s"
  elif [ -e now/status ]; then
    xp_note_status
  elif [ "$XP_NOW" -ge "$XP_WORD" ]; then
    xp_give_up "its changes took longer than $XP_APPLY_SECONDS s$(xp_under_way)"
  elif xp_runner_died; then
    xp_give_up "the process that made its changes was killed$(xp_under_way)"
  fi
}

# What is not a whole 0 is a failure: a full disk leaves files empty.
xp_note_status() {
  xp_read_word now/status failed
  if [ "$XP_WORD" != 0 ]; then
    xp_give_up "a change failed$(xp_under_way)"
  elif xp_until $((XP_CONFIRM_SECONDS * 10)) && true >now/applied; then
    xp_note "all changes are made: waiting $XP_CONFIRM_SECONDS s for the confirmation"
  else
    xp_give_up 'that its changes are made could not be written down (disk full?)'
  fi
}

xp_under_way() {
  xp_what=$(cat now/what 2>/dev/null)
  xp_print "${xp_what:+: $xp_what}"
}

xp_runner_died() {
  xp_owner=
  { IFS= read -r xp_owner <now/runner; } 2>/dev/null || return
  # shellcheck disable=SC2086 # three words
  ! xp_is_alive $xp_owner && [ ! -e now/status ]
}

# The token may be stuck where nobody can rename it: then nobody can confirm either.
xp_give_up() { # WHY
  xp_claim_token rolling
  [ $? != 1 ] || return 0
  xp_put why "$1" || xp_put now/why "$1"
  xp_end_runner
  xp_roll_back "$1"
}

xp_reason() {
  cat why 2>/dev/null || cat now/why 2>/dev/null || echo 'its changes were being undone'
}

# All of its session, so that nothing goes on changing what is being put back.
xp_end_runner() {
  xp_owner=
  { IFS= read -r xp_owner <now/runner; } 2>/dev/null || return 0
  xp_runner=${xp_owner#* }
  xp_runner=${xp_runner% *}
  kill -KILL "-$xp_runner" 2>/dev/null
  for xp_stat_file in /proc/[0-9]*/stat; do
    { read -r xp_stat <"$xp_stat_file"; } 2>/dev/null || continue
    xp_pid=${xp_stat_file#/proc/}
    # shellcheck disable=SC2086 # state, parent, group, session
    if xp_is_in_session "$xp_runner" ${xp_stat##*) }; then kill -KILL "${xp_pid%/stat}" 2>/dev/null; fi
  done
  xp_close_section
}

xp_is_in_session() { # SESSION STATE PARENT GROUP SESSION...
  [ "$1" = "$5" ]
}

# The one that was open when its process was killed.
xp_close_section() {
  [ ! -e now/status ] && [ -e now/at ] || return 0
  read -r xp_section_id xp_sections <now/at
  XP_COUNT=$xp_sections
  xp_end "$xp_section_id" 137 >>now/out
  xp_put now/sections "$XP_COUNT"
}

# In a session of its own. Its output is a file, so that it needs nobody who reads it.
xp_apply() {
  xp_register runner
  # shellcheck disable=SC1091 # made with the window
  . ./changes.sh
  xp_put now/sections 0
  xp_changes
  xp_status=$?
  xp_put now/sections "$XP_COUNT"
  xp_put now/status "$xp_status"
}

xp_step() { # ID WHAT FUNCTION ARGUMENTS...
  xp_put now/what "$2"
  xp_put now/at "$1 $XP_COUNT"
  xp_step_id=$1
  shift 2
  xp_do "$xp_step_id" "$@"
}

# What nobody watches over any more: at a boot, or when the next run comes.
xp_recover() {
  xp_token . || return 0
  if xp_is_supervised .; then return 0; fi
  xp_read_word boot_id none
  xp_boot
  if [ "$XP_TOKEN" = confirmed ]; then
    xp_settle >/dev/null
  elif [ "$XP_WORD" != "$XP_BOOT" ]; then
    # memory went with the boot
    [ -d now/ ] || { rm -f now && xp_make_now; }
    xp_register supervisor
    xp_claim_token rolling # or it stays where it is: nobody can confirm any more
    xp_roll_back_files 'the host was rebooted before anybody confirmed it'
  elif [ "$XP_TOKEN" = rolling ]; then
    xp_register supervisor
    xp_roll_back "$(xp_reason)"
  else
    xp_read_word now/deadline 0
    xp_clock
    [ "$XP_NOW" -ge "$XP_WORD" ] || return 0
    xp_register supervisor
    xp_give_up 'nobody confirmed it, and what watched over it was killed'
  fi
}
