import type { Refusal } from '../../src/controller/switch-refusals.js';
import { auditPeriod } from '../../src/controller/switch-sync.js';
import type { ConnectedSwitch } from '../../src/controller/connected-switch.js';
import { Switches } from '../../src/controller/switches.js';
import {
  type AppEvent,
  emptyProgram,
  type Flow,
  type Group,
  groupIds,
  type Program,
} from '../../src/intent/index.js';
import {
  applyActions,
  bucket,
  type FlowMod,
  formatFlow,
  group as toGroup,
  match,
  type Message,
  output,
  setField,
} from '../../src/openflow/index.js';
import type { Ipv4 } from '../../src/lib/addresses.js';
import { type CheckedPart, checkPart } from '../../src/reconcile/check.js';
import { compile } from '../../src/reconcile/compile.js';
import { flowMod } from '../../src/reconcile/mods.js';
import { FakeEffects, FakeLog } from './fake-effects.js';
import { FakeSwitch, type FakeSwitchOptions, keyOf } from './fake-switch.js';

export const flow = (inPort: number, ...outs: number[]): Flow => ({
  table: 0,
  priority: 100,
  match: match({ in_port: inPort }),
  instructions: [applyActions(outs.map(port => output(port)))],
});
export const flood = (vni: number, ...outs: number[]): Group => ({
  id: groupIds.flood(vni),
  groupType: 'all',
  buckets: outs.map(port => bucket([output(port)])),
});
export const floodFlow = (inPort: number, vni: number): Flow => ({
  ...flow(inPort),
  instructions: [applyActions([toGroup(groupIds.flood(vni))])],
});
export const wantedOf = (program: Partial<Program>): readonly [CheckedPart] => [
  checkPart({ app: 'test', number: 9, program: { ...emptyProgram, ...program } }),
];

/** What a person does with `ovs-ofctl mod-flows`: cookies stay. */
export const edit = (inPort: number, out: number): FlowMod => ({
  ...flowMod(flow(inPort, out), 0n),
  command: 'modify_strict',
});

/** A person's own flow. */
export const foreign: FlowMod = { ...flowMod(flow(99, 98), 0xabcn), tableId: 7 };

/** Heddle's end with one switch, and what it has wanted of it. */
export class Bench {
  readonly effects = new FakeEffects();
  readonly log = new FakeLog();
  readonly fake: FakeSwitch;
  readonly events: AppEvent[] = [];
  wanted: readonly CheckedPart[] | undefined;
  readonly switches = new Switches({
    effects: this.effects,
    log: this.log,
    leaveAlone: () => undefined,
    hypervisorOf: () => 'kvm1',
    wanted: () => this.wanted,
    isTakenOver: () => false,
    onEvent: event => {
      this.events.push(event);
      return [];
    },
  });

  constructor(options: FakeSwitchOptions = {}) {
    this.fake = new FakeSwitch(options);
  }

  async connect(): Promise<void> {
    this.fake.connect(stream => this.switches.accept(stream));
    await this.fake.settle();
  }

  /** Wants this from now on, and lets it be worked in. */
  async want(program: Partial<Program>): Promise<void> {
    this.wanted = wantedOf(program);
    await this.reconcile();
  }

  async reconcile(): Promise<void> {
    this.switches.reconcile(this.fake.dpid);
    await this.fake.settle();
  }

  async advance(ms: number): Promise<void> {
    this.effects.advance(ms);
    await this.fake.settle();
  }

  get only(): ConnectedSwitch {
    const [connected, ...more] = this.switches.all;
    if (connected === undefined || more.length > 0) throw new Error('there is not one switch');
    return connected;
  }

  async tick(ms: number): Promise<void> {
    this.effects.advance(ms);
    this.switches.tick();
    await this.fake.settle();
  }

  /** Lets the time come for an audit. */
  async audit(): Promise<void> {
    await this.tick(0);
    await this.tick(auditPeriod);
  }

  /** What the log says of other hands. */
  get drifts(): readonly string[] {
    return this.log.told.filter(line => line.includes('by another hand'));
  }

  get refusals(): readonly Refusal[] {
    return this.only.sync.refusals;
  }

  /** The flows in the switch, in ovs-ofctl's notation. */
  get flows(): readonly string[] {
    return [...this.fake.flows.values()]
      .map(({ tableId, priority, match: fields, instructions }) =>
        formatFlow({ table: tableId, priority, match: fields, instructions }),
      )
      .sort();
  }

  /** How many messages that change something came since that, or `news`, was asked. */
  changes(): number {
    return this.news().filter(one => /^(bundle_add|.*_mod$)/.test(one)).length;
  }

  /** What came since the last time that was asked, by type. */
  news(): readonly string[] {
    // The monitor is asked for, with a barrier, when a connection is in sync at first, whatever a test is about.
    const isMonitor = (one?: Message): boolean => one !== undefined && typeOf(one) === 'flow_monitor';
    return this.fake.log
      .splice(0)
      .filter((one, at, all) => one.type !== 'echo_request' && !isMonitor(one) && !isMonitor(all[at - 1]))
      .map(typeOf);
  }
}

export const typeOf = (message: Message): string => {
  switch (message.type) {
    case 'bundle_control':
      return message.controlType;
    case 'bundle_add':
      return `${message.type} ${message.message.type}`;
    case 'multipart_request':
      return message.body.type;
    default:
      return message.type;
  }
};

export const texts = (...flows: readonly Flow[]): readonly string[] =>
  flows.map(flow => formatFlow(flow)).sort();

/** As an earlier Heddle left it. */
export function putThere(fake: FakeSwitch, one: Flow): void {
  for (const [cookie, its] of compile(wantedOf({ flows: [one] })).flows) {
    const mod = flowMod(its, cookie);
    fake.flows.set(keyOf(mod), mod);
  }
}

/** Sends what comes in at a port to another host. */
export const farFlow = (inPort: number, vtep: number): Flow => ({
  ...flow(inPort),
  instructions: [applyActions([setField({ tun_dst: vtep }), output(2)])],
});
export const unread = (...vteps: readonly number[]): ReadonlySet<Ipv4> => new Set(vteps as Ipv4[]);

export const toldOf = (...cookies: readonly bigint[]): Message => ({
  type: 'multipart_reply',
  xid: 0,
  flags: 0,
  body: {
    type: 'flow_monitor',
    entries: cookies.map(cookie => ({
      type: 'modified',
      reason: 0,
      priority: 100,
      idleTimeout: 0,
      hardTimeout: 0,
      tableId: 0,
      cookie,
      match: [],
      instructions: [],
    })),
  },
});

export const largeFlood = (vni: number, buckets: number): Group =>
  flood(vni, ...Array.from({ length: buckets }, (_, index) => index + 1));
