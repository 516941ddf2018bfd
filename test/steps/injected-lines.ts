const nftWords = String.raw`(?:[\w.:/*,{} -]|"[^"]*")*`;

/** A statement of ours; of chains that hook, with their definition. */
export const lineOfNft = new RegExp(
  `^(?:|(?:add|flush) (?:table|chain|rule) inet xpush${nftWords}(?: \\{ type filter hook \\w+ priority -?\\d+; (?:policy accept; )?\\})?)$`,
);

/** What a generated file may be made of besides lines that are always there, by path. */
export const ownLines: readonly (readonly [RegExp, RegExp])[] = [
  [/^\/etc\/iftab$/, /^[\w.-]+ mac [\da-f:]{17} arp 1$/],
  [
    /^\/etc\/udev\/rules\.d\/70-persistent-net\.rules$/,
    /^(?:#[\x20-\x7e]*|(?:[A-Z]+(?:\{\w+\})?(?:==|=)"[\w.:?*-]*"(?:, |$))+)$/,
  ],
  [/^\/etc\/systemd\/network\/[\w.-]+$/, /^(?:#.*|\[\w+\]|\w+=[\w.:/ -]*|)$/],
  [
    /^\/etc\/netplan\/60-xpush\.yaml$/,
    /^ +(?:- )?(?:(?:"[^"\\]*"|[\w-]+)(?:: ?(?:"[^"\\]*"|[\w-]+|\{macaddress: "[\da-f:]{17}"\})?)?|\{(?:(?:, )?[\w-]+: (?:"[^"\\]*"|[\w-]+))+\})$/,
  ],
  [/^\/etc\/iproute2\/rt_tables$/, /^(?:#.*|\d+\t[\w.-]+)$/],
  [/^\/etc\/sysctl\.d\/60-xpush[^/]*\.conf$/, /^(?:#.*|[\w@./-]+ = [\x20-\x7e]+)$/],
  [
    /^\/etc\/network\/interfaces$/,
    /^(?:|auto [\w.-]+|iface [\w.-]+ inet6? (?:static|loopback)| (?:address|netmask|gateway) [\da-f.:]+| (?:pre-up|up|down) (?:ip|echo) [\w./: +|>&^'-]+)$/,
  ],
  [
    /^\/etc\/network\/if-pre-up\.d\/xpush-firewall$/,
    /^(?::XPUSH-[A-Z]+ - \[0:0\]|-A XPUSH-[A-Z]+ [\x20-\x7e]*|(?:add|flush) (?:chain|rule) inet xpush [\x20-\x7e]*)$/,
  ],
  [/^\/var\/lib\/xpush\/\w+\.json$/, /^[[{][\x20-\x7e]*[\]}]$/],
];
