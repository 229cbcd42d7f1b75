/** Rates on the kernel datapath: by its meters, and by its policing of what comes in. */
import t, { type Test } from 'tap';
import type { Vm } from '../../lab/vm.js';
import { waitFor } from '../../lab/wait.js';
import { reachEachOther, Site } from '../live/support/overlay-site.js';
import { arriving, type Arriving } from './support/arriving.js';
import { received } from './support/received.js';

const mbit = 1_000_000;
const policies = `qos:
  policies:
    bits: { from-vm: { rate: 5mbit } }
    packets: { from-vm: { rate: 1000pps } }
    policed: { from-vm: { rate: 5mbit, police: ingress } }
`;

t.test('limits', async t => {
  const site = await Site.open({
    hypervisors: ['kvm1', 'kvm2'],
    networks: [{ name: 'blue', vni: 5000, ports: [{ ifaceId: '*' }] }],
  });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const kvm1 = site.hypervisor('kvm1');
  const guest = (on: string, name: string, address: number) =>
    site.addGuest(on, { name, address, known: true });
  const [bits, packets] = [await guest('kvm1', 'bits', 1), await guest('kvm1', 'packets', 2)];
  const [policed, free] = [await guest('kvm1', 'policed', 3), await guest('kvm1', 'free', 4)];
  const [far, third] = [await guest('kvm2', 'far', 5), await guest('kvm2', 'third', 6)];
  await site.replaceFile(
    site.yaml.replace(
      '- { iface-id: "*" }',
      [...['bits', 'packets', 'policed'].map(name => `- { iface-id: ${name}, qos: ${name} }`), '$&'].join(
        '\n      ',
      ),
    ) + policies,
  );
  await waitFor('both meters', async () => {
    const meters = await kvm1.ofctl('dump-meters', 'br-int');
    return meters.includes('rate=5000') && meters.includes('rate=1000');
  });
  await site.untilInSync();
  await Promise.all(
    [bits, packets, policed, free].map(one => reachEachOther(one, one === free ? third : far)),
  );
  t.same((await site.status()).problems, [], 'this datapath can hold them all');

  interface Offered {
    readonly bitsPerSecond: number;
    readonly size: number;
  }
  /** What passes of twice the rate, while a VM that has no limit sends to somebody else. */
  async function passing(t: Test, from: Vm, offered: Offered): Promise<Arriving> {
    const [, other, passed] = await Promise.all([
      received(from, far, { ...offered, seconds: 8 }),
      received(free, third, { bitsPerSecond: mbit, size: 1000, seconds: 6, port: 5202 }),
      arriving(far, 6_000),
    ]);
    t.equal(other.lostPercent, 0, 'of the others nothing is lost');
    return passed;
  }
  const isNear = (value: number, wanted: number): boolean => Math.abs(value - wanted) < 0.05 * wanted;

  await t.test('bits: a meter', async t => {
    const { bitsPerSecond } = await passing(t, bits, { bitsPerSecond: 10 * mbit, size: 1300 });
    t.comment(`10 mbit/s through 5: ${(bitsPerSecond / mbit).toFixed(3)} mbit/s`);
    t.ok(isNear(bitsPerSecond, 5 * mbit), 'what passes is the rate');
  });

  await t.test('packets: a meter', async t => {
    const { packetsPerSecond } = await passing(t, packets, { bitsPerSecond: 2_000 * 100 * 8, size: 100 });
    t.comment(`2,000 packets/s through 1,000: ${packetsPerSecond.toFixed(1)} packets/s`);
    t.ok(isNear(packetsPerSecond, 1_000), 'what passes is the rate');
  });

  await t.test('bits: policing', async t => {
    t.match(await kvm1.host.run(['tc', 'filter', 'show', 'dev', policed.port, 'ingress']), {
      stdout: /police .*rate 5Mbit/,
    });
    const { bitsPerSecond } = await passing(t, policed, { bitsPerSecond: 10 * mbit, size: 1300 });
    t.comment(`10 mbit/s through 5: ${(bitsPerSecond / mbit).toFixed(3)} mbit/s`);
    t.ok(isNear(bitsPerSecond, 5 * mbit), 'what passes is the rate');
  });
});
