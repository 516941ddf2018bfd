# shellcheck shell=sh disable=SC2034,SC2153
# (names in capitals are for, or of, other runtime files)
# One run at a time changes a host. The lock is a file of four lines (xp_read_who) that link(2) makes:
# it is there whole or not at all. Whoever changes a lock, first wins the claim on its owner.

XP_BUSY=76

# How long the shell of a lost line, which was ours, may go on with its last change: tenths of a second.
XP_PATIENCE=50

# Takes the lock, and keeps what undoes the changes to come.
xp_hold() { # RUN BY SINCE [GENERATION KEEP ENCODING TEXT]
  XP_HELD=
  xp_make_home "${4:+generations}" || return
  xp_lock "$1" "$2" "$3" "${4:+later}" && xp_tidy_windows || return
  if [ $# -gt 3 ]; then xp_keep_generation "$4" "$5" "$6" "$7" || return; fi
  XP_HELD=yes
}

xp_make_home() { # [generations]
  if xp_is_root; then XP_HOME=/var/lib/xpush; else XP_HOME=${HOME-}/.xpush; fi
  if [ ! -d "$XP_HOME" ]; then
    (umask 077 && exec mkdir -p -m 700 "$XP_HOME" "$XP_HOME/$1") || xp_refuse "$XP_HOME could not be made: nothing was changed" || return
  fi
}

# Without a process, as proc(5) tells: real, effective and other ids.
xp_is_root() {
  {
    while read -r xp_word _ xp_number _; do
      case $xp_word in Uid:) [ "$xp_number" = 0 ] && return || return 1 ;; esac
    done </proc/self/status
  } 2>/dev/null
  [ "$(id -u)" = 0 ]
}

# `later`: who changes files takes away all that is left over at once.
xp_lock() { # RUN BY SINCE [later]
  xp_boot && xp_started $$ || xp_refuse 'there is no /proc: nothing was changed' || return
  XP_ME="$XP_BOOT $$ $XP_STARTED"
  ! xp_has_lock "$1" || return 0
  xp_mine=$XP_HOME/lock.$$-$XP_NONCE
  xp_write_who "$xp_mine" "$@" || return
  xp_unlock_at_end
  xp_tries=0 xp_waits_since=
  until xp_try_lock "$1"; do
    if [ "$XP_TRIED" = busy ]; then
      rm -f "$xp_mine"
      xp_say_busy
      return "$XP_BUSY"
    fi
    [ "$XP_TRIED" = ours ] || xp_tries=$((xp_tries + 1))
    [ "$xp_tries" -lt 50 ] || xp_refuse "$XP_HOME/lock could not be made: nothing was changed" || return
    xp_nap
    if [ ! -e "$xp_mine" ]; then # another run has forgotten everything
      xp_make_home '' && xp_write_who "$xp_mine" "$@" || return
    fi
  done
  if [ -n "$4" ]; then XP_LITTER=$xp_mine; else rm -f "$xp_mine"; fi
}

# Whether this shell took it for an earlier program: nobody takes over from who is alive.
xp_has_lock() { # RUN
  xp_read_who "$XP_HOME/lock" && [ "$XP_OWNER" = "$XP_ME" ] && [ "$XP_RUN" = "$1" ] && ! xp_find_pending
}

# A full disk leaves files short: what is no whole lock would lock nobody out.
xp_write_who() { # FILE RUN BY SINCE
  umask 077
  { xp_print "$2$XP_NEWLINE$3$XP_NEWLINE$4$XP_NEWLINE$XP_ME$XP_NEWLINE" >"$1"; } 2>/dev/null
  umask 022
  if xp_read_who "$1" && [ "$XP_OWNER" = "$XP_ME" ]; then return 0; fi
  rm -f "$1"
  xp_refuse "${1%".$$-$XP_NONCE"} could not be written (disk full, or read-only?): nothing was changed"
}

# Also when a signal ends the shell, which may run no EXIT trap then.
xp_unlock_at_end() {
  trap xp_unlock EXIT
  trap 'xp_unlock; trap - EXIT; exit 129' HUP
  trap 'xp_unlock; trap - EXIT; exit 141' PIPE
  trap 'xp_unlock; trap - EXIT; exit 143' TERM
}

