/**
 * Every match field, in a match with what it presumes and in a set_field: both back ends write the same bytes and read
 * them back, and the real ovs-ofctl prints the field by its name, with that value.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import t from 'tap';
import {
  applyActions,
  CtState,
  encode,
  encodeInto,
  type FieldName,
  fieldNames,
  formatActions,
  formatMatch,
  type KnownOxm,
  type Message,
  Writer,
} from '../../src/openflow/index.js';
import { Need } from '../../src/openflow/fields/definition.js';
import { fieldByName, oxmFields } from '../../src/openflow/fields/table.js';
import { decodeBoth, encodeBoth } from './back-ends.js';
import { flowMod } from './frames.js';

const installed = spawnSync('ovs-ofctl', ['--version'], { stdio: 'ignore' }).status === 0;
const skip = installed ? false : 'ovs-ofctl is not installed';
const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
t.teardown(() => rmSync(folder, { recursive: true }));

const eth = (value: number): KnownOxm => ({ field: 'eth_type', value });
const proto = (value: number): KnownOxm => ({ field: 'ip_proto', value });
const ipv4 = eth(0x0800);
const ipv6 = eth(0x86dd);
const icmpv6 = (type: number): readonly KnownOxm[] => [
  ipv6,
  proto(58),
  { field: 'icmpv6_type', value: type },
];

/** What a match must say before a field. */
const before: Readonly<Record<number, readonly KnownOxm[]>> = {
  [Need.NOTHING]: [],
  [Need.ETHERNET]: [],
  [Need.VLAN]: [{ field: 'vlan_vid', value: 0x1005 }],
  [Need.IPV4]: [ipv4],
  [Need.IPV6]: [ipv6],
  [Need.IP]: [ipv4],
  [Need.ARP]: [eth(0x0806)],
  [Need.MPLS]: [eth(0x8847)],
  [Need.NSH]: [eth(0x894f)],
  [Need.PBB]: [eth(0x88e7)],
  [Need.TCP]: [ipv4, proto(6)],
  [Need.UDP]: [ipv4, proto(17)],
  [Need.SCTP]: [ipv4, proto(132)],
  [Need.ICMPV4]: [ipv4, proto(1)],
  [Need.ICMPV6]: [ipv6, proto(58)],
  [Need.ND]: icmpv6(135),
  [Need.ND_SOLICIT]: icmpv6(135),
  [Need.ND_ADVERT]: icmpv6(136),
};
const tracked: KnownOxm = { field: 'ct_state', value: CtState.TRK | CtState.EST };

function presumed(name: FieldName): readonly KnownOxm[] {
  const { needs } = oxmFields[name];
  if (needs !== Need.CT) return before[needs] ?? [];
  const connection = [name.startsWith('ct_ipv6') ? ipv6 : ipv4, tracked];
  // Open vSwitch leaves the ports out where it does not know that there are any.
  return name.startsWith('ct_tp') ? [...connection, { field: 'ct_nw_proto', value: 6 }] : connection;
}

/** Values that Open vSwitch lets stand: some fields do not take just any. */
const values: Readonly<Partial<Record<FieldName, number>>> = {
  vlan_vid: 0x1005,
  vlan_tci: 0x1005,
  nxm_ip_tos: 4,
  tun_erspan_ver: 1,
  eth_type: 0x88cc,
  nxm_eth_type: 0x88cc,
};

const sized = (bits: number, value: number): number | bigint | Uint8Array => {
  if (bits > 128) return Uint8Array.of(0x12, value);
  return bits >= 64 ? BigInt(value) : value;
};
const valueFor = (name: FieldName) => sized(oxmFields[name].bits, values[name] ?? 1);
/** All bits of the value, and few others. */
const maskFor = (name: FieldName) =>
  oxmFields[name].bits > 128
    ? Uint8Array.of(0x12, 0x0f)
    : sized(oxmFields[name].bits, (values[name] ?? 1) | (oxmFields[name].bits > 2 ? 2 : 1));

const only = (name: FieldName): KnownOxm => ({ field: name, value: valueFor(name) }) as KnownOxm;
const withMask = (name: FieldName): KnownOxm => ({ ...only(name), mask: maskFor(name) }) as KnownOxm;

