/** All the captures, in the order in which a frame that comes twice is kept. */
import { DummySwitch } from './dummy-switch.js';
import { Recorder } from './recorder.js';
import { Deduplicator, formatRecording, withoutBulk } from './recording.js';
import { recordActions } from './scenarios/actions.js';
import { recordHeddle, recordTestController } from './scenarios/controllers.js';
import { recordBundles, recordErrors } from './scenarios/errors.js';
import { recordGroups, recordMeters } from './scenarios/groups-meters.js';
import { recordMatches } from './scenarios/matches.js';
import { recordChanges, recordFlowMonitors, recordPackets } from './scenarios/packets.js';
import { recordDescriptions, recordFlowCommands } from './scenarios/tables.js';

/** Each works on the bridge br0 with the ports p1 to p4, and leaves it without flows, groups and meters. */
export const scenarios = {
  descriptions: recordDescriptions,
  'flow-commands': recordFlowCommands,
  matches: recordMatches,
  actions: recordActions,
  groups: recordGroups,
  meters: recordMeters,
  packets: recordPackets,
  changes: recordChanges,
  'flow-monitors': recordFlowMonitors,
  bundles: recordBundles,
  errors: recordErrors,
  heddle: recordHeddle,
  testcontroller: recordTestController,
} as const satisfies Readonly<Record<string, (recorder: Recorder) => Promise<void>>>;

export type ScenarioName = keyof typeof scenarios;

export interface Capture {
  readonly name: ScenarioName;
  readonly text: string;
  readonly frames: number;
}

/** Frames that are larger are kept once for each command. */
const bulk = 4096;

/** Runs the scenarios on a switch of its own. @throws CommandError, HeddleError LAB_FAILED */
export async function* recordAll(
  names = Object.keys(scenarios) as readonly ScenarioName[],
): AsyncGenerator<Capture, void, undefined> {
  const vswitch = await DummySwitch.start();
  try {
    await makeBridge(vswitch);
    const recorder = await Recorder.on(vswitch);
    const duplicates = new Deduplicator();
    const comment = [
      `Recorded from Open vSwitch ${await vswitch.version()} by npm run record.`,
      'Each line after a command is a frame: > to the switch, < from it.',
    ];
    for (const name of names) {
      await scenarios[name](recorder);
      const exchanges = duplicates.unseen(recorder.take().map(exchange => withoutBulk(exchange, bulk)));
      yield {
        name,
        text: formatRecording(exchanges, comment),
        frames: exchanges.reduce((sum, { frames }) => sum + frames.length, 0),
      };
    }
    await recorder.close();
  } finally {
    await vswitch.stop();
  }
}

const ports = [1, 2, 3, 4];

async function makeBridge(vswitch: DummySwitch): Promise<void> {
  await vswitch.vsctl(
    ...['add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'datapath_type=dummy', 'protocols=OpenFlow13'],
    ...[
      'fail_mode=secure',
      'other_config:datapath-id=00000000000000b0',
      'other_config:hwaddr=02:00:00:00:00:b0',
    ],
    ...ports.flatMap(port => [
      ...['--', 'add-port', 'br0', `p${port}`],
      ...['--', 'set', 'Interface', `p${port}`, 'type=dummy', `ofport_request=${port}`],
    ]),
  );
}
