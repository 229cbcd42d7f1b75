/**
 * ovs-ofctl's notation against the real one: what it adds to a switch it prints as we print what the switch tells us; what
 * it prints, and what users type, we read as it does; and it reads what we print.
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { run } from '../../lab/exec.js';
import { DummySwitch, whyNoSwitch } from '../../lab/record/dummy-switch.js';
import {
  askForFlows,
  type FlowMod,
  flowMod as buildFlowMod,
  type FlowText,
  formatFlow,
  formatGroup,
  formatMeter,
  type GroupText,
  type Message,
  type MeterText,
  OFPM,
  parseFlows,
  parseGroups,
  parseMeters,
} from '../../src/openflow/index.js';
import { OpenFlowClient } from './support/openflow-client.js';

const folder = join(import.meta.dirname, '../openflow/notation');
const typed = (name: string): readonly string[] =>
  readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'));

const flows = typed('flows.txt');
const groups = typed('groups.txt');
const meters = typed('meters.txt');

/** What a bridge has, in ovs-ofctl's words and in ours. */
interface Told {
  readonly flows: readonly string[];
  readonly groups: readonly string[];
  readonly meters: readonly string[];
}

const sorted = (texts: readonly string[]): readonly string[] => [...texts].sort();

class Bridge {
  readonly name: string;
  readonly #on: DummySwitch;

  private constructor(on: DummySwitch, name: string) {
    this.#on = on;
    this.name = name;
  }

  static async add(on: DummySwitch, name: string): Promise<Bridge> {
    const settings = ['datapath_type=dummy', 'protocols=OpenFlow13', 'fail_mode=secure'];
    await on.vsctl('add-br', name, '--', 'set', 'bridge', name, ...settings);
    return new Bridge(on, name);
  }

  get #socket(): string {
    return `${this.#on.directory}/${this.name}.mgmt`;
  }

  async ofctl(...args: readonly string[]): Promise<string> {
    const [command = '', ...more] = args;
    const argv = [
      'ovs-ofctl',
      '-O',
      'OpenFlow13',
      '--no-stats',
      '--no-names',
      command,
      `unix:${this.#socket}`,
    ];
    return (await run([...argv, ...more], { env: this.#on.env })).stdout;
  }

  /** Adds all of it by ovs-ofctl. */
  async add(told: Told): Promise<void> {
    for (const text of told.meters) await this.ofctl('add-meter', text);
    for (const [what, texts] of [
      ['groups', told.groups],
      ['flows', told.flows],
    ] as const) {
      const file = join(this.#on.directory, `${this.name}-${what}`);
      await writeFile(file, `${texts.join('\n')}\n`);
      await this.ofctl(`add-${what}`, file);
    }
  }

  /** Adds all of it by our own messages. */
  async addRead(told: Told): Promise<void> {
    const client = await OpenFlowClient.open(this.#socket);
    await client.do([
      ...parseMeters(told.meters.join('\n')).map(meterMod),
      ...parseGroups(told.groups.join('\n')).map(groupMod),
      ...parseFlows(told.flows.join('\n')).map(flowMod),
    ]);
    client.end();
  }

  /** What ovs-ofctl prints of it. */
  async printed(): Promise<Told> {
    const items = (text: string, first: RegExp): readonly string[] =>
      sorted(
        text
          .split(first)
          .slice(1)
          .map(item => item.trim()),
      );
    const dump = await this.ofctl('dump-meters');
    return {
      flows: sorted((await this.ofctl('dump-flows')).split('\n').flatMap(line => line.trim() || [])),
      groups: items(await this.ofctl('dump-groups'), /^(?= group_id)/m),
      meters: items(dump, /^(?=meter=)/m),
    };
  }

  /** What it tells us, as we print it. */
  async told(): Promise<Told> {
    const client = await OpenFlowClient.open(this.#socket);
    const flowParts = await client.ask(askForFlows().body, 'flow');
    const groupParts = await client.ask({ type: 'group_desc' }, 'group_desc');
    const meterParts = await client.ask({ type: 'meter_config', meterId: OFPM.ALL }, 'meter_config');
    client.end();
    return {
      flows: sorted(
        flowParts.flatMap(({ entries }) => entries.map(one => formatFlow({ ...one, table: one.tableId }))),
      ),
      groups: sorted(
        groupParts.flatMap(({ entries }) => entries.map(one => formatGroup({ ...one, id: one.groupId }))),
      ),
      meters: sorted(
        meterParts.flatMap(({ entries }) => entries.map(one => formatMeter({ ...one, id: one.meterId }))),
      ),
    };
  }
}

const flowMod = ({ table, ...flow }: Required<FlowText>): FlowMod =>
  buildFlowMod({ command: 'add', xid: 2, tableId: table, ...flow });
const groupMod = ({ id, groupType, buckets }: GroupText): Message => ({
  type: 'group_mod',
  xid: 3,
  command: 'add',
  groupType,
  groupId: id,
  buckets,
});
const meterMod = ({ id, flags, bands }: MeterText): Message => ({
  type: 'meter_mod',
  xid: 4,
  command: 'add',
  flags,
  meterId: id,
  bands,
});

// ovs-ofctl prints reserved TCP flags as [200], and tun_gtpu_flags as gtpu_flags, and reads neither.
const readByOvs = (text: string): boolean => !/tcp_flags=[^ ,]*\[|gtpu_flags/.test(text);

const why = await whyNoSwitch();

t.test('flows, groups and meters of a real switch', { skip: why ?? false }, async t => {
  const ovs = await DummySwitch.start();
  t.teardown(() => ovs.stop());
  const bridge = await Bridge.add(ovs, 'typed');
  await bridge.add({ flows, groups, meters });
  const theirs = await bridge.printed();
  t.equal(theirs.flows.length, flows.length, 'each flow that was typed is there');
  t.equal(theirs.groups.length, groups.length);
  t.equal(theirs.meters.length, meters.length);
  t.ok(flows.length >= 200, `${flows.length} flows`);

  const ours = await bridge.told();
  t.strictSame(ours.flows, theirs.flows, 'we print each flow as ovs-ofctl does');
  t.strictSame(ours.groups, theirs.groups, 'each group');
  t.strictSame(ours.meters, theirs.meters, 'each meter');

  const typedToUs = await Bridge.add(ovs, 'typed-to-us');
  await typedToUs.addRead({ flows, groups, meters });
  t.strictSame(await typedToUs.printed(), theirs, 'we read what users type as ovs-ofctl does');

  const read = await Bridge.add(ovs, 'read');
  await read.addRead(theirs);
  t.strictSame(await read.printed(), theirs, 'we read what ovs-ofctl prints');

  const printed = await Bridge.add(ovs, 'printed');
  await printed.add({ ...ours, flows: ours.flows.filter(readByOvs) });
  const again = { ...theirs, flows: theirs.flows.filter(readByOvs) };
  t.strictSame(await printed.printed(), again, 'ovs-ofctl reads what we print');
  t.ok(again.flows.length > flows.length - 5, 'all but a few');
});
