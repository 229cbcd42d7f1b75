import t from 'tap';
import { formatMistake } from '../../src/config/mistake.js';
import { parseConfig } from '../../src/config/parse.js';

/** What is told of a text, line by line; nothing where it is right. */
function told(text: string): string[] {
  const result = parseConfig(text, 'h.yaml');
  return result.ok ? [] : result.mistakes.map(formatMistake);
}

const hosts = `hypervisors:
  kvm1: { ovsdb: tcp:10.98.0.1:6640, vtep: 10.97.0.1 }
  kvm2: { ovsdb: tcp:10.98.0.2:6640, vtep: 10.97.0.2 }
`;
const sections = 'openflow, ovsdb, api, apps, hypervisors, networks, qos';
const aSystemId =
  'expected the id that `ovs-vsctl get Open_vSwitch . external_ids:system-id` tells, in quotes: 1 to 255 characters with no spaces';
const hostKeys = 'ovsdb, bridge, datapath, vtep, datapath-id, uplink, egress';
const wholeNumber = 'expected a whole number from 1 to 16777215';
const aName = 'expected a name of 1 to 64 letters, digits, dots, hyphens and underscores';
const anApp =
  "expected an app's name, a module's path (beginning with ./, ../ or /), or one of these with a map of its options";
const oneHost =
  'expected an IPv4 address of one host: this one is unspecified, multicast, reserved or broadcast';
const network = (body: string) => `${hosts}networks:\n  blue:\n${body}`;
const host = (body: string) => `hypervisors:\n  a:\n${body}`;

type Case = [title: string, text: string, ...told: string[]];

