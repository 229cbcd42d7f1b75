/** The model of a switch that unit tests use, held to the truth: the same messages and frames, and Open vSwitch. */
import fc from '../support/fast-check.js';
import t from 'tap';
import { overlay } from '../../src/apps/overlay/overlay.js';
import { emptyProgram, meterIds, numberTables } from '../../src/intent/index.js';
import { parseMac } from '../../src/lib/addresses.js';
import { askForFlows, type Message, multipart, OFPM, OFPMF } from '../../src/openflow/index.js';
import { readActual } from '../../src/reconcile/actual.js';
import { compile } from '../../src/reconcile/compile.js';
import { planFlows } from '../../src/reconcile/flows.js';
import { planMeters } from '../../src/reconcile/meters.js';
import { order } from '../../src/reconcile/order.js';
import { missFlows } from '../../src/reconcile/pipeline.js';
import { hosts, mac, Site } from '../support/overlay-world.js';
import {
  type Change,
  change,
  type FrameFields,
  keyOf,
  receive,
  type SwitchPorts,
  Tables,
} from '../support/switch-model/index.js';
import {
  accessPorts,
  anyChange,
  anyFrame,
  anyProgram,
  emptied,
  learningProgram,
  ownVtep,
  tunnelPort,
  vteps,
} from './support/any-program.js';
import { outputOf } from './support/datapath-actions.js';
import { DummySwitch, whyNoSwitch } from './support/dummy-switch.js';

const skip = whyNoSwitch();

/** A real switch and its model, side by side. */
class Pair {
  readonly real: DummySwitch;
  readonly ports: SwitchPorts;
  tables = new Tables();

  private constructor(real: DummySwitch, ports: SwitchPorts) {
    this.real = real;
    this.ports = ports;
  }

  static async start(): Promise<Pair> {
    const real = await DummySwitch.start({
      ports: accessPorts,
      tunnel: tunnelPort,
      peers: ['10.97.0.2', '10.97.0.3', '10.97.0.9'],
    });
    // A port that is down is not live for a fast failover group.
    real.appctl('netdev-dummy/set-admin-state', 'p3', 'down');
    const ports = await real.portDescriptions();
    return new Pair(real, { ports, tunnels: new Set([tunnelPort]), vtep: ownVtep });
  }

  /** @returns the two sides' errors: type and code, by the messages' places */
  async change(messages: readonly Change[]): Promise<{ real: string[]; model: string[] }> {
    const replies = await this.real.exchange(messages);
    const first = this.real.lastFirst;
    const real = replies.flatMap(reply =>
      reply.type === 'error' ? [`${reply.xid - first}: ${reply.errorType}/${reply.code}`] : [],
    );
    const model = messages.flatMap((message, index) => {
      const refused = change(this.tables, message);
      return refused === undefined ? [] : [`${index}: ${refused.join('/')}`];
    });
    return { real, model };
  }

  async clear(): Promise<void> {
    await this.real.exchange(emptied);
    this.tables = new Tables();
  }

  /** Both sides' outputs of a frame, in their order; `dropped` where the translation fails. */
  send(frame: FrameFields, learn = false): { real: unknown; model: unknown } {
    const real = this.real.trace(frame, learn) ?? 'dropped';
    const { sent, error } = receive(this.tables, this.ports, frame);
    return { real, model: error === undefined ? sent.map(outputOf) : 'dropped' };
  }

  /** Table, priority, match and cookie of all flows, and the ids of all groups. */
  async dump(): Promise<{ real: readonly string[]; model: readonly string[] }> {
    const replies = await this.real.exchange([askForFlows(), multipart({ type: 'group_desc' })]);
    const told = (flow: Parameters<typeof keyOf>[0] & { readonly cookie: bigint }): string =>
      `${keyOf(flow)} cookie=${flow.cookie}`;
    const real = replies.flatMap((reply: Message) => {
      if (reply.type !== 'multipart_reply') return [];
      if (reply.body.type === 'flow') return reply.body.entries.map(told);
      return reply.body.type === 'group_desc' ? reply.body.entries.map(one => `group ${one.groupId}`) : [];
    });
    const model = [
      ...[...this.tables.flows.values()].map(told),
      ...[...this.tables.groups.keys()].map(id => `group ${id}`),
    ];
    return { real: real.sort(), model: model.sort() };
  }
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `0x${one.toString(16)}` : one));

const sorted = (outputs: unknown): unknown => (Array.isArray(outputs) ? outputs.map(text).sort() : outputs);

function same({ real, model }: { real: unknown; model: unknown }, what: unknown): void {
  if (text(real) !== text(model))
    throw new Error(`Open vSwitch: ${text(real)}\nthe model: ${text(model)}\n${text(what)}`);
}