# In XP_TRIED why not: `busy`, `ours`, or `again`.
xp_try_lock() { # RUN
  XP_TRIED=again
  if ln "$xp_mine" "$XP_HOME/lock" 2>/dev/null; then return 0; fi
  [ -e "$XP_HOME/lock" ] || return
  xp_read_who "$XP_HOME/lock"
  xp_find_pending
  if [ -n "$XP_PENDING" ] && xp_is_supervised "$XP_PENDING"; then
    XP_TRIED=busy
    return 1
  fi
  # shellcheck disable=SC2086 # three words
  if [ "$XP_RUN" != "$1" ] && xp_is_alive $XP_OWNER; then
    XP_TRIED=busy
    return 1
  fi
  if xp_is_ours_at_work; then
    XP_TRIED=ours
    return 1
  fi
  xp_take_over "$1"
}

# Another shell of this run may still be in a change: it ends after that, if its line is lost.
xp_is_ours_at_work() {
  # shellcheck disable=SC2086 # three words
  [ "$XP_OWNER" != "$XP_ME" ] && xp_is_alive $XP_OWNER || return
  xp_clock
  xp_waits_since=${xp_waits_since:-$XP_NOW}
  [ $((XP_NOW - xp_waits_since)) -lt "$XP_PATIENCE" ]
}

# Of all who see the same owner gone, one wins.
xp_take_over() { # RUN
  xp_whose=$XP_RUN xp_gone=$XP_OWNER xp_story="run ${XP_RUN:--} by ${XP_BY:--} since ${XP_SINCE:--}"
  xp_claim "$xp_gone" "$xp_mine" || return
  xp_read_who "$XP_HOME/lock"
  xp_taken=no
  if [ "$XP_OWNER" = "$xp_gone" ] && mv -f "$xp_mine" "$XP_HOME/lock"; then xp_taken=yes; fi
  xp_gone=${xp_gone#* }
  rm -f "$XP_CLAIM"* "$XP_HOME/lock.${xp_gone%%[!0-9]*}"-* # what was left over
  [ "$xp_taken" = yes ] || return
  [ "$xp_whose" = "$1" ] || xp_print "took over a lock that was left behind by $xp_story: its process is gone
"
}

# The right to replace or remove the lock of this owner, in XP_CLAIM. Who died with it is followed in
# the same way.
xp_claim() { # OWNER FILE
  xp_key='' xp_rest=$1
  while :; do
    case $xp_rest in *[!A-Za-z0-9]*) ;; *) break ;; esac
    xp_key=$xp_key${xp_rest%%[!A-Za-z0-9]*}_
    xp_rest=${xp_rest#*[!A-Za-z0-9]}
  done
  XP_CLAIM=$XP_HOME/lock.claim-$xp_key$xp_rest
  xp_name=$XP_CLAIM
  until ln "$2" "$xp_name" 2>/dev/null; do
    xp_read_who "$xp_name" || return
    # shellcheck disable=SC2086 # three words
    if xp_is_alive $XP_OWNER; then return 1; fi
    # shellcheck disable=SC2086 # three words
    set -- "$1" "$2" $XP_OWNER
    xp_name=$xp_name.${4-}-${5-}
    [ "${#xp_name}" -lt 2000 ] || return
  done
}

xp_say_busy() {
  xp_read_who "$XP_HOME/lock"
  [ -z "$XP_PENDING" ] || xp_read_who "$XP_PENDING/who"
  xp_print "$XP_RUN
$XP_BY
$XP_SINCE
${XP_PENDING:+pending}
"
}

# Not before the decision on a window: then its end lets go of the lock.
xp_unlock() {
  if xp_find_pending; then return 0; fi
  xp_drop_lock "$XP_ME"
}

# Lets go of the lock if it is this owner's, and never of a newer one.
xp_drop_lock() { # OWNER
  xp_whose=$1
  xp_read_who "$XP_HOME/lock" && [ "$XP_OWNER" = "$1" ] || return 0
  xp_claim "$1" "$XP_HOME/lock" || return 0
  xp_read_who "$XP_HOME/lock"
  set -- "$XP_CLAIM"*
  [ "$XP_OWNER" != "$xp_whose" ] || set -- "$XP_HOME/lock" "$@"
  rm -f "$@" # in this order
}

# The place of the lock goes when the changes are made: until then it is held. A memory that a step
# has left there says that something of ours is still on the host.
xp_forget_later() {
  for xp_file in "$XP_HOME"/* "$XP_HOME"/.[!.]*; do
    case ${xp_file##*/} in lock | lock.* | window | generations | last | last.*) continue ;; esac
    [ ! -e "$xp_file" ] || xp_refuse "$xp_file is still there, so $XP_HOME stays" || return
  done
  XP_FORGET=yes
}

