#!/bin/sh
# The one use that vif-route makes of net-tools: ifconfig DEV ADDRESS netmask 255.255.255.255 up
set -eu
[ "$#" = 5 ] && [ "$3 $4 $5" = 'netmask 255.255.255.255 up' ]
ip addr add "$2/32" dev "$1"
ip link set "$1" up
