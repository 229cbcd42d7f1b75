/** `heddle plan` on real hosts: what it tells is what `heddle run` then does, and it changes nothing by itself. */
import { writeFile } from 'node:fs/promises';
import t, { type Test } from 'tap';
import type { Output } from '../../lab/exec.js';
import { heddleYaml } from '../../lab/heddle-file.js';
import { startHeddle, untilInSync, type HeddleProcess } from '../../lab/heddle.js';
import type { Hypervisor } from '../../lab/hypervisor.js';
import { Lab } from '../../lab/lab.js';
import { controllerAddress, openflowPort, ovsdbPort } from '../../lab/plan.js';
import { waitFor } from '../../lab/wait.js';
import { missingForLab } from '../../lab/requirements.js';
import type { HostPlanned, Plan } from '../../src/controller/plan/plan.js';
import { addForeign } from './support/foreign.js';
import { heddle } from './support/heddle-in.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

/** All of a host that a plan might change: its database, and the flows, groups and meters of its bridges. */
async function stateOf(host: Hypervisor): Promise<string> {
  const bridges = (await host.vsctl('list-br')).split('\n').filter(name => name !== '');
  const tables = ['Open_vSwitch', 'Bridge', 'Port', 'Interface', 'Controller', 'QoS', 'Queue'];
  const texts = [];
  for (const table of tables) {
    const columns = {
      Open_vSwitch: 'bridges,next_cfg,external_ids,other_config',
      Bridge: '_uuid,name,ports,controller,fail_mode,protocols,other_config,external_ids,datapath_id',
      Port: '_uuid,name,interfaces,external_ids,qos,tag',
      Interface: '_uuid,name,type,options,ofport,external_ids,error',
      Controller: '_uuid,target,connection_mode,external_ids,max_backoff',
    }[table];
    texts.push(await host.vsctl(...(columns === undefined ? [] : [`--columns=${columns}`]), 'list', table));
  }
  for (const bridge of bridges) {
    texts.push((await host.ofctl('--no-stats', 'dump-flows', bridge)).split('\n').sort().join('\n'));
    texts.push(await host.ofctl('dump-groups', bridge), await host.ofctl('dump-meters', bridge));
    texts.push(await host.ofctl('show', bridge));
  }
  return texts.join('\n').replaceAll(/\(xid=0x[0-9a-f]+\)/g, '');
}