# In one step, so that nobody finds half of it; a mount point is emptied.
xp_forget_home() {
  [ -n "${XP_FORGET-}" ] || return 0
  XP_FORGET='' XP_HELD=''
  xp_read_who "$XP_HOME/lock" && [ "$XP_OWNER" = "$XP_ME" ] && xp_claim "$XP_ME" "$XP_HOME/lock" || return
  xp_gone=${XP_HOME%/*}/.xpush-gone-$$-$XP_NONCE
  if [ -L "$XP_HOME" ] || ! mv -f "$XP_HOME" "$xp_gone" 2>/dev/null; then
    rm -rf "$XP_HOME/window" "$XP_HOME/generations" "$XP_HOME"/last*
    rm -f "$XP_HOME/lock" "$XP_HOME"/lock.*
  fi
  rm -rf "$xp_gone"
}

xp_nap() {
  sleep 0.05 2>/dev/null || sleep 1
}

# A window that nobody watches over any more is brought to its end by the next who comes.
xp_tidy_windows() {
  for xp_window in "$XP_HOME"/window/*; do
    [ -d "$xp_window" ] || continue
    if xp_token "$xp_window"; then
      XP_PENDING=$xp_window
      if ! xp_is_supervised "$xp_window"; then sh "$xp_window/run.sh" recover >/dev/null 2>&1 </dev/null; fi
      if xp_token "$xp_window"; then
        xp_drop_lock "$XP_ME"
        xp_say_busy
        return "$XP_BUSY"
      fi
    fi
    xp_drop_now "$xp_window"
  done
}

# What a window had in memory.
xp_drop_now() { # WINDOW
  if xp_link=$(readlink "$1/now" 2>/dev/null); then
    case $xp_link in */xpush-"${1##*/}") rm -rf "$xp_link" ;; esac
  fi
  rm -f "$1/now"
}

# The newest generations: RUN-IDs sort by time.
xp_keep_generation() { # ID KEEP ENCODING TEXT
  xp_place=$XP_HOME/generations
  [ -d "$xp_place" ] || (umask 077 && mkdir -p "$xp_place") || return
  (umask 077 && xp_input "$3" "$4" >"$xp_place/.new") && mv -f "$xp_place/.new" "$xp_place/$1.json" ||
    xp_refuse "$xp_place/$1.json could not be written (disk full?): nothing was changed" || return
  XP_KEPT=$xp_place/$1.json # on the disk before a change is made
  xp_prune_generations "$2"
}

xp_prune_generations() { # KEEP
  xp_runs='' xp_count=0
  for xp_file in "$XP_HOME"/generations/*.json; do
    xp_run=${xp_file##*/}
    xp_run=${xp_run%.*.json}
    case " $xp_runs " in
    *" $xp_run "*) ;;
    *) xp_runs="$xp_runs $xp_run" xp_count=$((xp_count + 1)) ;;
    esac
  done
  for xp_run in $xp_runs; do
    [ "$xp_count" -gt "$1" ] || break
    rm -f "$XP_HOME/generations/$xp_run".*.json
    xp_count=$((xp_count - 1))
  done
}

xp_told_syslog() { # STATUS RUN BY
  [ -n "$XP_HELD" ] || return 0
  case $1 in
  0) xp_syslog notice "run $2 by $3: changed this host" ;;
  *) xp_syslog warning "run $2 by $3: a change of this host failed" ;;
  esac
}

# A line in the host's own log.
xp_syslog() { # PRIORITY TEXT
  command -v logger >/dev/null 2>&1 || return 0
  [ -z "${XP_UNTOLD-}" ] || [ -e /dev/log ] || return 0 # there is none, or nobody who listens
  xp_bounded 2 logger -t xpush -p "daemon.$1" -- "$2" >/dev/null 2>&1 </dev/null || XP_UNTOLD=yes
}

# `timeout` where there is one: its words were other ones in busybox before 1.30. What busybox leaves
# to watch lives for up to a second more, and must not hold what `xp_decide` reads to its end.
xp_bounded() { # SECONDS COMMAND...
  timeout "$@"
  xp_ended=$?
  [ "$xp_ended" != 0 ] || return 0
  if timeout 1 true 2>/dev/null; then
    return "$xp_ended"
  elif timeout -t 1 true 2>/dev/null; then
    timeout -t "$@"
  else
    shift
    "$@"
  fi
} 9>&-
