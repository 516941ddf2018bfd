#!/bin/sh
# Sets up a host's kernel parameters, interfaces and firewall at boot, as /etc and the installer's lines say.
# usage: boot-network.sh LINES   (a file in the verbs of boot-lines.ts)
set -eu
network='' interfaces='' boot_from=plan
while read -r verb rest; do
  case $verb in
    sysctl) printf '%s\n' "${rest#* }" >"/proc/sys/${rest%% *}" ;;
    iface) interfaces="$interfaces $rest" ;;
    ip) network="$network$rest
" ;;
    boot_from) boot_from=$rest ;;
  esac
done <"$1"
for file in /etc/sysctl.d/*.conf /etc/sysctl.conf; do
  if [ -f "$file" ]; then sysctl -q -p "$file" || echo "$file: failed"; fi
done
if [ -f /etc/iftab ] && command -v ifrename >/dev/null; then ifrename -c /etc/iftab || true; fi

run_hooks() { # DIRECTORY PHASE: as ifupdown does for each interface, interfaces(5)
  for interface in $interfaces; do
    for hook in "/etc/network/$1"/*; do
      if [ -x "$hook" ]; then
        IFACE=$interface LOGICAL=$interface ADDRFAM=inet METHOD=static MODE=start PHASE=$2 VERBOSITY=0 \
          "$hook" || echo "$hook: failed"
      fi
    done
  done
}

if [ "$boot_from" = interfaces ] && [ -f /etc/network/interfaces ] && command -v ifup >/dev/null; then
  mkdir -p /run/network
  ifup -a || echo "ifup -a: failed"
else
  ip link set lo up
  run_hooks if-pre-up.d pre-up
  if ip -V >/dev/null 2>&1; then
    printf '%s' "$network" | ip -batch -
  else
    # Busybox's ip has no -batch.
    # shellcheck disable=SC2086 # the words of a line are the arguments
    printf '%s' "$network" | while read -r line; do ip $line || exit 1; done
  fi
  run_hooks if-up.d post-up
fi

for family in '' 6; do
  rules=/etc/iptables/rules.v${family:-4}
  if [ -f "$rules" ]; then "ip${family}tables-restore" <"$rules" || echo "$rules: failed"; fi
done
