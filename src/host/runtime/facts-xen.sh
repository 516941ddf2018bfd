# shellcheck shell=sh
# Xen, its toolstack, the running domains and their vifs. Nothing in here writes.

unset -f timeout xenstore-ls xenstore-read xl xm

# What the first toolstack that answers lists, in a section of its name, and what xenstore-ls does.
xp_look_domains() {
  xp_find_limit
  XP_TOOLSTACK=
  for xp_tool in xl xm; do
    xp_find "$xp_tool" || continue
    xp_list_domains "$xp_tool"
    if [ "$xp_failure" != 0 ] && xp_has_no_limit; then xp_list_domains "$xp_tool"; fi
    [ "$xp_failure" != 0 ] || XP_TOOLSTACK=$xp_tool
    [ -z "$XP_TOOLSTACK" ] || break
  done
  [ -n "$XP_TOOLSTACK" ] || return 0
  xp_list=$($XP_LIMIT xenstore-ls /local/domain/0/backend/vif 2>/dev/null)
  xp_is_short "$xp_list" || xp_list=$(xp_print "$xp_list$XP_NEWLINE" | xp_filter_vifs)
  xp_collect vifs xp_add "$xp_list$XP_NEWLINE"
  case $xp_list in *'..."'*) xp_collect whole xp_whole_values ;; esac
}

xp_list_domains() { # xl|xm
  xp_begin "domains.$1"
  $XP_LIMIT "$1" list 2>/dev/null
  xp_failure=$?
  xp_end "domains.$1" "$xp_failure"
}

# A lost xenstored answers never, so what asks it gets 20 seconds. One that lives needs no limit,
# which is a program more each time.
xp_find_limit() {
  XP_LIMIT=
  xp_lives_store || ! xp_find timeout || XP_LIMIT='timeout 20'
}

# Where Xen's own scripts start it (launch-xenstore, xencommons, xend), it leaves its number. Sleeping
# or running: a stopped one, or one in the midst of a dead disk, answers no better than none.
xp_lives_store() {
  for xp_file in /run/xen/xenstored.pid /var/run/xen/xenstored.pid /var/run/xenstored.pid /var/run/xenstore.pid; do
    xp_pid=
    { read -r xp_pid _ <"$xp_file" || [ -n "$xp_pid" ]; } 2>/dev/null || continue
    { xp_read_state <"/proc/$xp_pid/status"; } 2>/dev/null || continue
    case $XP_STORE in *'xenstored '[RS]) return 0 ;; esac
  done
  return 1
}

# Name and state, in XP_STORE: shells read byte by byte, and these are what /proc/PID/status begins with.
xp_read_state() { # <STATUS
  XP_STORE=
  while read -r xp_word xp_value _; do
    case $xp_word in
    Name:) XP_STORE=$xp_value ;;
    State:) XP_STORE="$XP_STORE $xp_value" && return 0 ;;
    esac
  done
  return 1
}

# Old ones of busybox have another form.
xp_has_no_limit() {
  [ -n "$XP_LIMIT" ] && ! timeout 1 true 2>/dev/null && XP_LIMIT=
}

xp_filter_vifs() {
  sed -n -e '/^ \{0,1\}[0-9]\{1,\} = /p' -e '/^  mac = /p' -e '/^  ip = /p' -e '/^  script = /p' \
    -e '/^  bridge = /p' -e '/^  vifname = /p' -e 65536q
}

# xenstore-ls cuts what does not fit into 80 columns.
xp_whole_values() {
  set -f
  IFS=$XP_NEWLINE
  # shellcheck disable=SC2086 # split into lines
  set -- $xp_list
  IFS=$XP_BLANKS
  set +f
  xp_domain='' xp_handle=''
  for xp_line; do
    case $xp_line in
    '  mac = '*'..."' | '  ip = '*'..."' | '  script = '*'..."' | '  bridge = '*'..."' | '  vifname = '*'..."')
      xp_key=${xp_line#  }
      xp_key=${xp_key%% *}
      xp_say "whole/$xp_domain/$xp_handle/$xp_key" \
        xenstore-read "/local/domain/0/backend/vif/$xp_domain/$xp_handle/$xp_key"
      ;;
    '  '*) ;;
    ' '*)
      xp_handle=${xp_line# }
      xp_handle=${xp_handle%% *}
      ;;
    *) xp_domain=${xp_line%% *} ;;
    esac
  done
}

# What only the facts want to know of it.
xp_xen() {
  xp_lines /sys/hypervisor/type /sys/hypervisor/version/major /sys/hypervisor/version/minor \
    /sys/hypervisor/version/extra /proc/xen/capabilities
  [ -z "$XP_TOOLSTACK" ] || xp_any /sys/hypervisor/version/major ||
    xp_add "$(
      $XP_LIMIT "$XP_TOOLSTACK" info 2>/dev/null |
        sed -n -e 's/^xen_m/info:xen_m/p' -e 's/^xen_extra/info:xen_extra/p'
    )$XP_NEWLINE"
}
