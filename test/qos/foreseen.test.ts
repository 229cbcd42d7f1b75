import t from 'tap';
import { parseConfig } from '../../src/config/parse.js';
import { foreseen } from '../../src/qos/foreseen.js';

t.test('what the file alone tells of what hosts will not do', t => {
  const told = (policy: string, datapath: string): readonly string[] => {
    const result = parseConfig(
      `hypervisors:
  kvm1: { ovsdb: tcp:192.0.2.1:6640, vtep: 10.97.0.1, datapath: ${datapath}, uplink: eth0, egress: { max-rate: 1gbit, queues: { voice: {} } } }
  kvm2: { ovsdb: tcp:192.0.2.2:6640, vtep: 10.97.0.2 }
networks: { blue: { vni: 5000, ports: [{ port: "v*", qos: gold }] } }
qos: { policies: { gold: ${policy} } }`,
      'h.yaml',
    );
    return result.ok ? foreseen(result.config) : ['the file is wrong'];
  };
  t.strictSame(told('{ rate: 1mbit }', 'netdev'), []);
  t.match(told('{ queue: voice }', 'netdev'), [
    /gold: queue voice is not used on kvm1/,
    /gold: kvm2 has no queue voice/,
  ]);
  t.match(told('{ queue: voice }', 'system'), [/gold: kvm2 has no queue voice/]);
  t.match(told('{ from-vm: { rate: 1mbit, police: ingress } }', 'netdev'), [
    /police: ingress has no effect in userspace/,
  ]);
  t.end();
});