/** What Open vSwitch has no such field for, or takes from nobody. */
const notMatched: readonly FieldName[] = ['in_phy_port', 'pbb_isid', 'ipv6_exthdr'];
/** The connection's are written inside a `ct` alone; the port that the packet came in by, as 16 bits alone. */
const notSet: readonly FieldName[] = [...notMatched, 'ct_mark', 'ct_label', 'in_port'];

/** What Open vSwitch prints in another way: it leaves some masks out, and has words for some values. */
const inItsWords: Readonly<Record<string, string>> = {
  'tun_gbp_flags=0x1/0x3': 'tun_gbp_flags=0x1',
  'tun_erspan_ver=0x1/0x3': 'tun_erspan_ver=1',
  'tun_erspan_ver=1,tun_erspan_idx=0x1/0x3': 'tun_erspan_ver=1,tun_erspan_idx=0x1',
  'tun_erspan_ver=2,tun_erspan_dir=0x1/0x1': 'tun_erspan_ver=2,tun_erspan_dir=1',
  'tun_erspan_ver=2,tun_erspan_hwid=0x1/0x3': 'tun_erspan_ver=2,tun_erspan_hwid=0x1',
  'gtpu_flags=0x1/0x3': 'gtpu_flags=0x1',
  'gtpu_msgtype=0x1/0x3': 'gtpu_msgtype=1',
};

/** It prints the large registers as the small ones that they are: of 1 and its mask, the last of them. */
function inRegisters({ field, mask }: KnownOxm): string | undefined {
  const [, kind, number] = /^(xx?reg)([0-9])$/.exec(field) ?? [];
  if (kind === undefined) return undefined;
  const count = kind === 'xreg' ? 2 : 4;
  return Array.from({ length: count }, (_, i) => {
    const register = count * Number(number) + i;
    if (i === count - 1) return `reg${register}=0x1${mask === undefined ? '' : '/0x3'}`;
    return mask === undefined ? `reg${register}=0` : '';
  })
    .filter(text => text !== '')
    .join(',');
}

const erspan = (value: number): KnownOxm => ({ field: 'tun_erspan_ver', value });
const fixedLength: KnownOxm = { field: 'nsh_mdtype', value: 1 };
/** What it must know to print a field at all: the version of ERSPAN, the kind of NSH's metadata. */
const toBePrinted: Readonly<Partial<Record<FieldName, KnownOxm>>> = {
  tun_erspan_idx: erspan(1),
  tun_erspan_dir: erspan(2),
  tun_erspan_hwid: erspan(2),
  nsh_c1: fixedLength,
  nsh_c2: fixedLength,
  nsh_c3: fixedLength,
  nsh_c4: fixedLength,
};

