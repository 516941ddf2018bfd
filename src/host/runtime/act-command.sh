# shellcheck shell=sh
# Running a command of the user's.

# The output is capped here: how much a host sends is not the host's to decide. A process that the
# command leaves behind may hold the output open: the reader is ended a second after the command, and
# what is left of the pipe goes to a `cat` that lives as long as that process writes. dd by bytes is
# the one reader that keeps nothing back until it ends.
xp_command() ( # DIRECTORY ENCODING INPUT WORDS...
  if [ -n "$1" ]; then
    [ -d "$1" ] || xp_refuse "the directory $1 does not exist" || exit
    cd "$1" || exit
  fi
  shift
  exec 5>&1
  {
    {
      if [ -z "$1" ]; then
        shift 2
        (exec "$@" </dev/null 2>&1 4>&- 5>&-)
      else
        xp_input "$1" "$2" 2>/dev/null 4>&- 5>&- | (shift 2 && exec "$@" 2>&1 4>&- 5>&-)
      fi
      echo "over $?" >&4
    } | {
      sh -c 'echo "reader $$" >&4; exec dd bs=1 count=65536' >&5 2>/dev/null
      exec cat >/dev/null 2>&1 4>&- 5>&-
    } &
  } 4>&1 | xp_await
)

# The status of the command once its output is there; the input ends when the reader has ended.
xp_await() {
  xp_over='' xp_reader='' xp_timer=''
  while read -r xp_word xp_number; do
    case $xp_word in
    reader) xp_reader=$xp_number ;;
    over) xp_over=$xp_number ;;
    esac
    if [ -n "$xp_reader" ] && [ -n "$xp_over" ]; then
      xp_end_later "$xp_reader" <&- >/dev/null 2>&1 5>&- &
      xp_timer=$!
    fi
  done
  [ -z "$xp_timer" ] || kill "$xp_timer" 2>/dev/null
  return "${xp_over:-1}"
}

xp_end_later() { # PROCESS-ID
  xp_sleep=
  trap 'kill "$xp_sleep"; exit' TERM
  sleep 1 &
  xp_sleep=$!
  wait "$xp_sleep"
  kill -PIPE "$1"
}
