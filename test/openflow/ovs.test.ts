/**
 * Against the real ovs-ofctl: what it prints of our bytes is what we meant, and what our text says it reads, as the same
 * flow.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import {
  encode,
  encodeInto,
  errorName,
  Experimenter,
  formatFlow,
  formatGroup,
  formatMatch,
  type Message,
  OFPET,
  Writer,
} from '../../src/openflow/index.js';
import { fixtures } from './fixtures.js';
import { flows, groups } from './texts.js';

/** What ovs-ofctl prints on both streams, or why it can not be run. */
function ofctl(...args: readonly string[]): string {
  return execFileSync('ovs-ofctl', ['-O', 'OpenFlow13', '-m', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 24,
  });
}

function installed(): boolean {
  try {
    execFileSync('ovs-ofctl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const skip = installed() ? false : 'ovs-ofctl is not installed';
const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
t.teardown(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function allPrinted(messages: readonly Message[]): string {
  const writer = new Writer();
  for (const message of messages) encodeInto(writer, message);
  return ofctl('ofp-parse', file('frames', writer.toBytes()));
}

/** What ovs-ofctl prints of each message, without xids. */
const printed = (messages: readonly Message[]): string[] => split(allPrinted(messages));

const split = (output: string): string[] =>
  output
    .split(/^(?=(?:OFP|ONF|NX|\*\*\*)\w*)/m)
    .filter(part => /^(OFP|ONF|NX)/.test(part))
    .map(part => part.replace(/ ?\(xid=0x[0-9a-f]+\)/, '').trim());

const idBytes = (experimenter: number): number[] =>
  [24, 16, 8, 0].map(shift => (experimenter >>> shift) & 0xff);

/** Open vSwitch has one name for an error in all versions of OpenFlow: where it is not the one of 1.3, by that one. */
const otherNames: Readonly<Record<string, string>> = {
  OFPBRC_BAD_MULTIPART: 'OFPBRC_BAD_STAT',
  OFPBRC_BAD_EXPERIMENTER: 'OFPBRC_BAD_VENDOR',
  OFPBRC_BAD_EXP_TYPE: 'OFPBRC_BAD_SUBTYPE',
  OFPBRC_IS_SLAVE: 'OFPBRC_IS_SECONDARY',
  OFPBAC_BAD_EXPERIMENTER: 'OFPBAC_BAD_VENDOR',
  OFPBAC_BAD_EXP_TYPE: 'OFPBAC_BAD_VENDOR_TYPE',
  OFPTFFC_BAD_TYPE: 'OFPBPC_BAD_TYPE',
  OFPTFFC_BAD_LEN: 'OFPBPC_BAD_LEN',
  OFPTFFC_BAD_ARGUMENT: 'OFPBPC_BAD_VALUE',
};

t.test('ovs-ofctl prints each fixture, and finds no fault', { skip }, t => {
  const lines = new Map(
    fixtures.filter(one => one.bytes[0] === 4).map(one => [one.name, allPrinted([one.message])]),
  );
  for (const { name, refused } of fixtures)
    if (refused === undefined) t.notMatch(lines.get(name) ?? '', /decode error|\*\*\*|WARN/, name);
  const lineOf = (name: string): string => lines.get(name) ?? '';
  for (const { name, printed } of fixtures) {
    if (printed === undefined) continue;
    const line = lineOf(name).replace(/\s+/g, ' ').trim();
    t.equal(line.replace(/^.*?\(xid=0x[0-9a-f]+\):? ?/, ''), printed, name);
  }
  const expected: readonly (readonly [name: string, text: RegExp | string])[] = [
    ['hello with a bitmap', /version bitmap: 0x01, 0x04/],
    ['error: a flow table that is full', /OFPFMFC_TABLE_FULL/],
    ['role_request', /role=primary generation_id=5/],
    [
      'packet_in',
      /table_id=70 cookie=0x48ff000000000000 total_len=16 metadata=0x1388,in_port=1 \(via no_match\)/,
    ],
    ['packet_out', /in_port=CONTROLLER actions=FLOOD data_len=18/],
    ['port_status', /MOD: 1\(fw1-p\): addr:02:00:00:00:00:01/],
    [
      'group_mod: add or modify',
      /ADD_OR_MOD group_id=1001,type=all,bucket=actions=group:2001,pop_vlan,bucket=actions=set_field:0xa->reg1,group:2002/,
    ],
    ['meter_mod', /ADD meter=50 kbps burst bands=\s*type=drop rate=1000 burst_size=100/],
    ['bundle_control: commit', /bundle_id=0x1 type=COMMIT_REQUEST flags=atomic ordered/],
    ['bundle_add of a flow_mod', /bundle_id=0x1 flags=atomic ordered\s*OFPT_FLOW_MOD.*ADD actions=drop/],
    ['multipart_reply: group_desc', /group_id=2001,type=select,bucket=weight:5,actions=output:3/],
    ['multipart_reply: aggregate', /packet_count=3 byte_count=200 flow_count=2/],
    [
      'multipart_reply: flow, more to come',
      /cookie=0x4801000000000001, duration=5.000000007s, table=60, n_packets=3, n_bytes=200, priority=100,dl_dst=02:00:00:00:00:01 actions=goto_table:90/,
    ],
    ['flow_removed', /priority=100,metadata=0x1388,dl_dst=02:00:00:00:44:01 reason=hard table_id=70/],
    [
      'learn with a limit, constants and some bits',
      'learn(table=70,hard_timeout=60,priority=100,send_flow_rem,cookie=0x48ff000000000000,limit=32,OXM_OF_METADATA[],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG1[0..15],reg2=0x7,load:0x5->NXM_NX_REG3[])',
    ],
  ];
  for (const [name, text] of expected) {
    if (typeof text === 'string') t.ok(lineOf(name).includes(text), `${name}: ${lineOf(name)}`);
    else t.match(lineOf(name), text, name);
  }
  t.end();
});

t.test('errors: ovs-ofctl gives every type and code the name that we give it', { skip }, t => {
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, code) => code);
  const ids = [
    ...upTo(20).flatMap(type => upTo(50).map(code => ({ type, code, experimenter: 0 }))),
    ...upTo(5000).map(code => ({ type: OFPET.EXPERIMENTER, code, experimenter: Experimenter.ONF })),
    ...upTo(100).map(code => ({ type: OFPET.EXPERIMENTER, code, experimenter: Experimenter.NICIRA })),
  ];
  const quote = encode({ type: 'barrier_request', xid: 0 });
  const output = allPrinted(
    ids.map(({ type, code, experimenter }, xid) => {
      const data = type === OFPET.EXPERIMENTER ? [...idBytes(experimenter), ...quote] : quote;
      return { type: 'error', version: 4, xid, errorType: type, code, data: Uint8Array.from(data) };
    }),
  );
  const theirs = new Map(
    [...output.matchAll(/^OFPT_ERROR \(OF1.3\)(?: \(xid=0x([0-9a-f]+)\))?: (\w+)$/gm)].map(
      ([, xid = '0', name]) => [parseInt(xid, 16), name],
    ),
  );
  t.ok(theirs.size > 150, `${theirs.size} of ${ids.length} have a name`);
  ids.forEach(({ type, code, experimenter }, xid) => {
    const ours = errorName(type, code, experimenter);
    const isNamed = /^(OFP|NX)/.test(ours);
    const name = otherNames[ours] ?? ours;
    if (theirs.get(xid) !== (isNamed ? name : undefined))
      t.fail(`${type}/${code} of ${experimenter}: ${theirs.get(xid) ?? 'no name'}, ours ${ours}`);
  });
  t.end();
});

t.test('flows: our text, read by ovs-ofctl, is the flow that our bytes are', { skip }, t => {
  const ours = printed(flows.map(({ message }) => message));
  const texts = flows.map(({ flow }) => formatFlow(flow));
  const theirs = split(ofctl('parse-flows', file('flows', `${texts.join('\n')}\n`)));
  t.equal(theirs.length, flows.length, 'each is read');
  flows.forEach(({ flow, text }, index) => {
    t.equal(texts[index], text, text);
    t.equal(theirs[index], ours[index], 'and is the same flow');
    const match = formatMatch(flow.match);
    const actions = text.slice(text.indexOf(' actions='));
    t.ok((ours[index] ?? '').includes(match), `${match} stands in ${ours[index] ?? ''}`);
    t.ok((ours[index] ?? '').endsWith(actions), `${ours[index] ?? ''} ends with ${actions}`);
  });
  t.end();
});

t.test('groups: our text, read by ovs-ofctl, is the group that our bytes are', { skip }, t => {
  const ours = printed(groups.map(({ message }) => message));
  groups.forEach(({ group, text }, index) => {
    t.equal(formatGroup(group), text);
    const [theirs] = split(ofctl('parse-group', text));
    t.equal(theirs, ours[index], 'is the same group');
  });
  t.end();
});