const printedOf = (messages: readonly Message[]): string[] => {
  const writer = new Writer();
  for (const message of messages) encodeInto(writer, message);
  const path = join(folder, 'frames');
  writeFileSync(path, writer.toBytes());
  return execFileSync('ovs-ofctl', ['-O', 'OpenFlow13', '-m', '--no-names', 'ofp-parse', path], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
    .split(/^(?=OFPT_FLOW_MOD)/m)
    .map(part => part.trim());
};

t.test('each comes back from both back ends, in a match and in a set_field', t => {
  for (const name of fieldNames) {
    const { maskable } = oxmFields[name];
    for (const oxm of [only(name), ...(maskable ? [withMask(name)] : [])]) {
      const message = flowMod([applyActions([{ type: 'set_field', oxm: only(name) }])], {
        match: [...presumed(name), oxm],
      });
      const bytes = encodeBoth(message);
      if ('error' in bytes) t.fail(`${name}: ${bytes.error.message}`);
      else t.strictSame(decodeBoth(bytes.value), { value: message }, name);
    }
    if (!maskable)
      t.throws(() => encode(flowMod([], { match: [...presumed(name), withMask(name)] })), {
        code: 'WIRE_BAD_MATCH',
      });
  }
  t.end();
});

t.test('each is refused without what it presumes, and a second time', t => {
  for (const name of fieldNames) {
    const { needs } = oxmFields[name];
    const match = [...presumed(name), only(name)];
    t.throws(() => encode(flowMod([], { match: [...match, only(name)] })), { code: 'WIRE_BAD_MATCH' }, name);
    const fault = { code: 'WIRE_BAD_MATCH', message: /must come before it/ };
    if (needs === Need.ETHERNET)
      t.throws(
        () => encode(flowMod([], { match: [{ field: 'packet_type', value: 0x1894f }, only(name)] })),
        fault,
        name,
      );
    else if (needs !== Need.NOTHING)
      for (let size = 0; size < presumed(name).length; size++)
        if (!name.startsWith('ct_tp') || size < 2)
          t.throws(
            () => encode(flowMod([], { match: [...presumed(name).slice(0, size), only(name)] })),
            fault,
          );
  }
  t.end();
});

t.test('forms of one field, and registers that hold each other, come once', t => {
  const pairs: readonly (readonly [FieldName, FieldName])[] = [
    ['in_port', 'nxm_in_port'],
    ['tunnel_id', 'nxm_tun_id'],
    ['vlan_vid', 'vlan_tci'],
    ['reg3', 'xreg1'],
    ['xreg1', 'xxreg0'],
    ['reg15', 'xxreg3'],
  ];
  for (const [one, other] of pairs)
    for (const match of [
      [only(one), only(other)],
      [only(other), only(one)],
    ])
      t.throws(() => encode(flowMod([], { match })), { code: 'WIRE_BAD_MATCH' }, `${one}, ${other}`);
  t.ok(encode(flowMod([], { match: [only('reg0'), only('xreg1'), only('xxreg1')] })));
  t.end();
});

t.test('ovs-ofctl prints each in a match as we do', { skip }, t => {
  const cases = fieldNames
    .filter(name => !notMatched.includes(name))
    .flatMap(name =>
      [only(name), ...(oxmFields[name].maskable ? [withMask(name)] : [])].map(oxm => ({
        name,
        oxm,
        match: [...presumed(name), ...[toBePrinted[name] ?? []].flat(), oxm],
      })),
    );
  const printed = printedOf(cases.map(({ match }) => flowMod([], { match })));
  t.equal(printed.length, cases.length, 'each is read');
  cases.forEach(({ name, oxm, match }, index) => {
    const found = /ADD (?:(.*) )?actions=drop/.exec(printed[index] ?? '')?.[1] ?? printed[index];
    const ours = formatMatch(match);
    t.equal(found, inRegisters(oxm) ?? inItsWords[ours] ?? ours, name);
  });
  t.end();
});

t.test('ovs-ofctl prints each in a set_field as we do', { skip }, t => {
  const cases = fieldNames
    .filter(name => oxmFields[name].writable && !notSet.includes(name))
    .map(name => ({
      name,
      match: name === 'vlan_vid' ? presumed('vlan_pcp') : presumed(name),
      actions: [{ type: 'set_field', oxm: only(name) } as const],
    }));
  const printed = printedOf(cases.map(({ match, actions }) => flowMod([applyActions(actions)], { match })));
  t.equal(printed.length, cases.length, 'each is read');
  cases.forEach(({ name, actions }, index) => {
    const found = /actions=(.*)$/.exec(printed[index] ?? '')?.[1] ?? printed[index];
    t.equal(found, formatActions(actions), name);
  });
  t.end();
});

t.test(
  'the rows of the table have one shape in V8: the codec takes half as long again where they have many',
  t => {
    setFlagsFromString('--allow-natives-syntax');
    const isAlike = runInThisContext('(a, b) => %HaveSameMap(a, b)') as (a: unknown, b: unknown) => boolean;
    // The function is compiled when it is first called.
    t.notOk(isAlike({ a: 1 }, { b: 1 }), 'two that differ');
    setFlagsFromString('--no-allow-natives-syntax');
    const rows = fieldNames.map(fieldByName);
    t.strictSame(
      rows.filter(row => !isAlike(row, rows[0])).map(row => row?.name),
      [],
    );
    t.end();
  },
);
