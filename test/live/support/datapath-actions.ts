/** Datapath actions as `ofproto/trace` prints them (ovs-actions(7) is about others): what leaves, where, and how. */
import { parseIpv4, parseMac } from '../../../src/lib/addresses.js';
import { OFPP } from '../../../src/openflow/index.js';
import type { Fields, Sent } from '../../support/switch-model/index.js';

export interface Header {
  readonly ethSrc: number;
  readonly ethDst: number;
  /** The outermost first: `5/0` is VLAN 5 with priority 0. */
  readonly tags: readonly string[];
}

export interface DatapathOutput extends Header {
  /** The OpenFlow port; undefined where a tunnel leads elsewhere. */
  readonly port: number | undefined;
  readonly tunnel?: { readonly id: bigint; readonly to: number };
}

/**
 * @param header as the frame came in
 * @param ofportOf the OpenFlow number of a datapath's port; undefined where that is another bridge's
 */
export function parseDatapathActions(
  text: string,
  header: Header,
  ofportOf: (number: number) => number | undefined,
): readonly DatapathOutput[] {
  const outputs: DatapathOutput[] = [];
  run(text, header, outputs, ofportOf);
  return outputs;
}

function run(
  text: string,
  given: Header,
  outputs: DatapathOutput[],
  ofportOf: (number: number) => number | undefined,
): void {
  let header = given;
  for (const action of split(text)) {
    const [, name = '', inside = ''] = /^([\w]+)(?:\((.*)\))?$/.exec(action) ?? [];
    if (/^\d+$/.test(name)) {
      const port = ofportOf(Number(name));
      // A frame within a tunnel's header leaves by the underlay's port, which is none of the bridge's.
      if (port !== undefined) outputs.push({ ...header, port });
    } else if (name === 'clone' && inside.startsWith('tnl_push('))
      outputs.push({ ...header, ...tunnelOf(inside) });
    else if (name === 'tnl_push') outputs.push({ ...header, ...tunnelOf(action) });
    else if (name === 'clone') run(inside, header, outputs, ofportOf);
    else if (name === 'userspace' && inside.includes('controller('))
      outputs.push({ ...header, port: OFPP.CONTROLLER });
    else if (name === 'push_vlan') header = { ...header, tags: [tagOf(inside), ...header.tags] };
    else if (name === 'pop_vlan') header = { ...header, tags: header.tags.slice(1) };
    else if (name === 'set' && inside.startsWith('eth('))
      header = { ...header, ...ethernetOf(inside, header) };
    else if (name !== 'drop' && name !== 'meter')
      throw new Error(`a datapath action that is not known: ${action}`);
  }
}

/** At the commas that stand in no parentheses. */
function split(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const char of text) {
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (char === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  return part === '' ? parts : [...parts, part];
}

const tagOf = (inside: string): string =>
  `${/vid=(\d+)/.exec(inside)?.[1] ?? '?'}/${/pcp=(\d+)/.exec(inside)?.[1] ?? '?'}`;

function ethernetOf(inside: string, { ethSrc, ethDst }: Header): Pick<Header, 'ethSrc' | 'ethDst'> {
  const mac = (name: string): number | undefined =>
    parseMac(new RegExp(`${name}=([\\da-f:]+)`).exec(inside)?.[1] ?? '');
  return { ethSrc: mac('src') ?? ethSrc, ethDst: mac('dst') ?? ethDst };
}

/** In the outer header that is pushed before the frame. */
function tunnelOf(text: string): Pick<DatapathOutput, 'port' | 'tunnel'> {
  const to = parseIpv4(/ipv4\(src=[\d.]+,dst=([\d.]+)/.exec(text)?.[1] ?? '');
  const vni = /vni=(0x[\da-f]+)/.exec(text)?.[1];
  if (to === undefined || vni === undefined) throw new Error(`no tunnel in ${text}`);
  return { port: undefined, tunnel: { id: BigInt(vni), to } };
}

/** What the model sends, in the same form. */
export const outputOf = ({ port, fields, tunnel }: Sent): DatapathOutput => ({
  ethSrc: Number(fields.get('eth_src')),
  ethDst: Number(fields.get('eth_dst')),
  tags: tagsOf(fields),
  ...(tunnel === undefined ? { port } : { port: undefined, tunnel }),
});

export const tagsOf = (fields: Fields): readonly string[] =>
  fields.tags.map(tag => `${tag & 0xfffn}/${tag >> 13n}`);
