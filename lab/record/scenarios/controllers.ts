/** A switch that dials in: to Heddle's learning switch, and to Open vSwitch's own example of a controller. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Background, start } from '../../background.js';
import { compiled } from '../../compiled.js';
import { waitFor } from '../../wait.js';
import type { Recorder } from '../recorder.js';
import { type Place, Wiretap } from '../wiretap.js';
import { packets } from './packets.js';

const bridge = 'br1';

interface Peer {
  readonly program: Background;
  /** Where it waits for switches. */
  readonly place: Place;
}

async function startHeddle(directory: string): Promise<Peer> {
  const file = join(directory, 'heddle.yaml');
  await writeFile(
    file,
    'openflow: { listen: tcp:127.0.0.1:0 }\napi: { listen: 127.0.0.1:0 }\napps: [learning-switch]\n',
  );
  let port: number | undefined;
  const program = await start([process.execPath, compiled('package/main.js'), 'run', file], {
    onLine: line => {
      port ??= Number(/listens for switches on tcp:127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? Number.NaN);
    },
  });
  return { program, place: { port: await waitFor('Heddle to listen', () => port) } };
}

async function startTestController(directory: string): Promise<Peer> {
  const path = join(directory, 'testcontroller');
  const control = `--unixctl=${join(directory, 'testcontroller.ctl')}`;
  const program = await start(['ovs-testcontroller', '-O', 'OpenFlow13', control, `punix:${path}`], {
    env: { OVS_RUNDIR: directory },
  });
  return { program, place: { path } };
}

export const recordHeddle = (recorder: Recorder): Promise<void> =>
  recordWith(recorder, 'heddle', startHeddle);

export const recordTestController = (recorder: Recorder): Promise<void> =>
  recordWith(recorder, 'ovs-testcontroller', startTestController);

async function recordWith(
  recorder: Recorder,
  name: string,
  startPeer: (directory: string) => Promise<Peer>,
): Promise<void> {
  const { vswitch } = recorder;
  await vswitch.vsctl(
    ...['add-br', bridge, '--', 'set', 'Bridge', bridge, 'datapath_type=dummy', 'protocols=OpenFlow13'],
    ...[
      'fail_mode=secure',
      'other_config:datapath-id=00000000000000b1',
      'other_config:hwaddr=02:00:00:00:00:b1',
    ],
    ...['q1', 'q2'].flatMap((port, index) => [
      ...['--', 'add-port', bridge, port],
      ...['--', 'set', 'Interface', port, 'type=dummy', `ofport_request=${index + 1}`],
    ]),
  );
  const { program, place } = await startPeer(vswitch.directory);
  try {
    await recordPeer(recorder, name, place);
  } finally {
    await program.stop();
  }
  await vswitch.vsctl('del-br', bridge);
}

async function recordPeer(recorder: Recorder, name: string, onward: Place): Promise<void> {
  const { vswitch } = recorder;
  const tap = await Wiretap.open({ listen: { port: 0 }, onward, accepts: 'switch' });
  const keep = async (title: string): Promise<void> => {
    await tap.quiet();
    recorder.add({ title: `${name}: ${title}`, frames: tap.take() });
  };
  try {
    await vswitch.vsctl('set-controller', bridge, `tcp:127.0.0.1:${tap.port}`);
    await waitFor('the switch to connect', () => tap.count > 0);
    await keep('a switch connects');
    for (const packet of packets) {
      await vswitch.appctl('ovs-vswitchd', 'netdev-dummy/receive', 'q1', packet);
      await keep(`receive ${packet}`);
    }
    const answer = (packets[1] ?? '')
      .replace(
        'in_port(1),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02)',
        'in_port(2),eth(src=02:00:00:00:00:02,dst=02:00:00:00:00:01)',
      )
      .replace('src=10.0.0.1,dst=10.0.0.2', 'src=10.0.0.2,dst=10.0.0.1');
    await vswitch.appctl('ovs-vswitchd', 'netdev-dummy/receive', 'q2', answer);
    await keep(`receive ${answer}`);
    await vswitch.appctl('ovs-vswitchd', 'netdev-dummy/set-admin-state', 'q2', 'down');
    await keep('q2 goes down');
    await vswitch.appctl('ovs-vswitchd', 'netdev-dummy/set-admin-state', 'q2', 'up');
    await vswitch.warp(6_000); // the switch asks whether its controller is there
    await keep('6 seconds pass');
    await vswitch.vsctl('del-controller', bridge);
    await keep('the switch leaves');
  } finally {
    await tap.close();
  }
}
