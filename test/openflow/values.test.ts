/** The pure helpers around the wire: random messages both ways, limits, builders, names and texts of values. */
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import fc from '../support/fast-check.js';
import { interpret } from '../../src/lib/struct/closures.js';
import { compile } from '../../src/lib/struct/index.js';
import { decodeWith, encodeWith } from '../../src/openflow/codec.js';
import {
  type Action,
  bundleAdd,
  bucket,
  clone,
  decode,
  encode,
  encodeInto,
  errorExperimenter,
  errorName,
  Experimenter,
  fieldNames,
  type FieldName,
  formatActions,
  formatIpv6,
  formatMatch,
  type Instruction,
  type KnownOxm,
  learn,
  load,
  masked,
  match,
  type Message,
  move,
  nameOfError,
  OFP_NO_BUFFER,
  OFPBMC,
  OFPET,
  OFPG,
  OFPP,
  output,
  type Oxm,
  quotedMessage,
  setField,
  valueOf,
  Writer,
} from '../../src/openflow/index.js';
import * as openflow from '../../src/openflow/index.js';
import { message } from '../../src/openflow/messages/index.js';
import { fieldByHeader, fieldByName, oxmFields } from '../../src/openflow/fields/table.js';
import { hex, hexOf } from './fixtures.js';

const plain = { noNullPrototype: true } as const;
const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const data = fc.uint8Array({ maxLength: 64 });

const valueFor = (bits: number): fc.Arbitrary<unknown> => {
  if (bits > 128) return fc.uint8Array({ maxLength: 124 });
  return bits >= 64
    ? fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n })
    : fc.nat(Math.min(2 ** bits, 2 ** 32) - 1);
};

/** One of these fields, with a value that fits it. */
const oneOf = (names: readonly FieldName[]): fc.Arbitrary<KnownOxm> =>
  fc
    .constantFrom(...names)
    .chain(field =>
      fc.record({ field: fc.constant(field), value: valueFor(oxmFields[field].bits) }, plain),
    ) as fc.Arbitrary<KnownOxm>;

const oxm = oneOf(fieldNames);
/** Fields that presume nothing and share no bits, each once, with and without a mask. */
const matchFields = fc
  .uniqueArray(
    oneOf(
      fieldNames.filter(one => {
        const { needs, overlaps, role } = oxmFields[one];
        return needs <= 1 && overlaps.length === 0 && role !== 'packet_type';
      }),
    ).chain(one =>
      oxmFields[one.field].maskable
        ? fc.constantFrom(one, { ...one, mask: one.value } as KnownOxm)
        : fc.constant(one),
    ),
    { selector: one => one.field, maxLength: 6 },
  )
  .map(all => all as readonly Oxm[]);
const name = fc.constantFrom(...fieldNames);

const plainAction: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ type: fc.constant('output' as const), port: u32, maxLen: u16 }, plain),
  fc.record({ type: fc.constant('set_field' as const), oxm }, plain),
  fc.record({ type: fc.constant('group' as const), groupId: u32 }, plain),
  fc.record({ type: fc.constant('resubmit' as const), inPort: u16, tableId: u8 }, plain),
  fc.record(
    {
      type: fc.constant('load' as const),
      range: fc.record({ offset: fc.nat(1023), bits: fc.integer({ min: 1, max: 64 }) }, plain),
      dst: name,
      value: u64,
    },
    plain,
  ),
  fc.record(
    { type: fc.constant('move' as const), bits: u16, srcOffset: u16, dstOffset: u16, src: name, dst: name },
    plain,
  ),
  fc.record(
    {
      type: fc.constant('learn' as const),
      idleTimeout: u16,
      hardTimeout: u16,
      priority: u16,
      cookie: u64,
      flags: u16,
      tableId: u8,
      finIdleTimeout: u16,
      finHardTimeout: u16,
      specs: fc.array(
        fc.oneof(
          fc.record(
            {
              type: fc.constantFrom('match' as const, 'load' as const),
              bits: fc.integer({ min: 32, max: 64 }),
              src: fc.oneof(
                fc.record({ field: name, offset: u16 }, plain),
                fc.record({ immediate: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }) }, plain),
              ),
              dst: fc.record({ field: name, offset: u16 }, plain),
            },
            plain,
          ),
          fc.record(
            {
              type: fc.constant('output' as const),
              bits: fc.integer({ min: 1, max: 2047 }),
              src: fc.record({ field: name, offset: u16 }, plain),
            },
            plain,
          ),
        ),
        { maxLength: 4 },
      ),
    },
    plain,
  ),
  fc.record(
    { type: fc.constant('unknown' as const), typeId: fc.integer({ min: 100, max: 0xfffe }), body: data },
    plain,
  ),
);
const action: fc.Arbitrary<Action> = fc.oneof(
  plainAction,
  fc.array(plainAction, { maxLength: 3 }).map(clone),
);
const actions = fc.array(action, { maxLength: 4 });

