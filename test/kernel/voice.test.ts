/** Voice and bulk by one narrow uplink: what queues are for, which only the kernel datapath has. */
import t from 'tap';
import { waitFor } from '../../lab/wait.js';
import { reachEachOther, Site } from '../live/support/overlay-site.js';
import { pingWhile, quantile } from './support/pinging.js';
import { arriving } from './support/arriving.js';
import { busyWhile } from './support/cpus.js';
import { received, type Stream } from './support/received.js';

const mbit = 1_000_000;
const expedited = 0xb8; // DSCP ef
const uplink = 'eth0';

const voice: Stream = { bitsPerSecond: 160_000, size: 200, seconds: 8, port: 5202, tos: expedited };
/** Half as much again as the uplink takes. */
const bulk: Stream = { bitsPerSecond: 15 * mbit, size: 1400, seconds: 9, backlog: 4_000_000 };

/** Of the VMs' network: what is marked as voice leaves by the queue that is for it. */
const policies = `qos:
  policies:
    level:
      classes:
        - { name: voice, match: { dscp: ef }, dscp: trust, queue: voice }
`;

t.test('voice beside bulk', async t => {
  const site = await Site.open({
    hypervisors: ['kvm1', 'kvm2'],
    networks: [{ name: 'blue', vni: 5000, ports: [{ ifaceId: '*' }] }],
    uplink,
    egress: '{ max-rate: 10mbit, queues: { voice: { min: 2mbit, priority: 0 } } }',
  });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const kvm1 = site.hypervisor('kvm1');
  const guest = (on: string, name: string, address: number) =>
    site.addGuest(on, { name, address, known: true });
  const [phone1, phone2] = [await guest('kvm1', 'phone1', 1), await guest('kvm2', 'phone2', 2)];
  const [disk1, disk2] = [await guest('kvm1', 'disk1', 3), await guest('kvm2', 'disk2', 4)];
  await Promise.all([reachEachOther(phone1, phone2), reachEachOther(disk1, disk2)]);

  /** Voice, and how long its pings take, while `beside` goes on. */
  async function talk(what: string, beside: () => Promise<unknown> = () => Promise.resolve()) {
    let heard: Awaited<ReturnType<typeof received>> | undefined;
    let busy = 0;
    const marked = ['-Q', String(expedited)];
    const talking = async (): Promise<void> => {
      [heard] = await Promise.all([received(phone1, phone2, voice), beside()]);
    };
    const pinging = pingWhile(phone1, phone2.ip, () => busyWhile(talking).then(told => (busy = told)), {
      args: marked,
    });
    const { times, sent, lost } = await pinging;
    const [median, most] = [quantile(times, 0.5), quantile(times, 0.95)];
    t.comment(
      `${what}: voice ${((heard?.bitsPerSecond ?? 0) / 1_000).toFixed(0)} kbit/s, ${heard?.lostPercent.toFixed(2)} % lost; ` +
        `pings ${lost} of ${sent} lost, median ${median.toFixed(2)} ms, 95 % below ${most.toFixed(2)} ms (CPUs ${(100 * busy).toFixed(0)} % busy)`,
    );
    if (heard === undefined) throw new Error('nothing was heard');
    return { ...heard, median, pingsLost: lost };
  }

  /** The packets that each class of the uplink's has sent: 1:1 is for all others, 1:2 the first queue. */
  async function sentBy(minor: number): Promise<number> {
    const { stdout } = await kvm1.host.run(['tc', '-s', 'class', 'show', 'dev', uplink]);
    const found = new RegExp(`class htb 1:${minor} [^]*?Sent \\d+ bytes (\\d+) pkt`).exec(stdout)?.[1];
    if (found === undefined) throw new Error(`no class 1:${minor} in:\n${stdout}`);
    return Number(found);
  }

  const bulkArrives = async (): Promise<void> => {
    const [, { bitsPerSecond }] = await Promise.all([received(disk1, disk2, bulk), arriving(disk2, 6_000)]);
    t.comment(`bulk, of 15 mbit/s: ${(bitsPerSecond / mbit).toFixed(2)} mbit/s of frames`);
    t.ok(bitsPerSecond > 7 * mbit && bitsPerSecond < 10 * mbit, 'it fills what it is given');
  };

  const idle = await talk('idle');
  t.ok(idle.lostPercent < 0.5);
  const without = await talk('beside bulk, with no policy', bulkArrives);
  t.ok(without.lostPercent > 5, 'it is lost as everything else is');
  t.ok(without.median > 5 * idle.median, 'and waits');
  t.equal(await sentBy(2), 0, 'as it is in the queue of all others');

  await site.replaceFile(`${site.yaml.replace('vni: 5000', '$&\n    qos: level')}${policies}`);
  await waitFor(
    'flows that choose a queue',
    async () => (await kvm1.ofctl('dump-flows', 'br-int')).includes('set_queue:1'),
    { timeoutMs: 30_000 },
  );
  await site.untilInSync();
  // What the datapath had cached of the old flows goes within the second; on a slow machine, later.
  await waitFor(
    'the datapath to do it',
    async () => {
      await phone1.ping(phone2.ip, { count: 1, args: ['-Q', String(expedited)] });
      const cached = await kvm1.appctl('dpctl/dump-flows', 'filter=ipv4,in_port=phone1-p');
      return cached.includes('skb_priority(0x10002)') && !/tos=0xb8(?!.*skb_priority)/.test(cached);
    },
    { timeoutMs: 30_000 },
  );
  t.same((await site.status()).problems, [], 'this datapath can do it');
  const others = await sentBy(1);
  const held = await talk('beside bulk, with the policy', bulkArrives);
  t.equal(held.lostPercent, 0, 'nothing is lost');
  t.equal(held.pingsLost, 0);
  t.ok(held.bitsPerSecond > 0.97 * voice.bitsPerSecond, 'it keeps its rate');
  t.ok(held.median < 5 * idle.median, 'and hardly waits');
  const counted = await sentBy(2);
  t.comment(`${counted} packets by the queue of voice, ${(await sentBy(1)) - others} by that of all others`);
  t.ok(counted > 800);
});
