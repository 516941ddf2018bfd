/** The addresses of the guest `web`, whatever its layout. */
export const addresses = ['192.168.0.200', '192.168.0.201', '192.168.0.202'];

/** An inventory of one guest, its addresses spread over its vifs; `address`: by which a push comes in. */
export const layout = (vifs: string, address = '192.168.0.200'): string => `
networks: { lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 } }
dom0: { xen1: { address: 192.168.0.100, uplink: eth0 } }
domU:
  web:
    dom0: xen1
    address: ${address}
    names: iftab
    network_config: ifupdown
    vifs: ${vifs}
`;

/** A vif for each address. */
export const three = `
      - { mac: "de:ad:be:ef:00:00", ip: 192.168.0.200 }
      - { mac: "de:ad:be:ef:00:01", ip: 192.168.0.201 }
      - { mac: "de:ad:be:ef:00:02", ip: 192.168.0.202 }`;

/** One vif for all of them. */
export const one = `
      - { mac: "de:ad:be:ef:00:00", ips: [192.168.0.200, 192.168.0.201, 192.168.0.202] }`;
