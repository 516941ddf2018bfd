/** The source document's lines for /etc/iproute2/rt_tables. */
export const documentTables = '16\teth0-200\n17\teth1-201\n18\teth2-202\n';

/** The source document's second script, the one that "actually works", as it stands there. */
export const documentScript = `
/sbin/ip route del default via 192.168.0.1
for table in eth0-200 eth1-201 eth2-202;
do
   iface=\`echo $table | perl -pe 's/^(\\S+)\\-.*$/$1/;'\`
   ipEnding=\`echo $table | perl -pe 's/^.*\\-(\\S+)$/$1/;'\`
   ip=192.168.0.$ipEnding
   /sbin/ip route add 192.168.0.0/24 dev $iface table $table

   /sbin/ip route add 192.168.0.0/24 dev $iface src $ip

   /sbin/ip route add default via 192.168.0.1 table $table
   /sbin/ip rule add from $ip table $table

   /sbin/ip rule add to 0.0.0.0 dev $iface table $table

   /sbin/ip route del 192.168.0.0/24 dev $iface src $ip
done
/sbin/ip route add 192.168.0.0/24 dev eth0 src 192.168.0.200
/sbin/ip route add default via 192.168.0.1
/sbin/ip route del 192.168.0.0/24 dev eth0 src 192.168.0.200
`;