const tables: Record<string, Case[]> = {
  'what is not YAML': [
    ['an ELF', '\x7fELF\x02\x01', 'h.yaml:1:1: this is not a text file in UTF-8: found the character U+007F'],
    [
      'a JPEG',
      'a\n \ufffd\ufffd',
      'h.yaml:2:2: this is not a text file in UTF-8: found the character U+FFFD',
    ],
    ['a page', '\n<!DOCTYPE html>\n<p>a: b</p>', 'h.yaml:2:1: this is an HTML or XML page, not YAML'],
    ['too large', '#'.repeat(4 * 2 ** 20 + 1), 'h.yaml:1:1: the file is larger than 4 MiB'],
    ['too deep', '['.repeat(2 ** 20), 'h.yaml:1:101: values are nested deeper than 100 levels'],
    [
      'tabs, without what they entail',
      'networks:\n\tblue:\n\t\tvni: 1\n',
      'h.yaml:2:1: not valid YAML: Tabs are not allowed as indentation',
      'h.yaml:3:1: not valid YAML: Tabs are not allowed as indentation',
    ],
    [
      'a list that does not end, and what is wrong elsewhere',
      `${hosts}api: { lisen: x }\nnetworks:\n  blue:\n    vni: 1\n    remotes: [10.0.0.1\n  red:\n    vni: 0\n`,
      'h.yaml:4:8: api.lisen: unknown key, expected one of listen; did you mean "listen"?',
      'h.yaml:9:3: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
      `h.yaml:10:10: networks.red.vni: found 0, ${wholeNumber}`,
    ],
    ['a tag', 'api: !secret {}', 'h.yaml:1:6: not valid YAML: Unresolved tag: !secret'],
    [
      'two documents',
      'api: {}\n---\n{}',
      'h.yaml:2:1: a second YAML document begins here: the file is one document',
    ],
  ],
  'YAML that is not taken': [
    [
      'keys twice',
      `api: {}\n${network('    vni: 0\n    "vni": 7\n')}api: {}\n`,
      `h.yaml:7:10: networks.blue.vni: found 0, ${wholeNumber}`,
      'h.yaml:8:5: networks.blue.vni: the key "vni" is already in this map, on line 7',
      'h.yaml:9:1: api: the key "api" is already in this map, on line 1',
    ],
    [
      'keys that are no names',
      '? [a]\n: 1\n__proto__: 1\n',
      'h.yaml:1:3: expected a text as a key',
      'h.yaml:3:1: __proto__: cannot be used as a key',
    ],
    [
      'merge keys',
      `${hosts}networks:\n  blue: &b { vni: 1 }\n  red: { <<: *b, vni: 2 }\n`,
      'h.yaml:6:10: networks.red."<<": merge keys are not read: write the keys out, or use an alias for a whole value',
    ],
    [
      'aliases that lead nowhere or into themselves',
      `api: *nowhere\nhypervisors: &self\n  a: *self\n`,
      'h.yaml:1:6: api: the alias *nowhere has no anchor &nowhere above it',
      'h.yaml:3:6: hypervisors.a: the alias *self stands inside the very value that it stands for',
    ],
    [
      'aliases that explode',
      `apps:\n- a: { k: ${bomb(7)} }\n`,
      'h.yaml:2:254: apps[0].a.k[5][0]: aliases stand for more than 100000 values',
    ],
  ],
  'the shape of the whole': [
    ['a text', 'hello', `h.yaml:1:1: found "hello", expected a map with ${sections}`],
    ['a list', '# a list\n- a\n', `h.yaml:2:1: found a list, expected a map with ${sections}`],
    [
      'unknown keys',
      'netwroks: {}\nzzz: 1\n',
      `h.yaml:1:1: netwroks: unknown key, expected one of ${sections}; did you mean "networks"?`,
      `h.yaml:2:1: zzz: unknown key, expected one of ${sections}`,
    ],
    [
      'sections without a value',
      'networks:\nhypervisors: ~\n',
      'h.yaml:1:1: networks: found nothing, expected a map of names to networks',
      'h.yaml:2:14: hypervisors: found nothing, expected a map of names to hypervisors',
    ],
    [
      'what this version does not do',
      `\ntls:\n  private-key: k.pem\nstore: x\n`,
      'h.yaml:2:1: tls: this version of Heddle does not do TLS (tls) yet',
      'h.yaml:4:1: store: this version of Heddle does not do shared state (store) yet',
    ],
  ],
  'openflow and api': [
    [
      'no endpoints',
      'openflow:\n  listen: 10.0.0.1:6653\n  advertise: tcp:10.0.0.1\napi: { listen: 8653 }\n',
      'h.yaml:2:11: openflow.listen: found "10.0.0.1:6653", expected tcp:HOST:PORT; did you mean "tcp:10.0.0.1:6653"?',
      'h.yaml:3:14: openflow.advertise: found "tcp:10.0.0.1", expected tcp:HOST:PORT',
      'h.yaml:4:16: api.listen: found 8653, expected HOST:PORT or tcp:HOST:PORT; did you mean "8653", in quotes?',
    ],
    [
      'bad hosts and ports',
      'openflow: { listen: tcp:10.0.0.300:1, advertise: tcp:a:65536 }\n',
      'h.yaml:1:21: openflow.listen: found "tcp:10.0.0.300:1", expected tcp:HOST:PORT; HOST is no address and no host name',
      'h.yaml:1:50: openflow.advertise: found "tcp:a:65536", expected tcp:HOST:PORT; PORT is at most 65535',
    ],
    [
      'TLS',
      'openflow: { listen: ssl:0.0.0.0:6653 }\n',
      'h.yaml:1:21: openflow.listen: found "ssl:0.0.0.0:6653": this version of Heddle does not do TLS (ssl:) yet',
    ],
    [
      'an address that nobody can connect to',
      'openflow: { advertise: "tcp:[::]:6653" }\n',
      'h.yaml:1:24: openflow.advertise: found "tcp:[::]:6653", expected an address and a port that hosts can connect to',
    ],
    [
      'a wildcard without an address for the hosts',
      `openflow:\n  listen: tcp:0.0.0.0:6653\n${hosts}`,
      'h.yaml:2:3: openflow.advertise: missing, expected the tcp:HOST:PORT that hypervisors connect to, since nothing can connect to tcp:0.0.0.0:6653',
    ],
    [
      'an API for others',
      'api: { listen: 0.0.0.0:8653 }\n',
      'h.yaml:1:16: api.listen: found "0.0.0.0:8653", expected a loopback address: this version of Heddle does not do tokens for the API yet',
    ],
  ],
  apps: [
    ['no list', 'apps: overlay\n', 'h.yaml:1:7: apps: found "overlay", expected a list of apps'],
    [
      'entries',
      'apps:\n- apps/x.js\n- { a: {}, b: {} }\n- overlay:\n- 5\n- x y: {}\n- {}\n- a: [b]\n',
      `h.yaml:2:3: apps[0]: found "apps/x.js", ${anApp}; did you mean "./apps/x.js"?`,
      'h.yaml:3:3: apps[1]: expected one app in each entry: begin every app with a dash of its own',
      "h.yaml:4:3: apps[2].overlay: found nothing, expected a map of the app's options",
      `h.yaml:5:3: apps[3]: found 5, ${anApp}`,
      `h.yaml:6:3: apps[4]."x y": found "x y", ${anApp}`,
      `h.yaml:7:3: apps[5]: found an empty map, ${anApp}`,
      "h.yaml:8:6: apps[6].a: found a list, expected a map of the app's options",
    ],
    [
      'twice',
      'apps:\n- ./x.js\n- a\n- ./x.js: {}\n',
      'h.yaml:4:3: apps[2]: the app "./x.js" is in the list already, on line 2',
    ],
  ],
  hypervisors: [
    [
      'keys missing and unknown',
      host('    vteep: 10.0.0.1\n    ovsdb: tcp:a:1\n'),
      'h.yaml:3:5: hypervisors.a.vtep: missing, expected an IPv4 or IPv6 address',
      `h.yaml:3:5: hypervisors.a.vteep: unknown key, expected one of ${hostKeys}; did you mean "vtep"?`,
    ],
    [
      'values',
      host(
        '    ovsdb: /run/db.sock\n    bridge: a/b\n    datapath: netdv\n    vtep: 10.0.0.01\n    datapath-id: 0\n    uplink: eth*\n',
      ),
      'h.yaml:3:12: hypervisors.a.ovsdb: found "/run/db.sock", expected tcp:HOST:PORT or unix:PATH; did you mean "unix:/run/db.sock"?',
      `h.yaml:4:13: hypervisors.a.bridge: found "a/b", expected a bridge's name of 1 to 15 letters, digits, dots, hyphens and underscores`,
      'h.yaml:5:15: hypervisors.a.datapath: found "netdv", expected system or netdev; did you mean "netdev"?',
      'h.yaml:6:11: hypervisors.a.vtep: found "10.0.0.01", expected an IPv4 or IPv6 address',
      'h.yaml:7:18: hypervisors.a.datapath-id: found "0", expected 1 to 16 hexadecimal digits, not all zero',
      'h.yaml:8:13: hypervisors.a.uplink: found "eth*", expected a port\'s name of 1 to 255 characters, with no spaces, slashes and wildcards',
    ],
    [
      'databases',
      'hypervisors:\n  a: { vtep: 10.0.0.1, ovsdb: ssl:a:1 }\n  b: { vtep: 10.0.0.2, ovsdb: 5 }\n  c: { vtep: 10.0.0.3, ovsdb: ptcp:a:0 }\n',
      'h.yaml:2:31: hypervisors.a.ovsdb: found "ssl:a:1": this version of Heddle does not do TLS (ssl:) yet',
      'h.yaml:3:31: hypervisors.b.ovsdb: found 5, expected tcp:HOST:PORT, unix:PATH, or { system-id: ID } for a host that dials in',
      'h.yaml:4:31: hypervisors.c.ovsdb: found "ptcp:a:0", expected tcp:HOST:PORT or unix:PATH',
    ],
    [
      'hosts that dial in',
      'ovsdb: { listen: ssl:0.0.0.0:6640 }\nhypervisors:\n  a: { vtep: 10.0.0.1, ovsdb: { system-id: "a b" } }\n  b: { vtep: 10.0.0.2, ovsdb: { systemid: b } }\n  c: { vtep: 10.0.0.3, ovsdb: {} }\n  d: { vtep: 10.0.0.4, ovsdb: { system-id: x } }\n  e: { vtep: 10.0.0.5, ovsdb: { system-id: x }, bridge: br1 }\n  f: { vtep: 10.0.0.6, ovsdb: { system-id: 7 } }\n',
      'h.yaml:1:18: ovsdb.listen: found "ssl:0.0.0.0:6640": this version of Heddle does not do TLS (ssl:) yet',
      `h.yaml:3:44: hypervisors.a.ovsdb.system-id: found "a b", ${aSystemId}`,
      'h.yaml:4:33: hypervisors.b.ovsdb.systemid: found "systemid", expected the key system-id alone; did you mean "system-id"?',
      'h.yaml:5:31: hypervisors.c.ovsdb: found an empty map, expected tcp:HOST:PORT, unix:PATH, or { system-id: ID } for a host that dials in',
      'h.yaml:7:31: hypervisors.e.ovsdb: this is the system-id of hypervisors.d again (line 6): each host has its own, and dials in once',
      `h.yaml:8:44: hypervisors.f.ovsdb.system-id: found 7, ${aSystemId}`,
    ],
    [
      'nowhere to dial in to',
      'hypervisors:\n  a: { vtep: 10.0.0.1, ovsdb: { system-id: a } }\n',
      'h.yaml:1:1: ovsdb.listen: missing, expected the tcp:HOST:PORT where a dials in, for example tcp:0.0.0.0:6640',
    ],
    [
      'nowhere to dial in to, for several',
      'ovsdb: {}\nhypervisors:\n  a: { vtep: 10.0.0.1, ovsdb: { system-id: a } }\n  b: { vtep: 10.0.0.2, ovsdb: { system-id: b } }\n',
      'h.yaml:1:8: ovsdb.listen: missing, expected tcp:HOST:PORT',
    ],
    [
      'tunnel addresses',
      'hypervisors:\n  a: { ovsdb: tcp:a:1, vtep: 0.0.0.0 }\n  b: { ovsdb: tcp:b:1, vtep: 224.0.0.1 }\n  c: { ovsdb: tcp:c:1, vtep: 255.255.255.255 }\n  d: { ovsdb: tcp:d:1, vtep: "fe80::1" }\n',
      `h.yaml:2:30: hypervisors.a.vtep: found "0.0.0.0", ${oneHost}`,
      `h.yaml:3:30: hypervisors.b.vtep: found "224.0.0.1", ${oneHost}`,
      `h.yaml:4:30: hypervisors.c.vtep: found "255.255.255.255", ${oneHost}`,
      'h.yaml:5:30: hypervisors.d.vtep: found "fe80::1", expected an IPv6 address of one host: this one is unspecified, loopback, IPv4-mapped, link-local or multicast',
    ],
    [
      'tunnel addresses of two families',
      'hypervisors:\n  a: { ovsdb: tcp:a:1, vtep: 10.0.0.1 }\n  b: { ovsdb: tcp:b:1, vtep: "fd00::2" }\nnetworks:\n  n: { vni: 1, remotes: ["fd00::9", 10.0.0.9] }\n',
      'h.yaml:3:30: hypervisors.b.vtep: found fd00::2, expected an IPv4 address, as hypervisors.a.vtep has (line 2): no tunnel joins two families',
      'h.yaml:5:26: networks.n.remotes[0]: found fd00::9, expected an IPv4 address, as hypervisors.a.vtep has (line 2): no tunnel joins two families',
    ],
    [
      'names and kinds',
      'hypervisors:\n  "k v": {}\n  b: []\n',
      `h.yaml:2:3: hypervisors."k v": found "k v", ${aName}`,
      `h.yaml:3:6: hypervisors.b: found a list, expected a map with ${hostKeys}`,
    ],
    [
      'what two of them share, however it is written',
      'hypervisors:\n  a: { ovsdb: "tcp:[::1]:1", vtep: 10.0.0.1, datapath-id: 0x4864000000000001 }\n  b: { ovsdb: "tcp:[0::1]:1", vtep: 10.0.0.1, datapath-id: 4864000000000001 }\n',
      'h.yaml:3:15: hypervisors.b.ovsdb: this is the database of hypervisors.a again (line 2): a hypervisor has its own, and one bridge in it',
      'h.yaml:3:37: hypervisors.b.vtep: 10.0.0.1 is also the vtep of hypervisors.a (line 2): each hypervisor needs its own',
      'h.yaml:3:60: hypervisors.b.datapath-id: the datapath id 4864000000000001 is also that of hypervisors.a (line 2): each bridge needs its own',
    ],
    [
      'two bridges of one database',
      'hypervisors:\n  a: { ovsdb: tcp:h:1, vtep: 10.0.0.1, bridge: br1 }\n  b: { ovsdb: tcp:h:1, vtep: 10.0.0.2, bridge: br2 }\n',
      'h.yaml:3:15: hypervisors.b.ovsdb: this is the database of hypervisors.a again (line 2): a hypervisor has its own, and one bridge in it',
    ],
    [
      'a datapath id that is made from a name',
      `hypervisors:\n  x:\n    ovsdb: unix:/a\n    vtep: 10.0.0.1\n    datapath-id: 486456d79c23f8bf\n  kvm1:\n    ovsdb: unix:/b\n    vtep: 10.0.0.2\n`,
      'h.yaml:6:3: hypervisors.kvm1: the datapath id 486456d79c23f8bf is also that of hypervisors.x (line 2): each bridge needs its own; it is made from the name: give one a datapath-id',
    ],
  ],
  networks: [
    ...(
      [
        ['"5000"', 'found "5000"', '; did you mean 5000, without quotes?'],
        ['1.5', 'found 1.5', ''],
        ['0', 'found 0', ''],
        ['16777216', 'found 16777216', ''],
        ['-1', 'found -1', ''],
        ['.nan', 'found NaN', ''],
        ['9e999', 'found Infinity', ''],
        ['null', 'found nothing', ''],
        ['[1]', 'found a list', ''],
        ['true', 'found true', ''],
      ] as const
    ).map(([vni, found, hint]): Case => [
      `VNI ${vni}`,
      network(`    vni: ${vni}\n`),
      `h.yaml:6:10: networks.blue.vni: ${found}, ${wholeNumber}${hint}`,
    ]),
    ['no value', network('    vni:\n'), `h.yaml:6:5: networks.blue.vni: found nothing, ${wholeNumber}`],
    [
      'keys',
      network('    qos: gold\n    port: []\n'),
      `h.yaml:6:5: networks.blue.vni: missing, ${wholeNumber} (or in its place vlan, for a VLAN of the physical network)`,
      'h.yaml:6:10: networks.blue.qos: found "gold", expected the name of a policy, and this file has none: they stand under qos.policies',
      'h.yaml:7:5: networks.blue.port: unknown key, expected one of vni, vlan, ports, remotes, mesh, flood, mac-age, learn-ips, qos; did you mean "ports"?',
    ],
    [
      'no hypervisors',
      'networks:\n  a: { vni: 1 }\n',
      'h.yaml:1:1: networks: networks need hypervisors, and this file names none',
    ],
    [
      'one VNI twice',
      `${hosts}networks:\n  blue: { vni: 5 }\n  red: { vni: 0x5, prots: [] }\n`,
      'h.yaml:6:15: networks.red.vni: 5 is also the VNI of networks.blue (line 5): each network needs its own',
      'h.yaml:6:20: networks.red.prots: unknown key, expected one of vni, vlan, ports, remotes, mesh, flood, mac-age, learn-ips, qos; did you mean "ports"?',
    ],
    [
      'networks of the wire',
      'hypervisors:\n  a: { ovsdb: tcp:a:1, vtep: 10.0.0.1, uplink: eth0 }\nnetworks:\n  b: { vlan: 5, vni: 5 }\n  c: { vlan: 6, remotes: [10.0.0.9] }\n  d: { vlan: 6 }\n  e: { vlan: 0 }\n  f: {}\n  g: 7\n',
      'h.yaml:4:14: networks.b.vlan: expected no vlan beside vni: a network is in tunnels, or on the wire by the uplinks',
      'h.yaml:5:27: networks.c.remotes[0]: expected no tunnels in a network that has a vlan: it is on the wire',
      'h.yaml:6:14: networks.d.vlan: 6 is also the VLAN of networks.c (line 5): on the wire a VLAN is one network',
      'h.yaml:7:14: networks.e.vlan: found 0, expected a VLAN: a whole number from 1 to 4094',
      `h.yaml:8:6: networks.f.vni: missing, ${wholeNumber} (or in its place vlan, for a VLAN of the physical network)`,
      'h.yaml:9:6: networks.g: found 7, expected a map with vni, vlan, ports, remotes, mesh, flood, mac-age, learn-ips, qos',
    ],
    [
      'a network of the wire that nobody reaches',
      network('    vlan: 5\n'),
      'h.yaml:6:11: networks.blue.vlan: expected a hypervisor with an uplink, by which the VLAN is reached: none in this file has one',
    ],
    [
      'remotes',
      network('    vni: 1\n    remotes: [10.97.0.2, 10.0.0.9, 10.0.0.9, a, 7]\n'),
      'h.yaml:7:15: networks.blue.remotes[0]: 10.97.0.2 is the vtep of hypervisors.kvm2 (line 3): remotes are those that Heddle does not manage',
      'h.yaml:7:36: networks.blue.remotes[2]: 10.0.0.9 is in this list already, on line 7',
      'h.yaml:7:46: networks.blue.remotes[3]: found "a", expected an IPv4 or IPv6 address',
      'h.yaml:7:49: networks.blue.remotes[4]: found 7, expected an IPv4 or IPv6 address; did you mean "7", in quotes?',
    ],
  ],
  uplinks: [
    [
      'claimed by networks',
      `hypervisors:
  a: { ovsdb: tcp:a:1, vtep: 10.0.0.1, uplink: eth0 }
  b: { ovsdb: tcp:b:1, vtep: 10.0.0.2, uplink: eth1 }
  c: { ovsdb: tcp:c:1, vtep: 10.0.0.3, uplink: eth0 }
networks:
  blue:
    vni: 1
    ports: [{ port: eth0 }, { port: "eth*", on: b }, { port: eth0, on: b }, { iface-id: eth0 }]
    mesh: ["*1", vxlan1]
`,
      'h.yaml:8:13: networks.blue.ports[0]: port "eth0" takes the uplink "eth0" of hypervisors.a (line 2): an uplink is the host\'s own, and no network\'s',
      'h.yaml:8:29: networks.blue.ports[1]: port "eth*" takes the uplink "eth1" of hypervisors.b (line 3): an uplink is the host\'s own, and no network\'s',
      'h.yaml:9:12: networks.blue.mesh[0]: port "*1" takes the uplink "eth1" of hypervisors.b (line 3): an uplink is the host\'s own, and no network\'s',
    ],
  ],
  mesh: [
    [
      'lists',
      network('    vni: 1\n    mesh: [vxlan1, "", 5, "vxlan?", vxlan1]\n'),
      'h.yaml:7:20: networks.blue.mesh[1]: found "", expected a port\'s name or a glob, of 1 to 255 characters',
      'h.yaml:7:24: networks.blue.mesh[2]: found 5, expected a port\'s name or a glob, of 1 to 255 characters; did you mean "5", in quotes?',
      'h.yaml:7:37: networks.blue.mesh[4]: "vxlan1" is in this list already, on line 7',
    ],
    [
      'no list',
      network('    vni: 1\n    mesh: vxlan1\n'),
      'h.yaml:7:11: networks.blue.mesh: found "vxlan1", expected a list of ports\' names or globs',
    ],
  ],
  addresses: [
    [
      'of one port, and each once',
      network(
        '    vni: 1\n    ports:\n    - { iface-id: a, addresses: [10.0.0.1, "fd00::1"] }\n    - { iface-id: b, addresses: [10.0.0.1, "fd00:0::1"] }\n    - { iface-id: "c*", addresses: [10.0.0.2] }\n    - { iface-id: d, addresses: [10.0.0.0/24, 224.0.0.1, "ff02::1", 7] }\n    - { iface-id: e, addresses: 10.0.0.3 }\n',
      ),
      'h.yaml:9:34: networks.blue.ports[1].addresses[0]: 10.0.0.1 is given on line 8 already: an address of a network has one port',
      'h.yaml:9:44: networks.blue.ports[1].addresses[1]: fd00::1 is given on line 8 already: an address of a network has one port',
      'h.yaml:10:7: networks.blue.ports[2]: expected no wildcard in a name that has addresses: they are those of one port',
      'h.yaml:11:34: networks.blue.ports[3].addresses[0]: found "10.0.0.0/24", expected an IPv4 or IPv6 address of one host',
      'h.yaml:11:47: networks.blue.ports[3].addresses[1]: found "224.0.0.1", expected an IPv4 or IPv6 address of one host',
      'h.yaml:11:58: networks.blue.ports[3].addresses[2]: found "ff02::1", expected an IPv4 or IPv6 address of one host',
      'h.yaml:11:69: networks.blue.ports[3].addresses[3]: found 7, expected an IPv4 or IPv6 address; did you mean "7", in quotes?',
      'h.yaml:12:33: networks.blue.ports[4].addresses: found "10.0.0.3", expected a list of IP addresses',
    ],
  ],
  learning: [
    [
      'limits',
      network(
        '    vni: 1\n    mac-age: 5\n    learn-ips: maybe\n    ports:\n    - { port: a, max-macs: 0 }\n    - { port: b, max-macs: many }\n',
      ),
      'h.yaml:7:14: networks.blue.mac-age: found 5, expected seconds: a whole number from 10 to 65535',
      'h.yaml:8:16: networks.blue.learn-ips: found "maybe", expected true or false',
      'h.yaml:10:28: networks.blue.ports[0].max-macs: found 0, expected a whole number from 1 to 65536',
      'h.yaml:11:28: networks.blue.ports[1].max-macs: found "many", expected a whole number from 1 to 65536',
    ],
  ],
  flood: [
    [
      'limits',
      network(
        '    vni: 1\n    flood:\n      broadcast: 1000\n      multicast: 1kbit\n      unknown-unicast: 0pps\n      unicast: drop\n',
      ),
      'h.yaml:8:18: networks.blue.flood.broadcast: found 1000, expected drop, or packets per second from 1pps to 10000000pps',
      'h.yaml:9:18: networks.blue.flood.multicast: found "1kbit", expected drop, or packets per second from 1pps to 10000000pps',
      'h.yaml:10:24: networks.blue.flood.unknown-unicast: found "0pps", expected drop, or packets per second from 1pps to 10000000pps',
      'h.yaml:11:7: networks.blue.flood.unicast: unknown key, expected one of unknown-unicast, broadcast, multicast',
    ],
  ],
  ports: [
    [
      'selectors',
      network(
        '    vni: 1\n    ports:\n    - iface-id: 5\n    - { port: a, iface-id: b }\n    - {}\n    - { port: a, on: kmv1 }\n    - { port: a, vlan: 4095 }\n    - { prt: a }\n    - { iface-id: a, on: kvm1 }\n    - web\n    - port: ""\n',
      ),
      'h.yaml:8:17: networks.blue.ports[0].iface-id: found 5, expected an interface id or a glob, of 1 to 255 characters; did you mean "5", in quotes?',
      'h.yaml:9:7: networks.blue.ports[1]: expected either iface-id or port',
      'h.yaml:10:7: networks.blue.ports[2]: expected either iface-id or port',
      'h.yaml:11:22: networks.blue.ports[3].on: found "kmv1", expected a hypervisor\'s name; did you mean "kvm1"?',
      'h.yaml:12:24: networks.blue.ports[4].vlan: found 4095, expected a VLAN: a whole number from 1 to 4094',
      'h.yaml:13:9: networks.blue.ports[5].prt: unknown key, expected one of iface-id, port, on, vlan, qos, max-macs, addresses; did you mean "port"?',
      'h.yaml:14:7: networks.blue.ports[6]: expected no "on" beside iface-id, which follows the VM from host to host',
      'h.yaml:15:7: networks.blue.ports[7]: found "web", expected a map with iface-id, port, on, vlan, qos, max-macs, addresses',
      'h.yaml:16:13: networks.blue.ports[8].port: found "", expected a port\'s name or a glob, of 1 to 255 characters',
    ],
    [
      'claimed twice',
      `${hosts}networks:
  blue:
    vni: 1
    ports:
    - iface-id: "web*"
    - port: fw1
    - { port: eth0, on: kvm1 }
  red:
    vni: 2
    ports:
    - iface-id: "web*"
    - iface-id: web7
    - { port: "f?1", on: kvm2 }
    - { port: eth0, on: kvm1 }
    - port: eth0
`,
      'h.yaml:14:7: networks.red.ports[0]: iface-id "web*" is also claimed by networks.blue (line 8): a port belongs to one network',
      'h.yaml:15:7: networks.red.ports[1]: iface-id "web7" is also claimed by networks.blue (line 8: iface-id "web*"): a port belongs to one network',
      'h.yaml:16:7: networks.red.ports[2]: port "f?1" is also claimed by networks.blue (line 9: port "fw1"): a port belongs to one network',
      'h.yaml:17:7: networks.red.ports[3]: port "eth0" is also claimed by networks.blue (line 10): a port belongs to one network',
      'h.yaml:18:7: networks.red.ports[4]: port "eth0" is also claimed by networks.blue (line 10): a port belongs to one network',
    ],
    [
      'VLANs of trunks',
      `${hosts}networks:
  blue:
    vni: 1
    ports:
    - { port: eth1, on: kvm1, vlan: 10 }
    - { port: eth2, vlan: 10 }
    - { port: eth1, on: kvm1, vlan: 30 }
    - { iface-id: "fw*", vlan: 10 }
    - { iface-id: "fw*" }
  red:
    vni: 2
    ports:
    - { port: eth1, vlan: 20 }
    - { port: eth1, vlan: 10 }
    - { port: eth2, on: kvm2 }
    - { port: "eth?", vlan: 10 }
`,
      'h.yaml:10:7: networks.blue.ports[2]: port "eth1" with VLAN 30 is also claimed by networks.blue (line 8: port "eth1" with VLAN 10): a network has one VLAN of a port, or its untagged frames',
      'h.yaml:12:7: networks.blue.ports[4]: iface-id "fw*" is also claimed by networks.blue (line 11: iface-id "fw*" with VLAN 10): a network has one VLAN of a port, or its untagged frames',
      'h.yaml:17:7: networks.red.ports[1]: port "eth1" with VLAN 10 is also claimed by networks.blue (line 8): a VLAN of a port belongs to one network',
      'h.yaml:19:7: networks.red.ports[3]: port "eth?" with VLAN 10 is also claimed by networks.blue (line 8: port "eth1" with VLAN 10): a VLAN of a port belongs to one network',
    ],
    [
      'not claimed twice: other hosts, other kinds, the same network, patterns that may or may not overlap',
      `${hosts}networks:
  blue:
    vni: 1
    ports: [{ port: eth0, on: kvm1 }, { port: eth0, on: kvm1 }, { iface-id: a }, { port: "a*" }]
  red:
    vni: 2
    ports: [{ port: eth0, on: kvm2 }, { port: "*b" }]
`,
    ],
  ],
};

