# shellcheck shell=sh disable=SC2034,SC2153
# (names in capitals are for, or of, other runtime files)
# What is decided about a confirm window, and what follows from it.

xp_confirm() {
  xp_boot
  xp_read_word boot_id none
  if [ "$XP_WORD" != "$XP_BOOT" ]; then
    xp_recover
    if [ -e settled ]; then
      xp_answer confirmed
    elif xp_token .; then
      xp_answer "$(xp_told)"
    else
      xp_answer rebooted
    fi
  elif [ -e armed ] && [ ! -e now/applied ]; then
    xp_answer not_applied
  else
    xp_claim_token confirmed
    case $? in
    0)
      xp_settle # which others may have done meanwhile
      xp_answer confirmed
      ;;
    1) xp_confirm_again ;;
    *) xp_answer 'it can not be confirmed: the disk does not take the decision (read-only?)' ;;
    esac
  fi
}

# Who asks twice may have lost the line.
xp_confirm_again() {
  if [ -e confirmed ]; then xp_settle; fi
  if [ -e settled ]; then
    xp_answer confirmed
  else
    xp_await_result
    xp_end_told=$(xp_told)
    case $xp_end_told in
    incomplete*) xp_answer "$xp_end_told" ;;
    *) xp_answer "too_late
$xp_end_told" ;;
    esac
  fi
}

xp_undo() { # WHY
  xp_boot
  xp_read_word boot_id none
  if [ -e confirmed ] || [ -e settled ]; then
    xp_answer 'too_late
it was confirmed before'
    return
  fi
  if [ "$XP_WORD" != "$XP_BOOT" ] && xp_token .; then
    xp_recover
  elif xp_token .; then
    xp_await_watchers
    xp_put now/undo "$1"
    if xp_is_supervised .; then
      xp_tell wake
    else
      rm -f result now/result
      xp_start resume
    fi
    xp_await_result
  fi
  xp_answer "$(xp_told)"
}

# A human has put it in order.
xp_let_go() {
  xp_await_watchers
  if ! xp_is_told . || [ -e confirmed ]; then
    xp_answer 'it is not stuck: confirm or undo it'
  elif xp_is_supervised .; then
    xp_answer 'it is being undone: wait for that'
  else
    if xp_token .; then xp_finish rolled_back 'put in order by hand'; fi
    xp_answer "$(xp_told)"
  fi
}

# The section `decision`, and the number of all sections to who called.
xp_answer() { # TEXT
  xp_begin decision
  xp_print "$1$XP_NEWLINE"
  xp_end decision 0
  { echo "$XP_COUNT" >&9; } 2>/dev/null
}

xp_told() {
  cat result 2>/dev/null || cat now/result 2>/dev/null || echo 'it is still being undone'
}

# Who could not undo it is about to end, and would get in the way of who tries again.
xp_await_watchers() {
  xp_tries=200
  while xp_is_told . && xp_is_supervised . && [ "$xp_tries" -gt 0 ]; do
    xp_tries=$((xp_tries - 1))
    xp_nap
  done
}

# There when the window is over, or nothing more is done about it.
xp_await_result() {
  xp_tries=2400
  until xp_is_told "$XP_WINDOW"; do
    xp_tries=$((xp_tries - 1))
    [ "$xp_tries" -gt 0 ] || return
    xp_nap
  done
}

# Everything is put back and compared, three times at most.
xp_roll_back() { # WHY
  XP_OVER=yes
  hash -r 2>/dev/null # where commands were before the changes
  xp_note "undoing it: $1"
  rm -f ballast changes.sh generation # which makes space, and may hold secrets
  xp_try=1
  while :; do
    xp_restore_files
    xp_restore_live
    XP_BAD=
    xp_verify_files
    xp_verify_live
    if [ -z "$XP_BAD" ] || [ "$xp_try" = 3 ]; then break; fi
    xp_note "not yet as before: $XP_BAD"
    xp_try=$((xp_try + 1))
    sleep 1
  done
  xp_conclude "$1"
}

