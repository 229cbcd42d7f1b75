/**
 * Hosts that people have set up by hand, with their NIC on the very bridge that Heddle programs: the uplink, the tunnels that
 * are there, and trunks.
 */
import { rename, writeFile } from 'node:fs/promises';
import t from 'tap';
import { capture } from '../../lab/capture.js';
import { GuestAgent } from '../../lab/guest-agent.js';
import { startHeddle, untilInSync, whileRunning } from '../../lab/heddle.js';
import type { Hypervisor } from '../../lab/hypervisor.js';
import { Lab } from '../../lab/lab.js';
import { sysctl } from '../../lab/namespaces.js';
import { controllerAddress, openflowPort, ovsdbPort } from '../../lab/plan.js';
import { checkReachability, type Member } from '../../lab/reachability.js';
import { missingForLab } from '../../lab/requirements.js';
import { wrongCells } from '../../lab/table.js';
import { VlanSwitch } from '../../lab/vlan-switch.js';
import { waitFor } from '../../lab/wait.js';
import type { Status } from '../../src/controller/status.js';
import { reachEachOther } from './support/overlay-site.js';
import { broadcast, parseTrace } from './support/trace.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');
const bridge = 'vswitch002';
const uplink = 'eth0';
const tunnel = 'vxlan10';
const boxVtep = '10.97.0.9';

/** The bridge is there with its NIC and its tunnel; OVSDB and Heddle are reached another way. */
async function setUp(self: Hypervisor, peer: Hypervisor): Promise<void> {
  // The kernel sees what the NIC receives, too, and would answer for the host a second time.
  await sysctl(self.host, {
    [`net.ipv4.conf.${uplink}.rp_filter`]: 1,
    [`net.ipv4.conf.${uplink}.arp_ignore`]: 8,
  });
  await self.vsctl('set', 'Port', uplink, 'trunks=0');
  await addTunnel(self, tunnel, peer.vtep, 10);
}

const addTunnel = (host: Hypervisor, port: string, to: string, key: number): Promise<string> =>
  host.vsctl(
    ...['add-port', bridge, port, 'tag=10', '--', 'set', 'Interface', port, 'type=vxlan'],
    ...[`options:remote_ip=${to}`, `options:key=${key}`],
  );

interface FileOptions {
  readonly mesh?: string;
  readonly redPorts?: string;
}

const fileOf = (
  hosts: readonly Hypervisor[],
  { mesh = '["vxlan*"]', redPorts = '' }: FileOptions = {},
): string => `openflow: { listen: tcp:${controllerAddress}:${openflowPort} }
hypervisors:
${hosts
  .map(
    ({ name, management, vtep }) =>
      `  ${name}: { ovsdb: tcp:${management}:${ovsdbPort}, bridge: ${bridge}, datapath: netdev, vtep: ${vtep}, uplink: ${uplink} }`,
  )
  .join('\n')}
networks:
  blue:
    vni: 5000
    ports: [{ iface-id: "vm-*" }, { port: "trunk*", vlan: 10 }]
    mesh: ${mesh}
  red: { vni: 6000, ports: [{ port: "trunk*", vlan: 20 }${redPorts}] }
`;

/** Frames that a bridge's port has sent. */
async function sentBy(host: Hypervisor, port: string): Promise<number> {
  const count = /tx pkts=(\d+)/.exec(await host.ofctl('dump-ports', bridge, port))?.[1];
  if (count === undefined) throw new Error(`no counters of ${port}`);
  return Number(count);
}

/** What a frame comes to in the end, with ports by their names: the bridge's own port has that of the bridge. */
const datapathActions = async (host: Hypervisor, flow: string): Promise<string | undefined> =>
  /^Datapath actions: (.*)$/m.exec(await host.appctl('ofproto/trace', '--names', bridge, flow))?.[1];

/**
 * Where a frame comes out. A tunnel of fixed settings has no VNI in the flows: it is told as 0. A tunnel's own frame comes
 * out of the uplink.
 */