for (const [title, cases] of Object.entries(tables)) {
  t.test(title, t => {
    for (const [name, text, ...expected] of cases) t.strictSame(told(text), expected, name);
    t.end();
  });
}

t.test('mistakes of all kinds at once, in the order of the file', t => {
  const text = `openflw: {}
openflow:
  listen: tcp:0.0.0.0:6653
${hosts}  kvm3: { ovsdb: tcp:10.98.0.1:6640, vtep: 10.97.0.3, uplink: br-int }
networks:
  blue: { vni: 5, vni: 6, ports: [{ port: x, on: kvm9 }] }
  red: { vni: 5, remotes: [*gone] }
  green: { vni: five, ports: [{ port: x }] }
apps: [overlay, overlay]
`;
  t.strictSame(told(text), [
    `h.yaml:1:1: openflw: unknown key, expected one of ${sections}; did you mean "openflow"?`,
    'h.yaml:3:3: openflow.advertise: missing, expected the tcp:HOST:PORT that hypervisors connect to, since nothing can connect to tcp:0.0.0.0:6653',
    'h.yaml:7:18: hypervisors.kvm3.ovsdb: this is the database of hypervisors.kvm1 again (line 5): a hypervisor has its own, and one bridge in it',
    'h.yaml:7:63: hypervisors.kvm3.uplink: found "br-int", expected the network card on the bridge: this is the bridge\'s own port',
    'h.yaml:9:19: networks.blue.vni: the key "vni" is already in this map, on line 9',
    'h.yaml:9:50: networks.blue.ports[0].on: found "kvm9", expected a hypervisor\'s name; did you mean "kvm1"?',
    'h.yaml:10:15: networks.red.vni: 5 is also the VNI of networks.blue (line 9): each network needs its own',
    'h.yaml:10:28: networks.red.remotes[0]: the alias *gone has no anchor &gone above it',
    `h.yaml:11:17: networks.green.vni: found "five", ${wholeNumber}`,
    'h.yaml:11:31: networks.green.ports[0]: port "x" is also claimed by networks.blue (line 9): a port belongs to one network',
    'h.yaml:12:17: apps[1]: the app "overlay" is in the list already, on line 12',
  ]);
  t.end();
});

