import fc from '../support/fast-check.js';
import t from 'tap';
import { encodeReading } from '../../src/controller/switch-reading.js';
import { emptyProgram, type Flow, type Group, groupIds, makeCookie } from '../../src/intent/index.js';
import { WireError } from '../../src/lib/errors.js';
import {
  applyActions,
  bucket,
  decode,
  encode,
  type FlowStats,
  masked,
  match,
  type Message,
  output,
  setField,
} from '../../src/openflow/index.js';

import { readActual } from '../../src/reconcile/actual.js';
import { checkPart } from '../../src/reconcile/check.js';
import { compile } from '../../src/reconcile/compile.js';
import { lookAt } from '../../src/reconcile/edits.js';
import { planFlows } from '../../src/reconcile/flows.js';
import { sameGroup, withOldBuckets } from '../../src/reconcile/groups.js';

const cookie = makeCookie(9, 'static', 77);
const flow: Flow = {
  table: 3,
  priority: 5,
  match: match({ eth_type: 0x0800, ip_proto: 6, tcp_dst: 80, reg1: masked(0x10, 0xf0) }),
  instructions: [applyActions([setField({ reg2: 0x100 }), output(2)])],
};
const group: Group = {
  id: groupIds.flood(1),
  groupType: 'all',
  buckets: [bucket([setField({ reg2: 0x100 }), output(2)]), bucket([output(3)])],
};
const wanted = new Map([[cookie, flow]]);
const stats = (one: Flow): FlowStats => ({
  ...{ tableId: one.table, priority: one.priority, match: one.match, instructions: one.instructions },
  ...{ durationSec: 0, durationNsec: 0, idleTimeout: 0, hardTimeout: 0, flags: 0, cookie },
  ...{ packetCount: 0n, byteCount: 0n },
});
const told = (body: Extract<Message, { type: 'multipart_reply' }>['body']): Message => ({
  ...{ type: 'multipart_reply', xid: 0, flags: 0, body },
});

t.test('a flow that cannot be written is an edit of the one that is wanted', t => {
  const [, , port = match({})[0]!] = flow.match;
  const bare = { ...stats(flow), match: [port] };
  t.throws(() => encode(told({ type: 'flow', entries: [bare] })), WireError, 'a port of no protocol');
  t.match(lookAt([bare], wanted, new Map()), {
    edits: [{ cookie, hash: undefined, isInPlace: false }],
    spelled: new Map(),
  });
  t.end();
});

t.test('a bucket that cannot be written is another than any, and does not stay', t => {
  const bad = bucket([{ type: 'set_field', oxm: match({ reg2: masked(0x100, 0xf00) })[0]! }]);
  const there = { ...group, buckets: [...group.buckets, bad] };
  t.notOk(sameGroup(group, { ...group, buckets: [group.buckets[0]!, bad] }));
  t.strictSame(
    withOldBuckets(group, there, () => true),
    group,
  );
  t.end();
});

t.test('whatever a switch tells is looked at, compared and told on', t => {
  const frames = [
    encode(told({ type: 'flow', entries: [stats(flow)] })),
    encode(told({ type: 'group_desc', entries: [{ groupId: group.id, ...group }] })),
  ];
  const part = checkPart({
    app: 'test',
    number: 9,
    program: { ...emptyProgram, flows: [flow], groups: [group] },
  });
  let unwritable = 0;
  const header = 16;
  const change = fc.tuple(fc.nat(400), fc.nat(255));
  fc.assert(
    fc.property(
      fc.constantFrom(...frames),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      (frame, changes) => {
        const bytes = Uint8Array.from(frame);
        for (const [at, byte] of changes) bytes[header + (at % (bytes.length - header))] = byte;
        const message = decoded(bytes);
        if (message?.type !== 'multipart_reply') return;
        const { body } = message;
        if (!isWritable(message)) unwritable += 1;
        const flows = body.type === 'flow' ? body.entries.map(one => ({ ...one, cookie })) : [];
        const groups =
          body.type === 'group_desc' ? body.entries.map(({ groupId: id, ...rest }) => ({ ...rest, id })) : [];
        lookAt(flows, wanted, new Map());
        const { actual } = readActual(flows, groups);
        planFlows(compile([part]), actual, new Set());
        const reading = { dpid: 1n, ports: [], flows, groups, meters: [], features: {} };
        for (const text of encodeReading(reading).frames) decode(Buffer.from(text, 'base64'));
      },
    ),
    { numRuns: 2_000 },
  );
  t.ok(unwritable > 0, `${unwritable} of them could not have been written`);
  t.end();
});

function decoded(bytes: Uint8Array): Message | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}

function isWritable(message: Message): boolean {
  try {
    encode(message);
    return true;
  } catch {
    return false;
  }
}
