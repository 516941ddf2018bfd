# shellcheck shell=sh disable=SC2034,SC2153
# (names in capitals are for, or of, other runtime files)
# Watching over a confirm window: two processes that sleep until there is something to do. Descriptors:
# 4 wakes who watches, 5 and 6 are the ends of a pipe that breaks with the supervisor, 7 tells who relays.

xp_note() { # TEXT
  xp_clock
  xp_print "$XP_NOW $1$XP_NEWLINE" >>log
} 2>/dev/null

# A small file is there whole or not at all.
xp_put() { # FILE TEXT
  xp_print "$2$XP_NEWLINE" >"$1.$$" && mv -f "$1.$$" "$1"
} 2>/dev/null

# When it is to be over, in XP_WORD: for making its changes, then for the confirmation.
xp_read_deadline() {
  xp_read_word now/deadline 0
  xp_read_word now/applied "$XP_WORD"
}

# Fails with 1 when somebody else has decided, with 2 when nobody can (a disk that became read-only).
# What is given up has no changes any more: none is begun, and there may be secrets among them.
xp_claim_token() { # confirmed|rolling
  if mv -f armed "$1" 2>/dev/null; then
    [ "$1" = confirmed ] || rm -f changes.sh
    return 0
  fi
  [ -e armed ] || return 1
  return 2
}

# Leaves what might end it with the session or with memory: the session's cgroup, its signals.
xp_outlive() {
  trap '' HUP INT QUIT PIPE TERM USR1 USR2 ALRM
  { echo -1000 >/proc/self/oom_score_adj; } 2>/dev/null
  [ -z "${INVOCATION_ID-}" ] || return 0 # a service of its own
  for xp_group in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs; do
    { echo 0 >"$xp_group"; } 2>/dev/null # who writes
  done
}

# The guard, with the supervisor as its child: it takes over when that is killed.
xp_keep_guard() {
  xp_outlive
  exec 4<>now/wake 5<>now/alive 7<>now/news || return
  xp_register guard
  xp_supervise &
  exec 6<now/alive 5>&-
  read -r _ <&6
  exec 6<&-
  if xp_is_told .; then return 0; fi
  xp_note 'the supervisor is gone: the guard takes over'
  xp_register supervisor
  xp_watch_over
}

xp_supervise() {
  xp_register supervisor
  echo watched >&7
  (
    trap - HUP INT QUIT PIPE TERM USR1 USR2 ALRM
    setsid sh "$XP_WINDOW/run.sh" apply </dev/null >>now/out 2>&1 4>&-
    true >now/ended
    echo >&4
  ) 5>&- 7>&- &
  xp_watch_over
}

# Who watched over it is gone, and somebody wants it undone.
xp_resume() {
  xp_outlive
  exec 4<>now/wake 7<>now/news || return
  xp_register supervisor
  xp_watch_over
}

xp_watch_over() {
  xp_alarm='' xp_timer='' xp_since='' XP_OVER=
  while [ -z "$XP_OVER" ] && xp_token .; do
    xp_tenths=50
    case $XP_TOKEN in
    armed) xp_watch_armed ;;
    rolling) xp_roll_back "$(xp_reason)" ;;
    confirmed) # whoever confirmed puts files in place: if that takes long, it has died
      xp_clock
      xp_since=${xp_since:-$XP_NOW}
      [ $((XP_NOW - xp_since)) -lt 50 ] || xp_settle >/dev/null
      ;;
    esac
    if [ -n "$XP_OVER" ] || ! xp_token .; then break; fi
    xp_doze "$xp_tenths"
  done
  [ -z "$xp_timer" ] || kill "$xp_timer" 2>/dev/null
  echo over >&7
}

# Until it is woken, or so many tenths are over. Never for long: a guest that was saved has lost time
# that sleep(1) does not count.
xp_doze() { # TENTHS
  xp_clock
  set -- $(($1 > 0 ? $1 : 1))
  if [ -z "$xp_alarm" ] || [ "$xp_alarm" -gt $((XP_NOW + $1)) ]; then
    [ -z "$xp_timer" ] || kill "$xp_timer" 2>/dev/null
    xp_alarm=$((XP_NOW + $1))
    xp_ring_after "$1" 5>&- 7>&- &
    xp_timer=$!
  fi
  read -r xp_word <&4
  [ "$xp_word" != ring ] || xp_alarm='' xp_timer=''
}