t.test('networks and hypervisors need the overlay', t => {
  const needed = (what: string): string =>
    `h.yaml:1:7: apps: this file has ${what}, which need the app overlay, and this list leaves it out: what it has programmed would be taken away; add "overlay" to the list, or leave \`apps\` out to have the usual ones`;
  const networks = `${hosts}networks:\n  blue: { vni: 5 }\n`;
  t.strictSame(told(`apps: [learning-switch]\n${networks}`), [needed('networks')]);
  t.strictSame(told(`apps: []\n${networks}`), [needed('networks')]);
  t.strictSame(told(`apps: [learning-switch: {}]\n${hosts}`), [needed('hypervisors')]);
  for (const apps of [
    '[overlay]',
    '[learning-switch, overlay: {}]',
    '[./mine.js]',
    '[../mine.js: {}]',
    '[/a/mine.js]',
  ])
    t.strictSame(told(`apps: ${apps}\n${networks}`), [], apps);
  t.strictSame(told(networks), [], 'with no list it is there');
  t.strictSame(told('apps: [learning-switch]\nhypervisors: {}\nnetworks: {}\n'), []);
  t.strictSame(told(`apps: [overlai]\n${networks}`), [], 'what is misspelt is told when apps are looked up');
  t.equal(told(`apps: [5]\n${networks}`).length, 1, 'of an entry that says nothing, nothing is concluded');
  t.end();
});

