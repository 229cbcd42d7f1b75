/** The host's own way out on the bridge that Heddle programs. */
import t from 'tap';
import { hosts, mac, Site, twoNetworks } from '../support/overlay-world.js';

const withUplink = (count = 1): string => hosts(count).replaceAll('vtep:', 'uplink: eth0, vtep:');

t.test('all frames pass between the uplink and the bridge’s own port, and nowhere else', t => {
  const site = new Site(withUplink() + twoNetworks);
  site.read('kvm1', { eth0: { ofport: 1 }, v1: { ofport: 5, id: 'fw1', mac: mac(1) } });
  t.strictSame(site.flows(1, 0).slice(0, 2), [
    'priority=50,in_port=1 actions=LOCAL',
    'priority=50,in_port=LOCAL actions=output:1',
  ]);
  const rest = [...site.flows(1).slice(2), ...site.groups(1)];
  t.notOk(rest.some(text => /LOCAL|in_port=1,|reg1=0x1 |output:1$/.test(text)));
  t.strictSame(site.problems(), []);
  t.match(site.report().ports, [
    { port: 'eth0', role: 'uplink' },
    { port: 'v1', network: 'blue' },
  ]);
  t.strictSame(site.flows(1).slice(0, 2), site.flows(1, 0).slice(0, 2), 'before all others');
  t.end();
});

t.test('an uplink that is not there: what was there stays', t => {
  const vm = { v1: { ofport: 5, id: 'fw1', mac: mac(1) } };
  const site = new Site(withUplink() + twoNetworks);
  site.read('kvm1', { eth0: { ofport: 1 }, ...vm });
  t.strictSame(site.program(1).keep, new Set());
  const cases = [
    [{}, 'bridge br-int has no such port'],
    [{ eth0: { error: 'no such device' } }, 'no such device'],
    [{ eth0: {} }, 'Open vSwitch has not given it an OpenFlow port yet'],
  ] as const;
  for (const [ports, why] of cases) {
    t.strictSame(site.read('kvm1', { ...ports, ...vm }), [1]);
    t.equal(site.program(1).keep, 'all');
    t.notOk(site.flows(1).some(text => text.includes('LOCAL')));
    t.ok(
      site.flows(1).some(text => text.includes('in_port=5')),
      'the networks go on',
    );
    t.strictSame(site.problems(), [`kvm1: eth0: the uplink is not there: ${why}`]);
  }
  t.strictSame(site.read('kvm1', { eth0: { ofport: 8 }, ...vm }), [1]);
  t.match(site.flows(1, 0)[0], 'in_port=8 actions=LOCAL');
  t.end();
});

t.test('a bond as the uplink is told', t => {
  const site = new Site(withUplink().replace('eth0', 'bond0') + twoNetworks);
  site.read('kvm1', { eth0: { ofport: 1, bond: 'bond0' }, eth1: { ofport: 2, bond: 'bond0' } });
  t.match(site.problems(), [/^kvm1: bond0: the uplink is a bond, which is not served yet/]);
  t.equal(site.program(1).keep, 'all');
  t.end();
});

t.test('what is the uplink is no network’s', t => {
  const site = new Site(withUplink() + twoNetworks);
  site.read('kvm1', { eth0: { ofport: 1, id: 'fw1', mac: mac(1) } });
  t.match(site.problems(), [/^kvm1: eth0: claimed by network blue, and it is this host's uplink/]);
  t.strictSame(site.groups(1), []);
  t.match(site.report().ports, [{ port: 'eth0', role: 'uplink' }]);
  t.end();
});

t.test('a new file that names it, or names it no more', t => {
  const site = new Site(hosts(2) + twoNetworks);
  site.read('kvm1', { eth0: { ofport: 1 } });
  site.read('kvm2', { eth0: { ofport: 1 } });
  t.strictSame(
    site.reload(hosts(2).replace('vtep: 10.97.0.2', 'uplink: eth0, vtep: 10.97.0.2') + twoNetworks),
    [2],
  );
  t.equal(site.flows(2, 0).length, 2);
  t.strictSame(site.reload(hosts(2) + twoNetworks), [2]);
  t.equal(site.flows(2, 0).length, 0);
  t.end();
});