xp_ring_after() { # TENTHS
  xp_sleep=
  trap 'kill -KILL "$xp_sleep"; exit' TERM
  case $1 in ?) xp_for=0.$1 ;; *) xp_for=${1%?} ;; esac
  sleep "$xp_for" 4>&- 2>/dev/null &
  xp_sleep=$!
  wait "$xp_sleep" || sleep 1 4>&- # one that knows no fractions
  echo ring >&4
}

xp_watch_armed() {
  xp_clock
  xp_read_deadline
  if [ -e now/undo ]; then
    xp_give_up "$(cat now/undo)"
  elif [ -e now/applied ]; then
    [ "$XP_NOW" -lt "$XP_WORD" ] || xp_give_up "nobody confirmed it within $XP_CONFIRM_SECONDS s"
  elif [ -s now/status ]; then
    xp_note_status
  elif [ "$XP_NOW" -ge "$XP_WORD" ]; then
    xp_give_up "its changes took longer than $XP_APPLY_SECONDS s$(xp_under_way)"
  elif xp_runner_died; then
    xp_give_up "the process that made its changes was killed$(xp_under_way)"
  elif [ -n "$XP_SPEAKS" ]; then
    xp_tenths=10
    echo >&7
  fi
  xp_read_deadline
  xp_clock
  [ $((XP_WORD - XP_NOW)) -ge "$xp_tenths" ] || xp_tenths=$((XP_WORD - XP_NOW))
}

xp_note_status() {
  xp_read_word now/status failed
  if [ "$XP_WORD" != 0 ]; then
    xp_give_up "a change failed$(xp_under_way)"
  elif xp_clock && xp_print "$((XP_NOW + XP_CONFIRM_SECONDS * 10))$XP_NEWLINE" >now/applied 2>/dev/null; then
    echo applied >&7
    xp_note "all changes are made: waiting $XP_CONFIRM_SECONDS s for the confirmation"
  else
    rm -f now/applied
    xp_give_up 'that its changes are made could not be written down (disk full?)'
  fi
}

# The line of the step that was begun last, in XP_STEP: its id, the sections before it, and what it is.
xp_last_step() {
  XP_STEP=
  [ -e now/steps ] || return
  while IFS= read -r xp_line; do XP_STEP=$xp_line; done <now/steps
}

xp_under_way() {
  xp_last_step || return 0
  xp_what=${XP_STEP#* }
  xp_print "${XP_STEP:+: ${xp_what#* }}"
}

xp_runner_died() {
  [ ! -s now/status ] || return
  [ ! -e now/ended ] || return 0
  xp_owner=
  { IFS= read -r xp_owner <now/runner; } 2>/dev/null || return
  # shellcheck disable=SC2086 # three words
  ! xp_is_alive $xp_owner && [ ! -s now/status ]
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

# All of its session, so that nothing goes on changing what is being put back. What a command runs as
# another user is in a session of its own (su(1)), but below it.
xp_end_runner() {
  xp_owner=
  { IFS= read -r xp_owner <now/runner; } 2>/dev/null || return 0
  xp_runner=${xp_owner#* }
  xp_runner=${xp_runner% *}
  kill -STOP "-$xp_runner" 2>/dev/null
  xp_members=
  for xp_stat_file in /proc/[0-9]*/stat; do
    { read -r xp_stat <"$xp_stat_file"; } 2>/dev/null || continue
    xp_pid=${xp_stat_file#/proc/}
    # shellcheck disable=SC2086 # state, parent, group, session
    if xp_is_in_session "$xp_runner" ${xp_stat##*) }; then xp_members="$xp_members ${xp_pid%/stat}"; fi
  done
  [ -z "$XP_SPEAKS" ] || xp_stop_below "${xp_members# }" KILL 2>/dev/null
  # shellcheck disable=SC2086 # words
  kill -KILL "-$xp_runner" $xp_members 2>/dev/null
  xp_close_section
}

xp_is_in_session() { # SESSION STATE PARENT GROUP SESSION...
  [ "$1" = "$5" ]
}

# The one that was open when its process was killed.
xp_close_section() {
  [ ! -s now/status ] && xp_last_step && [ -n "$XP_STEP" ] || return 0
  xp_count=${XP_STEP#* }
  XP_COUNT=${xp_count%% *}
  xp_end "${XP_STEP%% *}" 137 >>now/out
  xp_put now/sections "$XP_COUNT"
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
    xp_read_deadline
    xp_clock
    [ "$XP_NOW" -ge "$XP_WORD" ] || return 0
    xp_register supervisor
    xp_give_up 'nobody confirmed it, and what watched over it was killed'
  fi
}
