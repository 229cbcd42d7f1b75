/** Networks that are a VLAN of the physical network. */
import t from 'tap';
import { checkPart } from '../../src/reconcile/check.js';
import { combine } from '../../src/reconcile/compile.js';
import { hosts, mac, Site } from '../support/overlay-world.js';

const networks = `
networks:
  blue: { vni: 100, ports: [{ iface-id: "blue*" }] }
  rack: { vlan: 100, ports: [{ iface-id: "rack*" }] }
`;
const file = hosts(3).replaceAll('vtep: 10.97.0', 'uplink: eth0, vtep: 10.97.0') + networks;
const ports = (host: number) => ({
  eth0: { ofport: 1 },
  v1: { ofport: 10, id: 'blue', mac: mac(host) },
  v2: { ofport: 11, id: 'rack', mac: mac(host) },
});

function start(): Site {
  const site = new Site(file);
  for (const host of [1, 2]) site.read(`kvm${host}`, ports(host));
  site.read('kvm3', { eth0: { ofport: 1 } });
  return site;
}

t.test('in and out by the uplink with its tag, and in no tunnel', t => {
  const site = start();
  const ofRack = site.flows(1).filter(text => text.includes('0x1000064'));
  t.strictSame(ofRack, [
    'priority=100,in_port=11,vlan_tci=0x0000/0x1fff actions=write_metadata:0x1000064,goto_table:40',
    'priority=100,in_port=1,dl_vlan=100 actions=pop_vlan,set_field:0x1->reg0,write_metadata:0x1000064,goto_table:60',
    'table=60, priority=100,metadata=0x1000064,dl_dst=02:00:00:00:00:01 actions=set_field:0xb->reg1,goto_table:95',
    'table=60, priority=100,metadata=0x1000064,dl_dst=02:00:00:00:00:02 actions=set_field:0x1->reg1,goto_table:95',
    'table=80, priority=100,reg0=0,reg1=0,metadata=0x1000064 actions=group:1526726756',
    'table=80, priority=90,reg1=0,metadata=0x1000064 actions=group:1509949540',
    'table=95, priority=100,reg1=0xb,metadata=0x1000064 actions=output:11',
    'table=95, priority=100,reg0=0,reg1=0x1,metadata=0x1000064 actions=push_vlan:0x8100,set_field:4196->vlan_vid,output:1',
  ]);
  t.strictSame(
    site.groups(1).filter(text => /group_id=15/.test(text)),
    [
      'group_id=1509949540,type=all,bucket=actions=set_field:0xb->reg1,resubmit(,95)',
      'group_id=1526726756,type=all,bucket=actions=group:1509949540,bucket=actions=set_field:0x1->reg1,resubmit(,95)',
    ],
    'ids of their own, though a VNI has the number of the VLAN',
  );
  t.strictSame(site.flows(3, 0), [
    'priority=50,in_port=1 actions=LOCAL',
    'priority=50,in_port=LOCAL actions=output:1',
  ]);
  for (const dpid of [1, 2, 3])
    t.strictSame(combine([checkPart({ app: 'o', number: 1, program: site.program(dpid) })]).conflicts, []);
  t.strictSame(site.problems(), []);
  t.match(site.report().networks, [
    { name: 'blue', vni: 100, vlan: undefined },
    { name: 'rack', vni: undefined, vlan: 100 },
  ]);
  t.end();
});

t.test('a VM that migrates is announced to the physical network by itself: nothing is sent on', t => {
  const site = start();
  site.read('kvm3', { eth0: { ofport: 1 }, v2: { ofport: 12, id: 'rack', mac: mac(1) } });
  const moved = 'table=60, priority=110,reg0=0x1/0x1,metadata=0x1000064,dl_dst=02:00:00:00:00:01';
  t.ok(site.flows(3, 60).includes(`${moved} actions=set_field:0xc->reg1,goto_table:95`));
  site.frame(3, 12, mac(1));
  t.ok(site.flows(1, 60).includes(`${moved} actions=set_field:0xb->reg1,goto_table:95`));
  t.notOk(site.flows(1, 60).some(text => text.includes('IN_PORT')));
  t.end();
});

t.test('a host with no uplink', t => {
  const site = new Site(file.replace('uplink: eth0, vtep: 10.97.0.2', 'vtep: 10.97.0.2'));
  for (const host of [1, 2, 3]) site.read(`kvm${host}`, host === 3 ? {} : ports(host));
  t.match(site.problems(), [
    /^kvm2: rack: it is VLAN 100 of the physical network, and the file names no uplink of this host/,
    /^kvm3: eth0: the uplink is not there/,
  ]);
  t.strictSame(
    site.groups(2).filter(text => text.includes('group_id=1526726756')),
    ['group_id=1526726756,type=all,bucket=actions=group:1509949540'],
  );
  t.end();
});