const instruction: fc.Arbitrary<Instruction> = fc.oneof(
  fc.record({ type: fc.constant('goto_table' as const), tableId: u8 }, plain),
  fc.record({ type: fc.constant('write_metadata' as const), metadata: u64, mask: u64 }, plain),
  fc.record({ type: fc.constantFrom('apply_actions' as const, 'write_actions' as const), actions }, plain),
  fc.record({ type: fc.constant('meter' as const), meterId: u32 }, plain),
  fc.record(
    { type: fc.constant('unknown' as const), typeId: fc.integer({ min: 7, max: 0xffff }), body: data },
    plain,
  ),
);

const flowMod = fc.record(
  {
    type: fc.constant('flow_mod' as const),
    xid: u32,
    cookie: u64,
    cookieMask: u64,
    tableId: u8,
    command: fc.constantFrom('add', 'modify', 'modify_strict', 'delete', 'delete_strict'),
    idleTimeout: u16,
    hardTimeout: u16,
    priority: u16,
    bufferId: u32,
    outPort: u32,
    outGroup: u32,
    flags: u16,
    match: matchFields,
    instructions: fc.array(instruction, { maxLength: 4 }),
  },
  plain,
);
const groupMod = fc.record(
  {
    type: fc.constant('group_mod' as const),
    xid: u32,
    command: fc.constantFrom('add', 'modify', 'delete', 'add_or_mod'),
    groupType: fc.constantFrom('all', 'select', 'indirect', 'ff'),
    groupId: u32,
    buckets: fc.array(fc.record({ weight: u16, watchPort: u32, watchGroup: u32, actions }, plain), {
      maxLength: 4,
    }),
  },
  plain,
);
const packetIn = fc.record(
  {
    type: fc.constant('packet_in' as const),
    xid: u32,
    bufferId: u32,
    totalLen: u16,
    reason: u8,
    tableId: u8,
    cookie: u64,
    match: matchFields,
    data,
  },
  plain,
);
const packetOut = fc.record(
  { type: fc.constant('packet_out' as const), xid: u32, bufferId: u32, inPort: u32, actions, data },
  plain,
);
const hello = fc.record(
  {
    type: fc.constant('hello' as const),
    version: u8,
    xid: u32,
    versions: fc.uniqueArray(u8, { maxLength: 6 }).map(all => all.sort((a, b) => a - b)),
  },
  plain,
);
const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  flowMod,
  groupMod,
  packetIn,
  packetOut,
  hello,
  fc.tuple(u32, u32, fc.oneof(flowMod, groupMod)).map(([xid, id, inner]) => bundleAdd(xid, id, 3, inner)),
);

t.test('random messages come back, and both back ends write the same bytes', t => {
  const codecs = [compile(message), interpret(message)];
  fc.assert(
    fc.property(anyMessage, value => {
      const frames = codecs.map(codec => {
        const writer = new Writer(1);
        encodeWith(codec, writer, value);
        return writer.toBytes();
      });
      if (!isDeepStrictEqual(frames[0], frames[1])) throw new Error('different bytes');
      for (const codec of codecs)
        if (!isDeepStrictEqual(decodeWith(codec, frames[0] ?? hex``), value))
          throw new Error('not what it was');
    }),
    { numRuns: 1500 },
  );
  t.pass('1,500 runs');
  t.end();
});