const traced = async (host: Hypervisor, flow: string): Promise<readonly string[]> =>
  parseTrace(await host.appctl('ofproto/trace', '--names', bridge, flow));

t.test('hosts that were set up by hand', { skip }, async t => {
  const lab = await Lab.create();
  t.teardown(() => lab.down());
  const one = await lab.addHypervisor('kvm1', { bridge, uplink });
  const two = await lab.addHypervisor('kvm2', { bridge, uplink });
  await Promise.all([setUp(one, two), setUp(two, one)]);
  const vmOn = (host: Hypervisor, last: number) =>
    host.addVm({
      ...{ name: `vm-${last}`, mac: `02:00:00:00:00:0${last}`, ip: `10.0.0.${last}`, bridge },
      ...{ ifaceId: `vm-${last}`, attachedMac: `02:00:00:00:00:0${last}` },
    });
  const [vm1, vm2] = [await vmOn(one, 1), await vmOn(two, 2)];
  const running = await startHeddle(lab, fileOf([one, two]));
  t.teardown(async () => {
    if (!t.passing()) t.comment(await running.logTail(60));
  });
  await untilInSync(running);
  const untilStatus = (what: string, look: (status: Status) => boolean): Promise<true> =>
    whileRunning(
      running,
      waitFor(what, async () => look((await running.status()) as Status), {
        timeoutMs: 20_000,
        intervalMs: 100,
      }),
    );
  const become = async (options: FileOptions): Promise<void> => {
    await writeFile(`${running.file}.new`, fileOf([one, two], options));
    await rename(`${running.file}.new`, running.file);
  };

  await t.test('the host’s own traffic goes on by the uplink, whatever it is', async t => {
    const [agent] = [await GuestAgent.start(one.name, one.host), await GuestAgent.start(two.name, two.host)];
    const { by } = await agent.probe(two.vtep, { count: 5, timeoutMs: 2_000 });
    t.same(by, { kvm2: 5 }, 'from host to host');
    for (const frame of ['arp', 'ipv6', 'dl_vlan=7,ip', 'dl_type=0x88cc', 'udp']) {
      t.equal(await datapathActions(one, `in_port=${uplink},${frame}`), bridge, `${frame} from the uplink`);
      t.equal(await datapathActions(one, `in_port=LOCAL,${frame}`), uplink, `${frame} from the host`);
    }
    const toVm = `in_port=${uplink},dl_dst=${vm1.mac},ip`;
    t.equal(await datapathActions(one, toVm), bridge, 'nothing comes into a network but by a tunnel');
  });

  await t.test(
    'VMs reach each other by the tunnel that was there, and are never bare on the uplink',
    async t => {
      const nic = await capture(one.host, uplink, { filter: 'udp port 4789' });
      const guests = `ether host ${vm1.mac} or ether host ${vm2.mac}`;
      const bare = await capture(one.host, uplink, { filter: guests });
      const before = [await sentBy(one, tunnel), await sentBy(one, 'heddle-vxlan')];
      await reachEachOther(vm1, vm2);
      await waitFor('the tunnel on the wire', () => nic.lines.some(line => line.includes('vni 10')));
      const lines = await nic.stop();
      const after = [await sentBy(one, tunnel), await sentBy(one, 'heddle-vxlan')];
      t.ok(after[0]! > before[0]!, 'by the port that somebody made');
      t.equal(after[1], before[1], 'and not by Heddle’s');
      t.same(
        lines.filter(line => /vni (?!10\b)/.test(line)),
        [],
      );
      t.same((await bare.stop()).join(''), '', 'the outer header of all frames is a host’s');
      t.same(
        await traced(one, `in_port=${vm1.port},dl_src=${vm1.mac},dl_dst=${broadcast}`),
        [`${two.vtep} vni 0`, uplink],
        'a broadcast goes to the other host, and to nobody on this one',
      );
    },
  );

  await t.test('a tunnel to a VTEP that is not managed: its MACs are learned', async t => {
    const { station: box } = await lab.addLinuxVtep({
      vni: 77,
      peers: [one.vtep],
      station: { name: 'box', mac: '02:00:00:00:00:09', ip: '10.0.0.9' },
    });
    await addTunnel(one, 'vxlan9', boxVtep, 77);
    await untilStatus('the stranger to be told', ({ problems }) =>
      problems.some(({ message }) =>
        message.includes(`it leads to ${boxVtep}, which is no hypervisor's vtep`),
      ),
    );
    await reachEachOther(vm1, box);
    t.same(
      await traced(one, `in_port=${vm1.port},dl_src=${vm1.mac},dl_dst=${box.mac},ip`),
      [`${boxVtep} vni 0`, uplink],
      'unicast to it alone',
    );
    await one.vsctl('del-port', bridge, 'vxlan9');
    await untilInSync(running);
  });

  await t.test('where one end is gone, Heddle’s own tunnel is used, with the network’s VNI', async () => {
    await two.vsctl('del-port', bridge, tunnel);
    await untilStatus('the missing end to be told', ({ problems }) =>
      problems.some(({ message }) => message.includes('has no port that takes what this one sends')),
    );
    await waitFor('kvm1 to send by its own', async () =>
      (await traced(one, `in_port=${vm1.port},dl_dst=${vm2.mac},ip`)).includes(`${two.vtep} vni 5000`),
    );
    await reachEachOther(vm1, vm2);
    await become({ mesh: '[]' });
    await untilInSync(running);
    await reachEachOther(vm1, vm2);
  });

  const vlans = await VlanSwitch.connect(lab, 'sw', two, 'trunk0');

  await t.test('VLANs of a trunk are networks', async t => {
    const station = (name: string, last: number) => ({
      name,
      mac: `02:00:00:00:01:0${last}`,
      ip: `10.0.0.${last + 10}`,
    });
    const blue = await vlans.addStation(station('sw-blue', 1), 10);
    const red = await vlans.addStation(station('sw-red', 2), 20);
    const stray = await vlans.addStation(station('sw-stray', 3), 30);
    await two.vsctl('add-port', bridge, 'trunk0');
    const redVm = await one.addVm({ name: 'red-1', mac: '02:00:00:00:01:04', ip: '10.0.0.14', bridge });
    await untilStatus('the trunk to be in both networks', ({ ports }) =>
      ['blue', 'red'].every(network => ports.some(its => its.port === 'trunk0' && its.network === network)),
    );
    await become({ mesh: '[]', redPorts: `, { port: "${redVm.port}" }` });
    await untilStatus('red to have two ports', ({ networks }) => networks[1]?.ports === 2);
    await untilInSync(running);
    await Promise.all([reachEachOther(blue, vm1), reachEachOther(blue, vm2), reachEachOther(red, redVm)]);
    const members: readonly Member[] = [
      ...[vm1, vm2, blue].map(its => ({ network: 'blue', station: its })),
      ...[red, redVm].map(its => ({ network: 'red', station: its })),
      { network: 'none', station: stray },
    ];
    t.same(wrongCells(await checkReachability(members)), []);
  });

  await t.test('the outer tag alone is read: one within it passes as it is', async t => {
    const watch = await vm1.capture({ direction: 'in', filter: 'ether src 02:00:00:00:03:01' });
    const header = 'ffffffffffff020000000301';
    await vlans.sendByTrunk(`${header}8100000a810000070800${'00'.repeat(46)}`);
    await waitFor('the frame', () => watch.lines.length > 0);
    t.match(await watch.stop(), [/vlan 7/], 'one frame, with one tag');
    const service = await vm1.capture({ direction: 'in', filter: 'ether src 02:00:00:00:03:02' });
    await vlans.sendByTrunk(`ffffffffffff02000000030288a8000a0800${'00'.repeat(46)}`);
    await waitFor('the frame', () => service.lines.length > 0);
    t.match(
      await service.stop(),
      [/ethertype IPv4/],
      'a tag of 802.1ad is a tag, too: no flow can ask which it is',
    );
  });
});
