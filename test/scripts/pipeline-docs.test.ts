/** docs/pipeline.md is what the overlay's program gives, and packets go as it draws them. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import { makeExample, pipeline, ports, tunnelPort } from '../../scripts/pipeline-docs/example.js';
import { pipelinePage } from '../../scripts/pipeline-docs/page.js';
import { tableTexts } from '../../scripts/pipeline-docs/texts.js';
import { type Walk, walks } from '../../scripts/pipeline-docs/walk.js';
import { formatIpv4, parseIpv4, parseMac } from '../../src/lib/addresses.js';
import { OFPP } from '../../src/openflow/index.js';
import { meterMod } from '../../src/reconcile/mods.js';
import { missFlows } from '../../src/reconcile/pipeline.js';
import { port as portAt } from '../support/port.js';
import { Fabric } from '../support/switch-model/fabric.js';
import { change, type FrameFields, receive, type SwitchPorts } from '../support/switch-model/index.js';

t.test('the page is that of the program: npm run docs makes it anew', t => {
  const path = join(resolve(import.meta.dirname, '../..'), 'docs/pipeline.md');
  t.equal(readFileSync(path, 'utf8'), pipelinePage());
  t.strictSame(
    Object.keys(tableTexts),
    pipeline.map(({ name }) => name),
    'every table has its text, and no other',
  );
  t.end();
});

const example = makeExample();
const fabric = new Fabric(
  example.hosts.map(({ name, vtep }) => ({
    ...{ name, vtep, tunnelPort },
    ports: Object.fromEntries(
      ports.filter(({ host }) => host === name).map(({ port, ofport }) => [port, ofport]),
    ),
  })),
);
const own = { flows: missFlows(pipeline), groups: [], learned: new Set<bigint>() };
for (const { name } of example.hosts) {
  for (const meter of example.program(name).meters ?? []) change(fabric.tables(name), meterMod('add', meter));
  fabric.program(name, [
    { app: 'overlay', number: 1, program: example.program(name) },
    { app: 'pipeline', number: 0, program: own },
  ]);
}

function frameOf({ source, to, ethType, arp }: Walk): FrameFields {
  const frame = {
    eth_src: parseMac(source) ?? 0,
    eth_dst: parseMac(to) ?? 0,
    eth_type: ethType === 'arp' ? 0x0806 : 0x0800,
  };
  return arp === undefined
    ? frame
    : { ...frame, arp_op: arp.op, arp_spa: parseIpv4(arp.sender) ?? 0, arp_tpa: parseIpv4(arp.target) ?? 0 };
}

for (const walk of walks)
  t.test(walk.title, t => {
    let frame: FrameFields = { ...frameOf(walk) };
    walk.hops.forEach((hop, index) => {
      const { vtep } = example.hosts.find(({ name }) => name === hop.host) ?? { vtep: 0 };
      const its = ports.filter(({ host }) => host === hop.host);
      const nameOf = (number: number) => its.find(({ ofport }) => ofport === number)?.port ?? String(number);
      const inPort = its.find(({ port }) => port === walk.from)?.ofport ?? 0;
      const switchPorts: SwitchPorts = {
        ports: [...its.map(({ ofport, port }) => portAt(ofport, port)), portAt(tunnelPort, 'heddle-vxlan')],
        tunnels: new Set([tunnelPort]),
        vtep,
      };
      const { matched, sent, error } = receive(
        fabric.tables(hop.host),
        switchPorts,
        index === 0 ? { ...frame, in_port: inPort } : frame,
      );
      t.equal(error, undefined);
      t.strictSame([...new Set(matched.map(({ tableId }) => tableId))], hop.tables, `tables on ${hop.host}`);
      const out = sent.map(({ port, fields, tunnel }) => {
        if (tunnel !== undefined) return `${formatIpv4(tunnel.to)}, VNI ${tunnel.id}`;
        const vlans = fields.tags.map(tag => ` with VLAN ${tag & 0xfffn}`).join('');
        const isAnswer = walk.arp?.op === 1 && fields.get('arp_op') === 2n;
        return `${nameOf(port === OFPP.IN_PORT ? inPort : port)}${vlans}${isAnswer ? ', as the answer' : ''}`;
      });
      t.strictSame(out, hop.out, `out of ${hop.host}`);
      const next = walk.hops[index + 1];
      const there = example.hosts.find(({ name }) => name === next?.host);
      if (there === undefined) return;
      const copy = sent.find(({ tunnel }) => tunnel?.to === there.vtep);
      t.ok(copy, `${hop.host} sends it to ${there.name}`);
      frame = {
        ...frameOf(walk),
        ...{ in_port: tunnelPort, tunnel_id: copy?.tunnel?.id ?? 0n, tun_src: vtep, tun_dst: there.vtep },
      };
    });
    t.end();
  });