# The live state is gone with a reboot: only files are left to be put back.
xp_roll_back_files() { # WHY
  xp_note "undoing it: $1"
  rm -f ballast changes.sh generation # which makes space, and may hold secrets
  xp_restore_files
  XP_BAD=
  xp_verify_files
  xp_conclude "$1"
}

xp_bad() { # PART
  XP_BAD=$XP_BAD$1$XP_NEWLINE
}

xp_conclude() { # WHY
  if [ -z "$XP_BAD" ]; then
    xp_note 'everything is as before'
    xp_finish rolled_back "$1"
  else
    xp_cry_for_help "$1"
  fi
}

# The lock and the window are kept: nobody goes on as if nothing had happened.
xp_cry_for_help() { # WHY
  xp_parts=$(xp_print "$XP_BAD" | tr '\n' ' ')
  xp_note "NOT everything could be undone: $xp_parts"
  xp_line="xpush: a network change could NOT be undone ($1): not as before: ${xp_parts}see $XP_WINDOW/log"
  { xp_print "$XP_NEWLINE$xp_line$XP_NEWLINE" >/dev/console; } 2>/dev/null
  xp_syslog crit "$xp_line"
  xp_record incomplete "$1"
  case $XP_POLICY in
  reboot) if [ -z "$XP_BAD_FILES" ]; then xp_reboot; fi ;;
  open) xp_open_port ;;
  esac
}

xp_reboot() {
  xp_note 'rebooting, as the inventory says'
  sync &
  sleep 2
  reboot || reboot -f
}

# For people, for the next look, and for who waits.
xp_record() { # OUTCOME WHY
  xp_clock
  xp_boot
  xp_read_who who
  xp_last="$XP_ID
$XP_RUN
$XP_BY
$1
$2
$XP_BOOT $XP_NOW"
  xp_put "$XP_HOME/last" "$xp_last" || xp_put now/last "$xp_last"
  xp_result="$1
$2
${XP_BAD-}"
  xp_print "$xp_result$XP_NEWLINE" >result 2>/dev/null && return
  rm -f result
  xp_put now/result "$xp_result"
}

# The token comes last: until then the next who comes does this again.
xp_finish() { # OUTCOME WHY
  xp_record "$1" "$2"
  [ "$1" != confirmed ] || xp_keep_window_generation
  # there may be secrets among them
  set -- "$1" "$2" changes.sh generation files live ballast
  # what commands have printed may be one; while changes are made, a connection still reads it
  if [ "$1" = confirmed ] || [ -e now/applied ]; then set -- "$@" now/out; fi
  xp_outcome=$1 xp_why=$2
  shift 2
  while IFS= read -r xp_path; do # a plain hook
    case $xp_path in */S[0-9][0-9]xpush-undo) set -- "$@" "$xp_path" ;; esac
  done <hooks 2>/dev/null
  xp_drop_beside . "$@"
  xp_remove_hook
  if [ "$xp_outcome" = confirmed ]; then
    xp_syslog notice "run $XP_RUN by $XP_BY: network changes made and confirmed"
  else
    xp_remove_made
    xp_syslog warning "run $XP_RUN by $XP_BY: network changes undone: $xp_why"
  fi
  xp_read_who who
  xp_drop_lock "$XP_OWNER"
  if [ "$xp_outcome" = confirmed ]; then
    mv -f confirmed settled
    xp_tell wake
  else
    mv -f rolling undone 2>/dev/null || mv -f armed undone
  fi
}

xp_keep_window_generation() {
  [ -e generation ] || return 0
  { [ -d "$XP_HOME/generations" ] || mkdir -m 700 "$XP_HOME/generations"; } && mv -f generation "$XP_HOME/generations/$XP_ID.json" &&
    xp_prune_generations "$XP_KEEP"
}