t.test('what a file would change', { skip }, async t => {
  const lab = await Lab.create();
  let running: HeddleProcess | undefined;
  t.teardown(async () => {
    if (!t.passing() && running !== undefined) t.comment(await running.logTail(30));
    await lab.down();
  });
  const [kvm1, kvm2] = [await lab.addHypervisor('kvm1'), await lab.addHypervisor('kvm2')];
  const listen = `tcp:${controllerAddress}:${openflowPort}`;
  const networks = [{ name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue*' }] }];
  const yaml = heddleYaml({ listen, ovsdbPort, hypervisors: [kvm1, kvm2], networks });
  const file = `${lab.directory}/plan.yaml`;

  const states = async (): Promise<string[]> => [await stateOf(kvm1), await stateOf(kvm2)];

  /** The plan of a file, once it has been shown that the hosts are as they were before. */
  async function plan(t: Test, text: string, ...args: readonly string[]): Promise<Output> {
    await writeFile(file, text);
    const before = await states();
    const output = await heddle(lab.controller, 'plan', file, ...args);
    t.same(await states(), before, 'nothing was changed');
    if (output.stderr !== '') t.comment(output.stderr.trim());
    return output;
  }
  async function planned(t: Test, text: string): Promise<{ code: number; hosts: readonly HostPlanned[] }> {
    const { code, stdout } = await plan(t, text, '--json');
    return { code, hosts: (JSON.parse(stdout) as Plan).hosts };
  }
  const sum = ({ count }: HostPlanned): number => count.added + count.changed + count.removed;

  const hostsThere = async (): Promise<void> => {
    running = await startHeddle(lab, yaml);
    await untilInSync(running);
  };
  const stop = async (): Promise<void> => {
    await running?.stop();
  };

  let fresh: readonly HostPlanned[] = [];
  await t.test('fresh hosts', async t => {
    const { code, hosts } = await planned(t, yaml);
    fresh = hosts;
    t.equal(code, 2);
    t.match(hosts, [
      {
        name: 'kvm1',
        rows: [{ table: 'Bridge', name: 'br-int', change: 'added' }],
        disrupts: [],
        problems: [],
      },
      {
        name: 'kvm2',
        rows: [{ table: 'Bridge', name: 'br-int', change: 'added' }],
        disrupts: [],
        problems: [],
      },
    ]);
    t.ok(hosts.every(({ flows }) => flows.length > 0 && flows.every(({ change }) => change === 'added')));
    const text = await plan(t, yaml);
    t.match(text.stdout, /^ {4}\+ Bridge br-int$/m);
    t.match(text.stdout, /Nothing was changed\.$/m);
    t.notMatch(text.stdout, /\u001b/, 'no colours where there is no terminal');
  });

  await t.test('what it told is what is done', async t => {
    await hostsThere();
    for (const [index, host] of [kvm1, kvm2].entries()) {
      const flows = (await host.ofctl('--no-stats', 'dump-flows', 'br-int')).split('\n');
      const ours = flows.filter(line => line.includes('cookie=0x4864'));
      t.equal(ours.length, fresh[index]?.flows.length);
    }
  });

  await kvm1.vsctl('add-br', 'br-plain', '--', 'set', 'Bridge', 'br-plain', 'datapath_type=netdev');
  await kvm1.vsctl(
    'set-controller',
    'br-plain',
    listen,
    '--',
    'set',
    'Controller',
    'br-plain',
    'max_backoff=1000',
  );
  await kvm1.addVm({
    name: 'blue-1',
    mac: '02:00:00:00:00:01',
    ip: '10.0.0.1',
    ifaceId: 'blue-1',
    attachedMac: '02:00:00:00:00:01',
  });
  await kvm2.addVm({
    name: 'blue-2',
    mac: '02:00:00:00:00:02',
    ip: '10.0.0.2',
    ifaceId: 'blue-2',
    attachedMac: '02:00:00:00:00:02',
  });
  const settle = async (): Promise<void> => {
    if (running !== undefined) await untilInSync(running);
  };
  await settle();
  await addForeign(kvm2);
  await settle();

  const nothing = async (t: Test): Promise<void> => {
    const { code, hosts } = await planned(t, yaml);
    t.equal(code, 0);
    t.same(hosts.map(sum), [0, 0]);
    t.same(
      hosts.map(({ notRead }) => notRead),
      [undefined, undefined],
      'the switches were read',
    );
    t.match(hosts[1]?.leftAlone, { flows: 2, groups: [7] });
    t.ok(hosts[1]?.leftAlone.ports.includes('theirs'));
  };
  await t.test('nothing to do, while Heddle runs', nothing);

  await t.test('a network more', async t => {
    await kvm1.addVm({ name: 'red-1', mac: '02:00:00:00:00:03', ip: '10.0.0.3', ifaceId: 'red-1' });
    await settle();
    const red = '  red: { vni: 6000, ports: [{ iface-id: "red*" }] }\n';
    const { code, hosts } = await planned(t, yaml + red);
    t.equal(code, 2);
    t.equal(hosts[1] && sum(hosts[1]), 0, 'the other host has no port of it');
    const flows = hosts[0]?.flows ?? [];
    t.ok(flows.length > 3 && flows.every(({ change }) => change === 'added'));
    t.ok(
      flows.every(({ text }) => !text.includes('0x1388')),
      'blue stays as it is',
    );
    t.match(hosts[0]?.groups, [{ change: 'added', text: /^group_id=/ }]);
  });

  await stop();
  await t.test('nothing to do, while Heddle is stopped', nothing);

  await t.test(
    'a plain switch that forwards by itself while Heddle is away, and a bridge that does not come',
    async t => {
      // Above all flows, and in no dump but this one: what a switch forwards by with no controller (fail_mode=standalone).
      const onItsOwn = async (): Promise<boolean> =>
        /priority=15790320/.test(await kvm1.appctl('bridge/dump-flows', 'br-plain'));
      await waitFor('br-plain to forward by itself', onItsOwn, { timeoutMs: 40_000, intervalMs: 500 });
      const noWay = [
        'pref',
        '10',
        'to',
        controllerAddress,
        'ipproto',
        'tcp',
        'dport',
        String(openflowPort),
        'blackhole',
      ];
      await kvm2.run(['ip', 'rule', 'add', ...noWay]);
      const since = async (): Promise<number> =>
        Number(
          (await kvm1.vsctl('get', 'Controller', 'br-plain', 'status:sec_since_connect')).replaceAll(
            /\D/g,
            '',
          ),
        );
      const before = await since();
      const { code, hosts } = await planned(t, yaml);
      t.ok(await onItsOwn(), 'it was not disturbed');
      await waitFor('its status to be written', async () => (await since()) < before, { timeoutMs: 15_000 });
      t.ok(await onItsOwn(), 'though it had dialled in');
      t.equal(code, 2);
      t.match(hosts[1]?.notRead, /did not dial in .* within 10 s/);
      t.same(hosts[1]?.rows, []);
      t.ok(
        hosts[1]?.flows.every(({ change }) => change === 'added'),
        'all that is wanted is shown as added',
      );
      await kvm2.run(['ip', 'rule', 'del', ...noWay]);
    },
  );

  await t.test('a flow that was deleted by hand', async t => {
    const dump = await kvm1.ofctl(
      '--no-stats',
      'dump-flows',
      'br-int',
      'table=0,cookie=0x4864000000000000/0xffff000000000000',
    );
    const line = dump.split('\n').find(one => one.includes('in_port=')) ?? '';
    const [, cookie = ''] = /cookie=(0x[0-9a-f]+)/.exec(line) ?? [];
    await kvm1.ofctl('del-flows', 'br-int', `cookie=${cookie}/-1`);
    const { code, hosts } = await planned(t, yaml);
    t.equal(code, 2);
    t.same(hosts.map(sum), [1, 0]);
    t.match(hosts[0]?.flows, [{ change: 'added' }]);
    const [flow] = hosts[0]?.flows ?? [];
    t.comment(`${line.trim()} | ${flow?.text ?? ''}`);
    const port = /in_port=("[^"]*"|\S+?)[, ]/.exec(line)?.[1] ?? '';
    t.ok(/^\d+$/.test(port) ? flow?.text.includes(`in_port=${port}`) : flow?.text.includes('in_port='));
  });

  await t.test('a file with mistakes', async t => {
    const { code, stderr } = await plan(t, yaml.replace('vni: 5000', 'vni: 0'));
    t.equal(code, 1);
    t.match(stderr, /plan\.yaml:\d+:\d+: /);
  });

  await t.test('a host that cannot be reached', async t => {
    const wrong = yaml.replace(`${kvm2.management}:${ovsdbPort}`, `${kvm2.management}:1`);
    const { code, hosts } = await planned(t, wrong);
    t.equal(code, 1);
    t.match(hosts[1], { name: 'kvm2', error: /refused/ });
    t.equal(hosts[0] && sum(hosts[0]), 1, 'the other one is planned, and keeps what leads there');
    t.match((await plan(t, wrong)).stdout, /kvm2 .*cannot be read: .*refused/);
  });

  await t.test('a bridge of the same name that is not Heddle’s yet', async t => {
    await kvm2.vsctl('del-controller', 'br-int', '--', 'del-fail-mode', 'br-int');
    const { code, hosts } = await planned(t, yaml);
    t.equal(code, 2);
    t.match(hosts[1]?.disrupts, [/first controller/, /fail_mode/]);
    t.match(hosts[1]?.notRead, /its controller is not/);
    await hostsThere();
    t.notMatch(
      await kvm2.ofctl('dump-flows', 'br-int'),
      /cookie=0x1234/,
      'its tables were emptied, as was told',
    );
    const after = await planned(t, yaml);
    t.equal(after.code, 0, 'and Heddle has made it its own again');
  });
});
