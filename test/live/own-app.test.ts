// alone: it counts packets or bits, and a lab beside it would take some
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { projectRoot } from '../../lab/compiled.js';
import { Lab } from '../../lab/lab.js';
import { missingForLab } from '../../lab/requirements.js';
import type { Vm } from '../../lab/vm.js';
import { waitFor } from '../../lab/wait.js';
import { openDoor } from './support/door.js';
import { heddle, startHeddleIn, statusOf, untilInSync } from './support/heddle-in.js';
import { addGuests, addSwitch, learnedFlows, macOf, reconnectSoon, setController } from './support/switch.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

const example = join(projectRoot(), 'examples/own-app.yaml');
const module = join(projectRoot(), 'examples/apps/block-list.js');

t.test('an app of a user’s own, by its path', { skip }, async t => {
  const lab = await Lab.create();
  t.teardown(() => lab.down());
  const host = await addSwitch(lab);
  const [one, two, three] = (await addGuests(host, 'one', 'two', 'three')) as [Vm, Vm, Vm];
  const [from, , blocked] = await Promise.all([one.agent(), two.agent(), three.agent()]);
  const api = await openDoor(host.host, lab.directory, 8653);
  const answers = async (to: Vm): Promise<number> =>
    (await from.probe(to.ip, { count: 3, timeoutMs: 300 })).received;

  await t.test('heddle check: its options are checked by its own schema', async t => {
    t.match(await heddle(host.host, 'check', example), {
      code: 0,
      stdout: /apps block-list, learning-switch/,
    });
    const file = `${lab.directory}/bad.yaml`;
    await writeFile(file, `apps:\n  - ${module}:\n      macs: [02:00]\n      quite: 3\n`);
    t.match(await heddle(host.host, 'check', file), {
      code: 1,
      stdout: '',
      stderr: /bad\.yaml:3:14: .*expected a MAC address[^]*bad\.yaml:4:7: .*did you mean "?quiet/,
    });
  });

  // The learning switch alone comes first: the flows that it leaves must not lead past the block list.
  let running = await startHeddleIn(host.host);
  await setController(host, 'br0');
  await untilInSync(api);
  await reconnectSoon(host, 'br0');
  t.same([await answers(two), await answers(three)], [3, 3]);
  await running.stop();

  await t.test('it blocks, beside learning-switch', async t => {
    const probing = from.startProbing(two.ip, { intervalMs: 10 });
    running = await startHeddleIn(host.host, example);
    t.match(running.stdout[0], /apps: block-list, learning-switch/);
    await untilInSync(api);
    t.equal(await answers(three), 0);
    t.equal(await answers(two), 3);
    const { sent, lost } = await probing.stop();
    t.comment(`an app was added: ${lost} of ${sent} probes at 10 ms between the others lost`);
    t.ok(lost < 20);
    const dump = await host.ofctl('dump-flows', 'br0');
    t.match(dump, new RegExp(`table=0,.* priority=100,dl_src=${macOf(3)} actions=CONTROLLER:64`));
    t.match(dump, new RegExp(`table=0,.* priority=90,dl_dst=${macOf(3)} actions=drop`));
    t.match(dump, /table=0,.* priority=0 actions=goto_table:60/);
    t.match(dump, /table=60,.* priority=0 actions=CONTROLLER:65535/);
    t.same(
      (await learnedFlows(host)).filter(flow => flow.includes('table=0') && !flow.includes('hard_timeout')),
      [],
      'no flow of the earlier run leads past it',
    );
  });

  await t.test('it tells who tries, with the number of packets', async t => {
    t.equal((await blocked.probe(one.ip, { count: 20, timeoutMs: 100 })).received, 0);
    const told = new RegExp(`${macOf(3)} is blocked and has sent \\d+ packet`);
    t.match(await statusOf(api), {
      ok: false,
      switches: [{ state: 'in sync', refused: [] }],
      problems: [{ where: /^port 3 [0-9a-f]{16} app block-list$/, message: told }],
    });
    const { code, stdout } = await heddle(host.host, 'status');
    t.equal(code, 2);
    t.match(stdout, told);
  });

  await t.test('what it counts is what the switch has dropped', async t => {
    // The time of quiet that the last test began would be told to the next run of Heddle.
    await host.ofctl('--strict', 'del-flows', 'br0', `priority=110,in_port=3,dl_src=${macOf(3)}`);
    await running.stop();
    const file = `${lab.directory}/quiet.yaml`;
    await writeFile(file, `apps:\n  - ${module}: { macs: ["${macOf(3)}"], quiet: 1 }\n  - learning-switch\n`);
    running = await startHeddleIn(host.host, file);
    await untilInSync(api);
    await three.exec(['ip', 'neigh', 'replace', one.ip, 'lladdr', macOf(1), 'dev', 'eth0']);
    await blocked.probe(one.ip, { count: 50, timeoutMs: 100 });
    const packets = await waitFor('50 packets to be counted', async () => {
      const [problem] = (await statusOf(api)).problems;
      const told = Number(/has sent (\d+)/.exec(problem?.message ?? '')?.[1]);
      return told >= 50 && told;
    });
    t.ok(packets < 60, `${packets} counted`);
  });

  await t.test('without it in the file, all is as before', async t => {
    const probing = from.startProbing(two.ip, { intervalMs: 10 });
    await running.stop();
    const file = `${lab.directory}/without.yaml`;
    await writeFile(file, 'apps: [learning-switch]\n');
    running = await startHeddleIn(host.host, file);
    await untilInSync(api);
    t.equal(await answers(three), 3);
    const { sent, lost } = await probing.stop();
    t.comment(`an app was taken away: ${lost} of ${sent} probes at 10 ms between the others lost`);
    t.ok(lost < 20);
    t.notMatch(await host.ofctl('dump-flows', 'br0'), /table=60|CONTROLLER:64\b|priority=90/);
    t.match(await statusOf(api), { ok: true, problems: [], switches: [{ flows: 1 }] });
  });

  t.same(running.stderr, []);
});