t.test('messages that do not fit are refused, and leave nothing behind', t => {
  const writer = new Writer();
  const echo: Message = { type: 'echo_reply', xid: 1, data: hex`01` };
  encodeInto(writer, echo);
  const before = hexOf(writer.toBytes());
  const flow = (more: object): Message => ({
    type: 'flow_mod',
    xid: 2,
    cookie: 0n,
    cookieMask: 0n,
    tableId: 0,
    command: 'add',
    idleTimeout: 0,
    hardTimeout: 0,
    priority: 0,
    bufferId: OFP_NO_BUFFER,
    outPort: OFPP.ANY,
    outGroup: OFPG.ANY,
    flags: 0,
    match: [],
    instructions: [],
    ...more,
  });
  const bad: readonly (readonly [name: string, value: unknown, code: string, offset?: number])[] = [
    ['65,536 bytes', { type: 'echo_request', xid: 0, data: new Uint8Array(65_528) }, 'WIRE_BAD_LENGTH', 2],
    ['a priority of 70,000', flow({ priority: 70_000 }), 'WIRE_BAD_VALUE', 30],
    ['a command that is none', flow({ command: 'replace' }), 'WIRE_BAD_VALUE', 25],
    ['no match', flow({ match: undefined }), 'WIRE_BAD_VALUE'],
    ['a field that is none', flow({ match: [{ field: 'eth_dest', value: 1 }] }), 'WIRE_BAD_VALUE', 52],
    ['a null for a field', flow({ match: [null] }), 'WIRE_BAD_VALUE', 52],
    [
      'a value too large for its field',
      flow({ match: [{ field: 'vlan_vid', value: 0x2000 }] }),
      'WIRE_BAD_VALUE',
      56,
    ],
    ['a number for a bigint', flow({ match: [{ field: 'metadata', value: 1 }] }), 'WIRE_BAD_VALUE', 56],
    ['a bigint too large', flow({ match: [{ field: 'metadata', value: 2n ** 64n }] }), 'WIRE_BAD_VALUE', 56],
    ['a negative value', flow({ match: [{ field: 'in_port', value: -1 }] }), 'WIRE_BAD_VALUE', 56],
    [
      'an unknown oxm that is known',
      flow({ match: [{ field: 'unknown', header: 0x80000004, body: hex`00000001` }] }),
      'WIRE_BAD_VALUE',
      52,
    ],
    [
      'an unknown oxm as long as it is not',
      flow({ match: [{ field: 'unknown', header: 0xffff5406, body: hex`00` }] }),
      'WIRE_BAD_LENGTH',
      52,
    ],
    ['a type that is none', { type: 'flow_modify', xid: 0 }, 'WIRE_BAD_VALUE', 0],
    ['nothing', undefined, 'WIRE_BAD_VALUE', 0],
    ['a version of 300', { type: 'hello', xid: 0, version: 4, versions: [300] }, 'WIRE_BAD_VALUE'],
    [
      'a spec that learns nothing',
      flow({
        instructions: [{ type: 'apply_actions', actions: [learn({ table: 1, specs: [null as never] })] }],
      }),
      'WIRE_BAD_VALUE',
    ],
    [
      'a result with no flag for it',
      flow({
        instructions: [
          {
            type: 'apply_actions',
            actions: [{ ...learn({ table: 1, limit: 1, specs: [] }), result: 'reg0' }],
          },
        ],
      }),
      'WIRE_BAD_VALUE',
    ],
  ];
  for (const [name, value, code, offset] of bad) {
    t.throws(
      () => encodeInto(writer, value as Message),
      offset === undefined ? { code } : { code, offset },
      name,
    );
    t.equal(hexOf(writer.toBytes()), before, 'what was written before is there, and nothing else');
  }
  encodeInto(writer, echo);
  t.equal(hexOf(writer.toBytes()), before + before);
  writer.reset();
  encodeInto(writer, echo);
  t.equal(hexOf(writer.toBytes()), before, 'a writer that was reset begins again');
  t.equal(encode({ type: 'echo_request', xid: 0, data: new Uint8Array(65_527) }).length, 65_535);
  t.end();
});

