/** What an import has to tell beside the file. */
export interface Finding {
  /** `broken`: it does not work as it is, or would not after a takeover. `note`: to be known. */
  readonly level: 'broken' | 'note';
  /** For programs; stable. */
  readonly code: FindingCode;
  /** The host's name in the file. None where several are meant, which the text then names. */
  readonly host?: string;
  readonly bridge?: string;
  readonly port?: string;
  /** A whole sentence without its full stop. */
  readonly what: string;
  readonly todo: string;
}

export const findingCodes = [
  'address-twice',
  'bond',
  'bridge-choice',
  'bridge-missing',
  'bridge-name',
  'controller',
  'datapath-id-twice',
  'fabric-left',
  'heddle',
  'iface-id-twice',
  'interface-error',
  'loop',
  'mac-twice',
  'mirror',
  'no-vms',
  'other-bridge',
  'patch',
  'peer-key',
  'peer-missing',
  'peer-port',
  'possible-loop',
  'rates',
  'selector',
  'spanning-tree',
  'stacked-vlans',
  'system-id-twice',
  'trunk',
  'tunnel',
  'uplink',
  'vni',
  'vtep',
] as const;

export type FindingCode = (typeof findingCodes)[number];

/** `bridge vswitch002 of kvm1, port vxlan10`; empty where no single place is meant. */
export function placeOf({
  host,
  bridge,
  port,
}: {
  readonly [Key in 'host' | 'bridge' | 'port']?: string | undefined;
}): string {
  const parts = [
    ...(host === undefined ? [] : [host]),
    ...(bridge === undefined ? [] : [`bridge ${bridge}`]),
    ...(port === undefined ? [] : [`port ${port}`]),
  ];
  return parts.join(', ');
}

/** `a, b and c` */
export function listed(words: readonly string[]): string {
  const last = words.at(-1);
  if (last === undefined) return '';
  return words.length === 1 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

/** Names in a list that may be long: the first ones, and how many more there are. */
export function some(names: readonly string[], most = 6): string {
  if (names.length <= most) return listed(names);
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}
