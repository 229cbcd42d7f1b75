/** How golden frames are written: bytes as hex, and flow_mods around one action. */
import {
  type Action,
  applyActions,
  type FlowMod,
  type Instruction,
  match,
  type MatchFields,
  type Message,
  OFPP,
  OFPG,
  OFP_NO_BUFFER,
} from '../../src/openflow/index.js';

/** Bytes from hex; white space and `|` are for the eye. */
export const hex = (strings: TemplateStringsArray, ...values: string[]): Uint8Array =>
  Uint8Array.from(Buffer.from(String.raw({ raw: strings }, ...values).replace(/[\s|]|\/\/.*$/gm, ''), 'hex'));

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export interface Fixture {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly message: Message;
  /** Open vSwitch refuses it: it is here for what it does to the codec. */
  readonly refused?: true;
  /** What ovs-ofctl prints of it, after the line that names the message; white space is one space. */
  readonly printed?: string;
}

/** A flow_mod that adds, with nothing out of the ordinary. */
export const flowMod = (instructions: readonly Instruction[], more: Partial<FlowMod> = {}): FlowMod => ({
  type: 'flow_mod',
  xid: 2,
  cookie: 0n,
  cookieMask: 0n,
  tableId: 0,
  command: 'add',
  idleTimeout: 0,
  hardTimeout: 0,
  priority: 0x8000,
  bufferId: OFP_NO_BUFFER,
  outPort: OFPP.ANY,
  outGroup: OFPG.ANY,
  flags: 0,
  match: [],
  instructions,
  ...more,
});

export const u16 = (value: number): string => value.toString(16).padStart(4, '0');

/** A match with its bytes, for actions that presume one. */
export const all = { fields: {}, bytes: '0001 0004 00000000' } as const;
export const ip = { fields: { eth_type: 0x0800 }, bytes: '0001 000a 80000a02 0800 000000000000' } as const;
export const tagged = {
  fields: { vlan_vid: 0x1005 },
  bytes: '0001 000a 80000c02 1005 000000000000',
} as const;

/** A flow_mod that applies one action of these bytes. */
export function oneAction(
  name: string,
  bytes: string,
  action: Action,
  of: { readonly fields: MatchFields; readonly bytes: string } = all,
): Fixture {
  const matchBytes = of.bytes.replace(/ /g, '');
  const body = bytes.replace(/[\s|]/g, '');
  const size = body.length / 2;
  return {
    name,
    bytes: hex`040e ${u16(56 + matchBytes.length / 2 + size)} 00000002 0000000000000000 0000000000000000 00 00 0000 0000 8000
      ffffffff ffffffff ffffffff 0000 0000 | ${matchBytes} | 0004 ${u16(8 + size)} 00000000 ${body}`,
    message: flowMod([applyActions([action])], { match: match(of.fields) }),
  };
}