t.test('a hello is read leniently', t => {
  const cases: readonly (readonly [
    name: string,
    frame: Uint8Array,
    versions: readonly number[] | undefined,
  ])[] = [
    [
      'an element that we do not know first',
      hex`0400 0018 00000001 | 0009 0005 ff 000000 | 0001 0008 00000010`,
      [4],
    ],
    ['two words', hex`0600 0018 00000001 | 0001 000c 00000040 00000001 00000000`, [6, 32]],
    ['garbage', hex`0100 000d 00000001 ffff 0001 00`, undefined],
    ['a second bitmap', hex`0400 0018 00000001 | 0001 0008 00000010 | 0001 0008 00000002`, [4]],
  ];
  for (const [name, frame, versions] of cases) {
    const value = decode(frame);
    t.equal(value.type, 'hello');
    t.same(value.type === 'hello' ? value.versions : [], versions, name);
  }
  t.end();
});

t.test('matches are canonical', t => {
  t.strictSame(
    match({ ipv4_src: 1, in_port: 2, eth_type: 0x0800, reg0: masked(0xff, 0x0f) }),
    [
      { field: 'in_port', value: 2 },
      { field: 'eth_type', value: 0x0800 },
      { field: 'ipv4_src', value: 1 },
      { field: 'reg0', value: 0x0f, mask: 0x0f },
    ],
    "in the table's order, bits outside the mask cleared",
  );
  t.strictSame(
    match({ metadata: masked(5n, 2n ** 64n - 1n) }),
    [{ field: 'metadata', value: 5n }],
    'a full mask is none',
  );
  t.strictSame(match({ metadata: masked(5n, 0n) }), [], 'an empty mask is no field');
  t.strictSame(match({ in_port: undefined } as object), [], 'no value is no field');
  for (const name of ['eth_typ', 'toString', '__proto__ '])
    t.throws(() => match({ [name]: 1 }), { code: 'WIRE_BAD_VALUE', message: /^match: no field "/ }, name);
  for (const value of [null, 'x', Number.NaN, {}, { value: 1, mask: 'x' }, { value: 1, mask: 1.5 }])
    t.throws(
      () => encode(openflow.flowMod({ command: 'add', match: match({ reg0: value } as never) })),
      { code: 'WIRE_BAD_VALUE', message: /^reg0: / },
      'a value that is none is refused on encode',
    );
  t.equal(valueOf(match({ in_port: 3 }), 'in_port'), 3);
  t.equal(valueOf(match({ reg0: masked(1, 1) }), 'reg0'), undefined);
  t.equal(valueOf([], 'in_port'), undefined);
  t.throws(() => setField({}), { code: 'WIRE_BAD_VALUE' });
  t.throws(() => setField({ reg0: 1, reg1: 2 }), { code: 'WIRE_BAD_VALUE' });
  t.throws(() => setField({ reg0: masked(1, 1) }), { code: 'WIRE_BAD_VALUE' });
  t.end();
});

t.test('the table of fields', t => {
  for (const name of fieldNames) {
    const { header, experimenter } = oxmFields[name];
    t.equal(fieldByHeader(header, experimenter)?.name, name, 'no header twice');
  }
  const headers: Partial<Record<FieldName, number>> = {
    in_port: 0x80000004,
    eth_dst: 0x80000606,
    vlan_vid: 0x80000c02,
    arp_tha: 0x80003206,
    tunnel_id: 0x80004c08,
    reg15: 0x00011e04,
    tun_src: 0x00013e04,
    tun_dst: 0x00014004,
    pkt_mark: 0x00014204,
    conj_id: 0x00014a04,
    ct_state: 0x0001d204,
    vlan_tci: 0x00000802,
    nxm_in_port: 0x00000002,
  };
  for (const [name, header] of Object.entries(headers)) t.equal(fieldByName(name)?.header, header, name);
  t.end();
});

t.test('builders', t => {
  t.equal(output(OFPP.CONTROLLER).maxLen, 0xffff);
  t.equal(output(1).maxLen, 0);
  t.equal(move('reg0', 'nxm_in_port').bits, 16, 'the smaller of two fields');
  t.strictSame(load(1n, { field: 'reg0', offset: 4 }).range, { offset: 4, bits: 28 });
  t.strictSame(bucket([]), { weight: 0, watchPort: OFPP.ANY, watchGroup: OFPG.ANY, actions: [] });
  t.equal(
    bundleAdd(9, 1, 3, {
      type: 'group_mod',
      xid: 1,
      command: 'add',
      groupType: 'all',
      groupId: 1,
      buckets: [],
    }).message.xid,
    9,
  );
  t.end();
});

t.test('names of errors', t => {
  const names: readonly (readonly [type: number, code: number, name: string])[] = [
    [0, 0, 'OFPHFC_INCOMPATIBLE'],
    [1, 10, 'OFPBRC_IS_SLAVE'],
    [2, 4, 'OFPBAC_BAD_OUT_PORT'],
    [2, 9, 'OFPBAC_BAD_OUT_GROUP'],
    [3, 2, 'OFPBIC_BAD_TABLE_ID'],
    [4, 9, 'OFPBMC_BAD_PREREQ'],
    [5, 1, 'OFPFMFC_TABLE_FULL'],
    [6, 0, 'OFPGMFC_GROUP_EXISTS'],
    [11, 0, 'OFPRRFC_STALE'],
    [12, 2, 'OFPMMFC_INVALID_METER'],
    [12, 11, 'OFPMMFC_OUT_OF_BANDS'],
    [13, 5, 'OFPTFFC_EPERM'],
    [0xffff, 2313, 'OFPBFC_MSG_FAILED'],
    [0xffff, 2314, 'OFPBFC_TIMEOUT'],
    [5, 99, 'error 5/99'],
    [99, 0, 'error 99/0'],
    [0xffff, 1, 'experimenter error 1'],
  ];
  for (const [type, code, name] of names) t.equal(errorName(type, code), name);
  t.equal(errorName(OFPET.BAD_MATCH, OFPBMC.BAD_PREREQ), 'OFPBMC_BAD_PREREQ');
  t.equal(errorName(0xffff, 36, Experimenter.NICIRA), 'NXST_NOT_CONFIGURED');
  t.equal(errorName(0xffff, 36, 7), 'experimenter error 36');
  const nicira = { errorType: 0xffff, code: 44, data: hex`00002320 0102` };
  t.equal(errorExperimenter(nicira), Experimenter.NICIRA);
  t.equal(nameOfError(nicira), 'NXTFFC_DUP_TABLE');
  const cut = { errorType: 0xffff, code: 2313, data: hex`4f4e` };
  t.equal(errorExperimenter(cut), undefined);
  t.equal(nameOfError(cut), 'OFPBFC_MSG_FAILED');
  t.equal(nameOfError({ errorType: 5, code: 1, data: hex`00002320` }), 'OFPFMFC_TABLE_FULL');
  t.same(quotedMessage({ errorType: 5, data: hex`0102` }), hex`0102`);
  t.same(quotedMessage({ errorType: 0xffff, data: hex`4f4e4600 0102` }), hex`0102`);
  t.end();
});

t.test('texts of values', t => {
  const addresses: readonly (readonly [bigint, string])[] = [
    [0n, '::'],
    [1n, '::1'],
    [0xfe80n << 112n, 'fe80::'],
    [0x20010db8000000000001000000000001n, '2001:db8::1:0:0:1'],
    [0x00010002000300040005000600070008n, '1:2:3:4:5:6:7:8'],
    [0x00010000000300040005000600070008n, '1:0:3:4:5:6:7:8'],
  ];
  for (const [address, text] of addresses) t.equal(formatIpv6(address), text);
  t.equal(formatActions([]), 'drop');
  t.equal(
    formatMatch([{ field: 'unknown', header: 0xffff5406, body: hex`4f4e46000002` }]),
    'oxm_0xffff5406=0x4f4e46000002',
  );
  t.equal(formatActions([{ type: 'unknown', typeId: 99, body: hex`0102` }]), 'unknown(99,0102)');
  t.equal(formatMatch(match({ ipv4_src: masked(0x0a000001, 0xff0000ff) })), 'nw_src=10.0.0.1/255.0.0.255');
  t.end();
});
