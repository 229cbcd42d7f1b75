/** Hosts that dial in with their OVSDB (`ovs-vsctl set-manager`), real ones and hostile ones. */
import { writeFile } from 'node:fs/promises';
import t from 'tap';
import { heddleYaml } from '../../lab/heddle-file.js';
import { startHeddle, untilInSync } from '../../lab/heddle.js';
import type { Hypervisor } from '../../lab/hypervisor.js';
import { Lab } from '../../lab/lab.js';
import { controllerAddress, openflowPort, ovsdbPort } from '../../lab/plan.js';
import { missingForLab } from '../../lab/requirements.js';
import { waitFor } from '../../lab/wait.js';
import type { Status } from '../../src/controller/status.js';
import { heddle } from './support/heddle-in.js';
import { reachEachOther } from './support/overlay-site.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

const here = `tcp:${controllerAddress}:${ovsdbPort}`;
const setManager = (host: Hypervisor): Promise<string> => host.vsctl('set-manager', here);

t.test('hosts dial in', { skip }, async t => {
  const lab = await Lab.create();
  t.teardown(() => lab.down());
  const hosts: Hypervisor[] = [];
  for (const name of ['kvm1', 'kvm2', 'kvm3']) hosts.push(await lab.addHypervisor(name));
  const [kvm1, kvm2, kvm3] = hosts as [Hypervisor, Hypervisor, Hypervisor];
  const yamlOf = (...of: readonly Hypervisor[]): string =>
    heddleYaml({
      listen: `tcp:${controllerAddress}:${openflowPort}`,
      ovsdbPort,
      hypervisors: of,
      networks: [{ name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue*' }] }],
    }).replace(/ovsdb: tcp:10\.98\.0\.(\d):\d+/g, 'ovsdb: { system-id: kvm$1 }') +
    `ovsdb: { listen: "${here}" }\n`;
  const yaml = yamlOf(kvm1, kvm2);
  const planned = `${lab.directory}/planned.yaml`;
  await writeFile(planned, yaml);

  await t.test('a plan, where no Heddle runs', async t => {
    await setManager(kvm1);
    const { code, stdout, stderr } = await heddle(lab.controller, 'plan', planned);
    t.equal(code, 1);
    t.match(
      stderr,
      /no Heddle runs: waiting up to 10 s for kvm1, kvm2 to dial in to tcp:10\.98\.0\.254:6640\n/,
    );
    t.match(stderr, /read the OVSDB of kvm1\n/);
    t.match(stdout, /kvm1 \(bridge br-int, system-id kvm1\): \d+ to add.*\n {2}OVSDB\n {4}\+ Bridge br-int/);
    t.match(stdout, /kvm2 .*cannot be read: it did not dial in to tcp:10\.98\.0\.254:6640 within 10 s/);
  });

  let running = await startHeddle(lab, yaml);
  const status = async (): Promise<Status> => (await running.status()) as Status;
  const untilStatus = (what: string, look: (told: Status) => boolean): Promise<true> =>
    waitFor(what, async () => look(await status()), { timeoutMs: 30_000, intervalMs: 200 });
  const hostOf = (told: Status, name: string) => told.hypervisors.find(one => one.name === name);

  await t.test('they are served', async t => {
    t.teardown(async () => {
      if (!t.passing()) t.comment(await running.logTail(60));
    });
    await untilStatus('kvm1 to come', told => hostOf(told, 'kvm1')?.state === 'connected');
    t.match(await status(), {
      problems: [
        { where: 'kvm2', message: /^its OVSDB has not dialled in yet: .*set-manager tcp:HEDDLE:6640/ },
      ],
    });
    await setManager(kvm2);
    await untilInSync(running);
    const told = await status();
    t.match(hostOf(told, 'kvm1'), { ovsdb: 'system-id kvm1', peer: /^10\.98\.0\.1:\d+$/ });
    t.match(hostOf(told, 'kvm2'), { peer: /^10\.98\.0\.2:\d+$/ });
    const [one, two] = await Promise.all(
      [kvm1, kvm2].map((host, index) =>
        host.addVm({
          name: `blue-${index}`,
          mac: `02:00:00:00:00:0${index + 1}`,
          ip: `10.0.0.${index + 1}`,
          ifaceId: `blue-${index}`,
          attachedMac: `02:00:00:00:00:0${index + 1}`,
        }),
      ),
    );
    if (one === undefined || two === undefined) throw new Error('no guests');
    await reachEachOther(one, two);
    t.match(
      await heddle(lab.controller, 'plan', planned),
      { code: 0, stdout: /Nothing to do/ },
      'a Heddle that runs tells the plan',
    );
  });

  await t.test('a host that is not in the file, until it is', async t => {
    await setManager(kvm3);
    await untilStatus('kvm3 to be seen', ({ strangers }) => strangers?.[0]?.systemId === 'kvm3');
    t.match(await status(), { ok: true, strangers: [{ systemId: 'kvm3', from: '10.98.0.3' }] });
    t.equal(await kvm3.vsctl('list-br'), 'br-phy\n', 'it is not touched');
    await writeFile(running.file, yamlOf(kvm1, kvm2, kvm3));
    await untilStatus('kvm3 to be served', told => told.ok && hostOf(told, 'kvm3')?.openflow === 'in sync');
    t.same((await status()).strangers, []);
    t.match(await kvm3.vsctl('list-br'), 'br-int');
  });

  await t.test('a copy of a host, with its id', async t => {
    await writeFile(running.file, yaml);
    await untilStatus('kvm3 to have left the file', told => hostOf(told, 'kvm3') === undefined);
    await kvm3.vsctl('del-br', 'br-int');
    await kvm3.vsctl('set', 'Open_vSwitch', '.', 'external_ids:system-id=kvm1');
    await kvm3.vsctl('del-manager');
    await setManager(kvm3);
    const refused = /^a second host dials in with its system-id, from 10\.98\.0\.3:\d+, and is refused/;
    await untilStatus('the copy to be told', ({ problems }) =>
      problems.some(({ message }) => refused.test(message)),
    );
    t.match(hostOf(await status(), 'kvm1'), {
      state: 'connected',
      peer: /^10\.98\.0\.1:/,
      openflow: 'in sync',
    });
    await kvm3.vsctl('del-manager');
  });

  await t.test('a host that was cut off comes back', async t => {
    const before = hostOf(await status(), 'kvm1')?.peer ?? '';
    // Its connection stands still here, as after a reboot: not a packet tells that it has ended.
    await kvm1.host.run(['ip', 'link', 'set', 'mgmt0', 'down']);
    await kvm1.stopOvsdbServer('KILL');
    await kvm1.host.run(['ip', 'link', 'set', 'mgmt0', 'up']);
    await kvm1.startOvsdbServer();
    await untilStatus('kvm1 to be back', told => {
      const host = hostOf(told, 'kvm1');
      return host?.state === 'connected' && host.peer !== before;
    });
    await untilInSync(running);
    t.match(hostOf(await status(), 'kvm1'), { lock: 'held' });
  });

  await t.test('hostile ones cost only themselves', async t => {
    const flood = `
      const { connect } = require('node:net');
      let closed = 0;
      for (let n = 0; n < 60; n++) {
        const socket = connect(${ovsdbPort}, '${controllerAddress}', () => socket.write(['', '[[[', '{"id":1}', 'GET / HTTP/1.1\\r\\n'][n % 4]));
        socket.on('error', () => undefined);
        socket.resume();
        socket.on('close', () => { if (++closed === 60) console.log('all closed'); });
      }`;
    const { stdout } = await kvm3.host.run([process.execPath, '-e', flood]);
    t.equal(stdout, 'all closed\n', 'each is let go, the silent ones too');
    t.match(await status(), { ok: true, hypervisors: [{ state: 'connected' }, { state: 'connected' }] });
  });

  await t.test('Heddle starts anew, with nothing to do', async t => {
    await running.stop();
    running = await startHeddle(lab, yaml);
    await untilInSync(running);
    const { hypervisors, switches } = await status();
    t.same(
      hypervisors.map(({ transactions }) => transactions),
      [0, 0],
    );
    t.same(
      switches.map(({ mods }) => mods),
      [0, 1].map(() => ({ flowMods: 0, groupMods: 0, meterMods: 0 })),
    );
  });
});