t.test('a thousand mistakes are told as a hundred and how many more', t => {
  const lines = told(Array.from({ length: 1000 }, (_, index) => `key${index}: 1\n`).join(''));
  t.equal(lines.length, 101);
  t.equal(lines.at(-1), 'h.yaml:100:1: there are 900 more mistakes after this one');
  t.end();
});

t.test('messages are safe to print', t => {
  const [line = ''] = told('"a\\e[31m\\u202e": 1\n');
  t.match(line, /^h\.yaml:1:1: "a\\u001b\[31m\\u202e": unknown key/);
  const [long = ''] = told(`api: { listen: "${'x'.repeat(5000)}" }`);
  t.ok(long.length < 200, 'and short');
  t.end();
});

t.test('other line ends, and a byte order mark', t => {
  const line = `h.yaml:6:10: networks.blue.vni: found 0, ${wholeNumber}`;
  t.strictSame(told(network('    vni: 0\n').replaceAll('\n', '\r\n')), [line]);
  t.strictSame(told(`\ufeff${network('    vni: 0\n')}`), [line]);
  t.strictSame(told('\ufeffzzz: 1'), [`h.yaml:1:1: zzz: unknown key, expected one of ${sections}`]);
  t.end();
});

// Quadratic, it would not end in time; it takes some seconds.
t.test('many patterns and many names take no quadratic time', { timeout: 60_000 }, t => {
  const list = (pattern: string) =>
    Array.from({ length: 10_000 }, (_, index) => `    - port: "${pattern}${index}"\n`).join('');
  const text = `${hosts}networks:\n  a:\n    vni: 1\n    ports:\n${list('*x')}  b:\n    vni: 2\n    ports:\n${list('y')}`;
  t.strictSame(told(text), []);
  t.end();
});

/** Lists of nine aliases each, one inside the other. */
function bomb(levels: number): string {
  let text = '';
  for (let level = 0; level < levels; level++) {
    const inner = level === 0 ? '1' : `*a${level - 1}`;
    text += `${level === 0 ? '[' : ', '}&a${level} [${Array.from({ length: 9 }, () => inner).join(', ')}]`;
  }
  return `${text}]`;
}
