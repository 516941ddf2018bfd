# shellcheck shell=sh disable=SC2034,SC2153
# (names in capitals are for, or of, other runtime files)
# The controller's end of a confirm window: sends it, and relays what it does. What the window does by
# itself is its own program (`run.sh`, of window-run.sh and others), which needs no connection.

# Every part is checked before any of them runs: a full disk leaves files short. Who arms leads a session
# of its own, as those who watch stay in it.
xp_arm() { # ID RUN BY SINCE
  XP_WINDOW=$XP_HOME/window/$1
  [ "$XP_HOME" = /var/lib/xpush ] || xp_refuse 'network changes need root, to be undone if they cut the host off: log in as root, or set become' || return
  if [ -e "$XP_WINDOW" ]; then
    xp_refuse "$XP_WINDOW is there already: nothing was changed"
    return
  fi
  umask 077
  mkdir -p "$XP_WINDOW/files" "$XP_WINDOW/live" && xp_write_who "$XP_WINDOW/who" "$2" "$3" "$4" && umask 077 &&
    xp_arm_facts && xp_parts && setsid sh "$XP_WINDOW/run.sh" arm
  xp_failure=$?
  umask 022
  [ "$xp_failure" = 0 ] || rm -rf "$XP_WINDOW"
  return "$xp_failure"
}

# The nonce of this connection, and the port of the server that it came to.
xp_arm_facts() {
  xp_port=${SSH_CONNECTION-}
  xp_port=${xp_port##* }
  case $xp_port in '' | *[!0-9]*) xp_port=22 ;; esac
  xp_print "$XP_NONCE$XP_NEWLINE" >"$XP_WINDOW/nonce" && echo "$xp_port" >"$XP_WINDOW/port"
}

xp_part() { # NAME ENCODING TEXT
  xp_input "$2" "$3" >"$XP_WINDOW/$1" ||
    xp_refuse "$XP_WINDOW/$1 could not be written (disk full?): nothing was changed"
}

xp_whole() { # [NAME SUMS]...
  xp_left=$#
  xp_wanted=
  while [ "$xp_left" -gt 0 ]; do
    xp_wanted=$xp_wanted$2$XP_NEWLINE
    set -- "$@" "$XP_WINDOW/$1"
    shift 2
    xp_left=$((xp_left - 2))
  done
  xp_list=$(xp_sum_up_files "$@") || return
  for xp_name; do
    xp_sum=${xp_list%%"$XP_NEWLINE"*}
    xp_list=${xp_list#*"$XP_NEWLINE"}
    case ${xp_sum%% *} in
    ????????????????????????????????*) xp_sum="${xp_sum%% *} * *" ;;
    *) xp_sum="* ${xp_sum%" $xp_name"}" ;;
    esac
    xp_fits "${xp_wanted%%"$XP_NEWLINE"*}" "$xp_sum" ||
      xp_refuse "$xp_name could not be written (disk full?): nothing was changed" || return
    xp_wanted=${xp_wanted#*"$XP_NEWLINE"}
  done
}

# What the window's own process prints, until its changes are made or undone; whoever watches over it
# says when there is more.
xp_relay() {
  # shellcheck disable=SC2094 # one of them is there to open the other, which waits for one who writes
  xp_relay_more 5<"$XP_WINDOW/now/out" 6<>"$XP_WINDOW/now/news" 7<"$XP_WINDOW/now/news" || xp_await_end
  # what commands have printed may be a secret; until the decision another connection may ask for it
  if xp_is_told "$XP_WINDOW"; then rm -f "$XP_WINDOW/now/out"; fi
  xp_read_word "$XP_WINDOW/now/sections" 0
  XP_COUNT=$((XP_COUNT + XP_WORD))
}

xp_relay_more() {
  exec 6>&-
  while :; do
    xp_last=
    if xp_has_ended; then xp_last=yes; fi
    [ ! -s "$XP_WINDOW/now/out" ] || cat <&5
    [ -z "$xp_last" ] || return 0
    read -r _ <&7 || xp_nap # nobody watches over it any more
  done
}

xp_has_ended() {
  [ -s "$XP_WINDOW/now/applied" ] || xp_is_told "$XP_WINDOW"
}

xp_await_end() {
  until xp_has_ended; do xp_nap; done
}

# The same once more, for another connection: lines that begin with the old nonce get the new one.
xp_follow() { # ID
  XP_WINDOW=$XP_HOME/window/$1
  [ -d "$XP_WINDOW" ] || return 0
  xp_await_end
  xp_read_word "$XP_WINDOW/nonce" none
  # it goes with the decision
  sed "s/^@$XP_WORD /@$XP_NONCE /" "$XP_WINDOW/now/out" 2>/dev/null || return 0
  xp_read_word "$XP_WINDOW/now/sections" 0
  XP_COUNT=$((XP_COUNT + XP_WORD))
}

# `applied` and the seconds that are left, or how it was undone.
xp_tell_window() {
  if [ -s "$XP_WINDOW/result" ]; then
    cat "$XP_WINDOW/result"
  elif [ -s "$XP_WINDOW/now/result" ]; then
    cat "$XP_WINDOW/now/result"
  elif [ -e "$XP_WINDOW/now/applied" ]; then
    xp_read_word "$XP_WINDOW/now/deadline" 0
    xp_read_word "$XP_WINDOW/now/applied" "$XP_WORD"
    xp_clock
    echo "applied
$(((XP_WORD - XP_NOW) / 10))"
  fi
}

# Its own process prints the sections, since it outlives this connection; descriptor 9 tells how many.
xp_decide() { # ID DECISION WHY
  xp_find_home
  XP_WINDOW=$XP_HOME/window/$1
  if [ ! -e "$XP_WINDOW/run.sh" ]; then
    xp_section decision echo gone
    return
  fi
  {
    xp_more=$(XPUSH_NONCE=$XP_NONCE sh "$XP_WINDOW/run.sh" "$2" "$3" 9>&1 >&8 8>&-)
  } 8>&1
  XP_COUNT=$((XP_COUNT + ${xp_more:-0}))
}

# The lock of a window is the lock of the run that goes on after it.
xp_adopt() { # RUN BY SINCE
  xp_find_home && xp_boot && xp_started $$ || return 0
  XP_ME="$XP_BOOT $$ $XP_STARTED"
  xp_read_who "$XP_HOME/lock" && [ "$XP_RUN" = "$1" ] || return 0
  xp_mine=$XP_HOME/lock.$$-$XP_NONCE
  xp_write_who "$xp_mine" "$@" >/dev/null || return 0
  xp_unlock_at_end
  xp_read_who "$XP_HOME/lock"
  xp_take_over "$1"
  rm -f "$xp_mine"
}