t.test('the model and Open vSwitch', { skip, timeout: 240_000 }, async t => {
  const pair = await Pair.start();
  t.teardown(() => pair.real.stop());

  await t.test('frames through any program', async t => {
    let frames = 0;
    let outputs = 0;
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        anyProgram,
        fc.array(anyFrame, { minLength: 4, maxLength: 4 }),
        async (program, some) => {
          await pair.clear();
          same(await pair.change(program), program);
          for (const frame of some) {
            const both = pair.send(frame);
            same(both, { frame, program });
            frames += 1;
            if (Array.isArray(both.model)) outputs += both.model.length;
            seen.add(text(both.model));
          }
        },
      ),
      { numRuns: Number(process.env['HEDDLE_MODEL_RUNS'] ?? 100) },
    );
    t.comment(`${frames} frames, ${outputs} outputs, ${seen.size} different outcomes`);
    t.ok(outputs > frames / 6 && seen.size > frames / 10, 'and they were worth sending');
  });

  await t.test('what it refuses, and what is there in the end', async t => {
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyChange, { minLength: 5, maxLength: 40 }), async changes => {
        await pair.clear();
        const errors = await pair.change(changes);
        refusals += errors.real.length;
        same(errors, changes);
        same(await pair.dump(), changes);
      }),
      { numRuns: 200 },
    );
    t.ok(refusals > 200, `${refusals} refusals`);
  });

  await t.test('what it learns', async t => {
    let learned = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyFrame, { minLength: 5, maxLength: 12 }), async frames => {
        await pair.clear();
        same(await pair.change(learningProgram), []);
        for (const frame of frames) {
          const { real, model } = pair.send(frame, true);
          // A flood has no order.
          same({ real: sorted(real), model: sorted(model) }, frames);
        }
        same(await pair.dump(), frames);
        learned += pair.tables.flows.size - learningProgram.length;
      }),
      { numRuns: 20 },
    );
    t.ok(learned > 20, `${learned} flows learned`);
  });

  await t.test('meters are told as they were sent, so that nothing is sent twice', async t => {
    await pair.clear();
    const bands = [{ type: 'drop', rate: 1_000, burstSize: 0 }] as const;
    const meters = [OFPMF.KBPS, OFPMF.PKTPS, OFPMF.KBPS | OFPMF.BURST | OFPMF.STATS].map((flags, index) => ({
      id: meterIds.of(index * 499 + 1),
      flags,
      bands: (flags & OFPMF.BURST) === 0 ? bands : [{ ...bands[0], burstSize: 200 }],
    }));
    const wanted = compile([{ app: 'a', number: 8, program: { ...emptyProgram, meters } }]);
    const { toPut } = planMeters(wanted, new Map(), new Set());
    t.equal(toPut.length, 3);
    same(await pair.change(toPut), 'meters');
    const [reply] = await pair.real.exchange([multipart({ type: 'meter_config', meterId: OFPM.ALL })]);
    const told =
      reply?.type === 'multipart_reply' && reply.body.type === 'meter_config' ? reply.body.entries : [];
    const there = new Map(told.map(({ meterId: id, flags, bands: its }) => [id, { id, flags, bands: its }]));
    t.strictSame([...there.keys()].sort(), meters.map(({ id }) => id).sort());
    t.strictSame(planMeters(wanted, there, new Set()), { toPut: [], toDelete: [] });
    const { toDelete } = planMeters(compile([]), there, new Set());
    t.equal(toDelete.length, 3);
    same(await pair.change(toDelete), 'deleting them');
  });

  await t.test("the overlay's own programs", async t => {
    const site = new Site(`${hosts(3)}
networks:
  blue: { vni: 5, ports: [{ port: "b*" }], remotes: [10.97.0.9] }
  red: { vni: 6, ports: [{ port: "r*" }] }
`);
    site.read(
      'kvm1',
      { b1: { ofport: 1, mac: mac(1) }, b2: { ofport: 2 }, r1: { ofport: 3, mac: mac(1) } },
      4,
    );
    site.read('kvm2', { b3: { ofport: 1, mac: mac(3) }, r3: { ofport: 2, mac: mac(3) } }, 4);
    site.read('kvm3', { b4: { ofport: 1, mac: mac(4) } }, 4);
    const pipeline = { flows: missFlows(numberTables([overlay])), groups: [], learned: new Set<bigint>() };
    await pair.clear();
    const wanted = compile([
      { app: 'overlay', number: 1, program: site.program(1) },
      { app: 'pipeline', number: 0, program: pipeline },
    ]);
    const operations = order(planFlows(wanted, readActual([], []).actual, new Set()));
    same(await pair.change(operations.map(({ message }) => message)), 'the program');
    let outputs = 0;
    const all = ['ff:ff:ff:ff:ff:ff', ...[1, 2, 3, 4, 9].map(mac)].map(one => parseMac(one)!);
    const tunnels = [...vteps, 0x0a610009].flatMap(tun_src =>
      [5n, 6n, 7n].map(tunnel_id => ({ in_port: tunnelPort, tunnel_id, tun_src, tun_dst: ownVtep })),
    );
    const places: FrameFields[] = [...[1, 2, 3].map(in_port => ({ in_port })), ...tunnels];
    for (const place of places)
      for (const eth_dst of all) {
        const frame = { ...place, eth_src: parseMac(mac(9))!, eth_dst };
        const both = pair.send(frame, true);
        same(both, frame);
        outputs += (both.model as readonly unknown[]).length;
      }
    same(await pair.dump(), 'what was learned');
    t.ok(outputs > 50, `${outputs} outputs`);
  });
});
