/** Which source file is described on which page. A file of declarations that is on none is an error. */

export interface PageLayout {
  /** The file's name, without `.md`. */
  readonly name: string;
  readonly title: string;
  readonly sources: readonly string[];
  /** Files of declarations that are named nowhere are described here, after those named. */
  readonly others?: RegExp;
}

const messages = (...names: readonly string[]): string[] =>
  names.map(name => `src/openflow/messages/${name}.ts`);
const openflow = (...names: readonly string[]): string[] => names.map(name => `src/openflow/${name}.ts`);
const packet = (...names: readonly string[]): string[] => names.map(name => `src/packet/${name}.ts`);

export const layout: readonly PageLayout[] = [
  {
    name: 'messages',
    title: 'All messages',
    sources: [...messages('index', 'header'), ...openflow('unknown')],
  },
  { name: 'handshake', title: 'Handshake', sources: messages('symmetric', 'handshake') },
  { name: 'hello', title: 'Hello', sources: messages('hello', 'elements') },
  { name: 'packets', title: 'Packets', sources: messages('packets') },
  {
    name: 'flows',
    title: 'Flows',
    sources: [...messages('flows', 'flow-stats'), ...openflow('actions/instructions')],
  },
  { name: 'groups', title: 'Groups', sources: messages('groups') },
  { name: 'meters', title: 'Meters', sources: messages('meters') },
  { name: 'ports', title: 'Ports', sources: messages('ports') },
  { name: 'multipart', title: 'Multiparts', sources: messages('multipart') },
  { name: 'tables', title: 'Tables', sources: messages('tables') },
  { name: 'queues', title: 'Queues', sources: messages('queues') },
  { name: 'bundles', title: 'Bundles', sources: messages('bundles') },
  { name: 'actions', title: 'Actions', sources: openflow('actions/actions') },
  {
    name: 'nicira-actions',
    title: "Open vSwitch's actions",
    others: /^src\/openflow\/actions\/nicira/,
    sources: openflow(
      'actions/nicira',
      'actions/nicira-header',
      'actions/nicira-output',
      'actions/nicira-fields',
      'actions/nicira-packet',
      'actions/nicira-controller',
      'actions/nicira-ct',
      'actions/nicira-nat',
      'actions/nicira-learn',
      'actions/learn-specs',
    ),
  },
  {
    name: 'match-fields',
    title: 'Match fields',
    sources: openflow('fields/match', 'fields/oxm', 'fields/table'),
    others: /^src\/openflow\/fields\//,
  },
  { name: 'errors', title: 'Errors', sources: openflow('errors', 'error-codes') },
  { name: 'constants', title: 'Constants', sources: openflow('constants', 'nicira-constants') },
  {
    name: 'packet-headers',
    title: 'Headers inside packets',
    others: /^src\/packet\//,
    sources: packet(
      'headers',
      'ethernet',
      'arp',
      'lldp',
      'ipv4',
      'ipv6',
      'icmp',
      'icmpv6',
      'nd-options',
      'udp',
      'tcp',
      'vxlan',
      'numbers',
      'decode',
      'encode',
      'header-codec',
      'checksum',
      'verify',
    ),
  },
];
