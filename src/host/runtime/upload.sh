# shellcheck shell=sh
# Takes a large file from its own standard input and keeps it beside the place where it will be, for
# an act program of another shell to put it there. No bytes of it may be sent before section `stage`
# has ended: a shell reads ahead. All goes when the input ends, and nothing that comes on it is run.

xp_upload() { # [ID PATH BEFORE SIZE]...
  XP_STAGED=0
  unset -f df # look.sh does so for what all programs use
  trap '' PIPE # who listens may be gone
  trap 'xp_unstage' EXIT
  trap 'exit 1' HUP INT TERM
  while [ $# -gt 0 ] && xp_take_in "$1" "$2" "$3" "$4"; do shift 4; done
  xp_done
  cat >/dev/null
}

xp_take_in() { # ID PATH BEFORE SIZE
  xp_begin "stage.$1"
  xp_make_place "$2" "$3" "$4" </dev/null 2>&1
  xp_status=$?
  xp_end "stage.$1" "$xp_status"
  [ "$xp_status" = 0 ] || return
  xp_begin "content.$1"
  xp_receive "$2" "$4" 2>&1
  xp_status=$?
  xp_end "content.$1" "$xp_status"
  return "$xp_status"
}

xp_unstage() {
  while [ "$XP_STAGED" -gt 0 ]; do
    eval "rm -rf \"\$XP_STAGED_$XP_STAGED\""
    XP_STAGED=$((XP_STAGED - 1))
  done
}

# Says what the directory is found by, in which the file waits. The new file has what belongs to
# the old one but its content: owner, mode, ACL, extended attributes, label.
xp_make_place() { # PATH BEFORE SIZE
  case $2 in
  directory | special | unreadable) xp_refuse "$1 is no file that can be replaced (it is $2)" || return ;;
  esac
  xp_resolve "$1" || return
  xp_directory=${XP_REAL%/*}
  while [ ! -d "$xp_directory/" ]; do xp_directory=${xp_directory%/*}; done
  xp_has_room "$xp_directory/" "$3" || xp_refuse "$1: no room for it: $XP_ROOM" || return
  xp_sweep "$xp_directory"
  XP_STAGED=$((XP_STAGED + 1))
  xp_name=$$-$XP_NONCE-$XP_STAGED
  xp_private=$xp_directory/.xpush-$xp_name
  eval "XP_STAGED_$XP_STAGED=\$xp_private"
  XP_NEW=$xp_private/new
  xp_make_closed "$xp_private" && (umask 077 && xp_print '' >"$XP_NEW") || return
  if [ "$2" != absent ]; then
    cp -aL --attributes-only "$XP_REAL" "$XP_NEW" 2>/dev/null || cp -aL "$XP_REAL" "$XP_NEW" 2>/dev/null ||
      cp -pL "$XP_REAL" "$XP_NEW" || return
  fi
  echo "$xp_name"
}

# Whether a file of this size fits, as far as that can be told; else why not in XP_ROOM.
xp_has_room() { # DIRECTORY SIZE
  xp_list=$(df -P -k "$1" 2>/dev/null) || return 0
  set -f
  # shellcheck disable=SC2086 # split into fields
  set -- "$2" ${xp_list##*"$XP_NEWLINE"}
  set +f
  case ${5-} in '' | *[!0-9]*) return 0 ;; esac
  XP_ROOM="it has $1 bytes, and $5 KiB are free on ${7-its disk}"
  [ "$5" -ge $(($1 / 1024)) ]
}

# Says the sums of what is on the disk now.
xp_receive() { # PATH SIZE
  xp_read "$2" >"$XP_NEW" || xp_refuse "$1: could not be written (disk full?)" || return
  xp_durable "$XP_NEW" || xp_refuse "$1: could not be made durable (disk full?)" || return
  xp_quick_sums
}

# head reads 8 KiB at a time; these words are of coreutils 8.24 and busybox 1.26.
xp_read() { # SIZE
  if dd status=none iflag=fullblock,count_bytes count=0 </dev/null >/dev/null 2>&1; then
    dd status=none iflag=fullblock,count_bytes bs=262144 "count=$1"
  else
    head -c "$1"
  fi
}

# openssl takes a third of the time of sha256sum.
xp_quick_sums() { # of XP_NEW
  if ! command -v openssl >/dev/null 2>&1 || ! xp_sum=$(openssl dgst -sha256 <"$XP_NEW" 2>/dev/null); then
    xp_sums <"$XP_NEW"
    return
  fi
  echo "${xp_sum##* } * *"
}
