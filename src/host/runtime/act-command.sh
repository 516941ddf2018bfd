# shellcheck shell=sh disable=SC2034,SC2154
# Running a command that changes something.

# Which of its statuses mean that all went well: xp_do goes on after those.
xp_command() { # SECONDS STATUSES ENCODING INPUT TEXT
  XP_FINE=" $2 "
  xp_command_apart "$@"
}

# One that leaves nothing behind which holds its outputs, and prints little. Errors are told when it is over.
xp_brief() { # SECONDS STATUSES ENCODING INPUT TEXT
  XP_FINE=" $2 "
  xp_uptime
  xp_since=$XP_UP
  {
    xp_err=$(
      exec 2>&1 >&5 5>&- # for good: shells keep copies of what they must put back
      xp_start_run "$1" '' "$3" "$4" "$5"
      xp_await_run
      [ -z "$xp_timer" ] || kill "$xp_timer" 2>/dev/null
      exit "$xp_over"
    )
    xp_over=$?
  } 5>&1
  [ -z "$xp_err" ] || xp_print "$XP_NEWLINE@$XP_NONCE rest $xp_id$XP_NEWLINE$xp_err"
  xp_uptime
  [ -z "$1" ] || [ $((XP_UP - xp_since)) -lt $(($1 * 100)) ] || xp_print "$XP_NEWLINE@$XP_NONCE late $xp_id$XP_NEWLINE"
  return "$xp_over"
}

# What it prints is capped here: how much a host sends is not the host's to decide. A process that the
# command leaves behind may hold an output open: the readers are ended a second after the command, and
# what is left in a pipe goes to a `cat` that lives as long as that process writes. dd by bytes is the
# one reader that keeps nothing back until it ends. Errors are told when all other output is: their
# pipe, 6, is open as long as that is read.
xp_command_apart() (
  exec 5>&1
  {
    {
      xp_run_it "$@" | {
        sh -c 'echo "reader $$" >&4; exec dd bs=1 count=65536' >&5 2>/dev/null
        exec cat >/dev/null 2>&1 4>&- 5>&- 6>&-
      } &
    } 6>&1 | {
      xp_err=$(sh -c 'echo "reader $$" >&4; exec dd bs=1 count=65536' 2>/dev/null 5>&-)
      [ -z "$xp_err" ] || xp_print "$XP_NEWLINE@$XP_NONCE rest $xp_id$XP_NEWLINE$xp_err" >&5
      exec cat >/dev/null 2>&1 4>&- 5>&-
    } &
  } 4>&1 | xp_await
)

xp_run_it() { # SECONDS STATUSES ENCODING INPUT TEXT
  exec 2>&6
  xp_uptime
  xp_since=$XP_UP
  xp_start_run "$1" '' "$3" "$4" "$5"
  xp_await_run
  if [ -n "$xp_timer" ]; then
    kill "$xp_timer" 2>/dev/null
    xp_uptime
    [ $((XP_UP - xp_since)) -lt $(($1 * 100)) ] || echo late >&4
  fi
  echo "over $xp_over" >&4
}

# The status of the command once its output is there; the input ends when the readers have ended.
xp_await() {
  xp_over='' xp_readers='' xp_timer='' xp_late=''
  while read -r xp_word xp_number; do
    case $xp_word in
    reader) xp_readers="$xp_readers $xp_number" ;;
    late) xp_late=yes ;;
    over) xp_over=$xp_number ;;
    esac
    case $xp_over,$xp_readers,$xp_timer in
    ?*,' '*' '*,)
      # shellcheck disable=SC2086 # two words
      xp_end_later $xp_readers <&- >/dev/null 2>&1 5>&- &
      xp_timer=$!
      ;;
    esac
  done
  [ -z "$xp_timer" ] || kill "$xp_timer" 2>/dev/null
  [ -z "$xp_late" ] || xp_print "$XP_NEWLINE@$XP_NONCE late $xp_id$XP_NEWLINE"
  return "${xp_over:-1}"
}

xp_end_later() { # PROCESS-ID...
  xp_sleep=
  trap 'kill -KILL "$xp_sleep"; exit' TERM
  sleep 1 &
  xp_sleep=$!
  wait "$xp_sleep"
  kill -PIPE "$@"
}
