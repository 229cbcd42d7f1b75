/** The whole controller between switches and databases in memory. */
import { z } from 'zod';
import { builtinApps } from '../../src/apps/index.js';
import type { Config } from '../../src/config/config.js';
import { parseConfig } from '../../src/config/parse.js';
import type { LoadedApp } from '../../src/controller/apps.js';
import { Controller, type ControllerOptions } from '../../src/controller/controller.js';
import { type AppModule, defineApp, emptyProgram } from '../../src/intent/index.js';
import { type FlowMod, formatFlow, type GroupMod } from '../../src/openflow/index.js';
import { FakeLog, settled } from './fake-effects.js';
import { FakeOvsdb, NetEffects } from './fake-ovsdb.js';
import { FakeSwitch } from './fake-switch.js';

/** Two hypervisors and one network. */
export const file = `
openflow: { listen: tcp:0.0.0.0:6653, advertise: "tcp:[2001:db8::1]:6653" }
hypervisors:
  kvm1: { ovsdb: tcp:192.0.2.11:6640, vtep: 10.97.0.1, datapath-id: "0000000000000001" }
  kvm2: { ovsdb: tcp:192.0.2.12:6640, vtep: 10.97.0.2, datapath-id: "0000000000000002" }
networks:
  blue: { vni: 5000, ports: [{ iface-id: "fw*" }] }
`;

export const builtin = (name: string): LoadedApp => {
  const module = builtinApps.get(name);
  if (module === undefined) throw new Error(`no app ${name}`);
  return { module, options: module.options.parse({}) };
};

export function configOf(text: string): Config {
  const parsed = parseConfig(text, 'test.yaml');
  if (!parsed.ok) throw new Error(parsed.mistakes.map(({ message }) => message).join('\n'));
  return parsed.config;
}

type Hosts = readonly [FakeOvsdb, FakeOvsdb, ...FakeOvsdb[]];
type Switches = readonly [FakeSwitch, FakeSwitch, ...FakeSwitch[]];

export class Fixture {
  readonly effects = new NetEffects();
  readonly log = new FakeLog();
  /** At 192.0.2.11, and so on. */
  readonly hosts: Hosts;
  /** Their bridges: datapath id 1, and so on. */
  readonly switches: Switches;
  readonly controller: Controller;

  constructor(
    text = file,
    apps: readonly LoadedApp[] = [builtin('overlay'), builtin('learning-switch')],
    more: Pick<ControllerOptions, 'gentle' | 'replaceMesh'> = {},
  ) {
    const config = configOf(text);
    const { length } = config.hypervisors;
    this.hosts = Array.from({ length: Math.max(length, 2) }, () => new FakeOvsdb()) as unknown as Hosts;
    this.switches = this.hosts.map(
      (_, index) => new FakeSwitch({ dpid: BigInt(index + 1) }),
    ) as unknown as Switches;
    this.hosts.forEach((host, index) => this.effects.hosts.set(`tcp:192.0.2.${11 + index}:6640`, host));
    this.controller = new Controller({ config, apps, effects: this.effects, log: this.log, ...more });
  }

  async start(): Promise<this> {
    this.controller.start();
    await this.settle();
    return this;
  }

  async connect(...switches: readonly FakeSwitch[]): Promise<void> {
    for (const one of switches) one.connect(stream => this.controller.accept(stream));
    await this.settle();
  }

  async settle(): Promise<void> {
    await settled();
    for (let round = 0; round < 3; round++) for (const one of this.switches) await one.settle();
  }

  problems(): string[] {
    return this.controller.status().problems.map(({ where, message }) => `${where}: ${message}`);
  }
}

export const flowsOf = (of: FakeSwitch, table: number): string[] =>
  [...of.flows.values()]
    .filter(({ tableId }) => tableId === table)
    .map(({ tableId, priority, match, instructions }) =>
      formatFlow({ table: tableId, priority, match, instructions }),
    )
    .sort();
/** Everything that would change a switch, also within bundles. */
export const changesTo = (of: FakeSwitch): (FlowMod | GroupMod)[] =>
  of.log.flatMap(message => {
    const inner = message.type === 'bundle_add' ? message.message : message;
    return inner.type === 'flow_mod' || inner.type === 'group_mod' ? [inner] : [];
  });

/** An app of a test's own on the overlay's switches. */
export const own = (name: string, does: Partial<AppModule>): LoadedApp => ({
  module: defineApp<unknown, unknown>({
    name,
    scope: 'hypervisors',
    options: z.unknown(),
    tables: [{ name: 't', stage: 'filter', miss: 'next' }],
    init: () => ({}),
    on: (_event, state) => ({ state }),
    desired: () => emptyProgram,
    ...does,
  }),
  options: {},
});
