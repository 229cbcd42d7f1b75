/** What one switch has learned, as all hosts of the network come to know it. */
import t from 'tap';
import { mostNotes } from '../../src/apps/overlay/address-book.js';
import { usualDamping } from '../../src/apps/overlay/damping.js';
import { patience } from '../../src/apps/overlay/locations.js';
import { askAgainAfter, mostOfSwitch } from '../../src/apps/overlay/sightings.js';
import { hashText, type LearnedChange, makeCookie, type Program } from '../../src/intent/index.js';
import { parseMac } from '../../src/lib/addresses.js';
import { formatVtep } from '../../src/lib/vtep.js';
import { match } from '../../src/openflow/index.js';
import { hosts, mac, Site } from '../support/overlay-world.js';

const file = `
networks:
  blue: { vni: 5000, ports: [{ port: "b*" }, { port: t1, vlan: 7 }], remotes: [10.97.0.9] }
  red: { vni: 6000, ports: [{ port: "r*" }] }
`;
const ports = {
  kvm1: { b1: { ofport: 10 }, b2: { ofport: 11 } },
  kvm2: { b3: { ofport: 20 }, r3: { ofport: 21 } },
  kvm3: { b4: { ofport: 30, mac: mac(4) }, r4: { ofport: 31 } },
} as const;

const { moves: mostMoves, withinMs: flapWindow, holdMs: holdFor } = usualDamping;

/** Three hosts: blue is on all of them, red on the last two. */
function open(): Site {
  const site = new Site(hosts(3) + file);
  for (const [name, its] of Object.entries(ports)) site.read(name, its);
  return site;
}

const macAt = (last: number): number => parseMac(mac(last))!;
/** A learned flow, by what it was learned behind: `port 5000 b1 10`. */
const change = (
  key: string,
  last: number,
  type: 'came' | 'went' = 'came',
  since?: number,
): LearnedChange => ({
  type,
  flow: {
    cookie: makeCookie(1, 'learned', hashText(key)),
    table: 70,
    match: match({ metadata: BigInt(/\d+/.exec(key)![0]), eth_dst: macAt(last) }),
    ...(since !== undefined && { since }),
  },
});
const b1 = 'port 5000 b1 10';
const b2 = 'port 5000 b2 11';
const b3 = 'port 5000 b3 20';
const r3 = 'port 6000 r3 21';
const foreign = `remote 5000 ${(10 << 24) + (97 << 16) + 9}`;

const to = (vtep: number, last: number, vni = '0x1388'): string =>
  `table=70, priority=50,metadata=${vni},dl_dst=${mac(last)} actions=set_field:10.97.0.${vtep}->tun_dst,set_field:0x2->reg1`;
const forget = (dpid: number, key: string, last = 0x51): string =>
  `${dpid} delete_strict cookie=0x${makeCookie(1, 'learned', hashText(key)).toString(16)}, table=70, priority=100,metadata=0x1388,dl_dst=${mac(last)} actions=drop`;
const promoted = (site: Site) => [1, 2, 3].map(dpid => site.flows(dpid, 70));
const kept = ({ keep }: Program): string =>
  keep === 'all' || keep === undefined ? String(keep) : [...keep].map(formatVtep).join(' ');
const rows = (site: Site): string[] =>
  site
    .macs()
    .map(({ network, mac: text, hypervisor, port, vtep, how, since, moves, held, ips }) =>
      [
        network,
        text.slice(-2),
        hypervisor ?? vtep,
        port,
        how,
        `@${since}`,
        moves,
        held && 'held',
        ...ips.map(({ address }) => address),
      ]
        .filter(part => part !== undefined)
        .join(' '),
    );

t.test('a MAC that one switch has learned is known on the other hosts of its network', t => {
  const site = open();
  site.now = 5_000;
  t.strictSame(site.learned(1n, [change(b1, 0x51)]), { changed: [1, 2, 3], sent: [] });
  t.strictSame(promoted(site), [[], [to(1, 0x51)], [to(1, 0x51)]]);
  t.strictSame(site.learned(2n, [change(r3, 0x61)]).changed, [2, 3], 'nobody else has red');
  t.strictSame(promoted(site), [[], [to(1, 0x51)], [to(1, 0x51), to(2, 0x61, '0x1770')]]);
  t.strictSame(rows(site), [
    'blue 04 kvm3 b4 attached @0 0',
    'blue 51 kvm1 b1 learned @5000 0',
    'red 61 kvm2 r3 learned @5000 0',
  ]);
  t.strictSame(site.learned(1n, [change(b1, 0x51, 'went')]).changed, [1, 2, 3]);
  t.strictSame(promoted(site), [[], [], [to(2, 0x61, '0x1770')]], 'it has aged');
  t.strictSame(site.learned(1n, [change(b1, 0x51, 'went')]).changed, []);
  t.end();
});

t.test('one MAC more leaves all other flows the same objects', t => {
  const site = open();
  site.learned(
    1n,
    Array.from({ length: 256 }, (_, last) => change(b1, last)),
  );
  const before = site.program(2);
  site.learned(1n, [
    {
      ...change(b1, 0),
      flow: { ...change(b1, 0).flow, match: match({ metadata: 5000n, eth_dst: 0x02_00_00_00_01_00 }) },
    },
  ]);
  const after = site.program(2);
  t.equal(after.flows, before.flows);
  t.equal(after.groups, before.groups);
  t.equal(before.blocks!.filter(([first]) => first?.table === 70).length, 64);
  t.equal(after.blocks!.filter(block => !before.blocks!.includes(block)).length, 1);
  t.equal(site.program(3).blocks!.at(-63), after.blocks!.at(-63), 'one list for both hosts that see kvm1');
  t.end();
});

t.test('what OVSDB tells goes before it', t => {
  const site = open();
  site.learned(1n, [change(b1, 4)]);
  t.match(rows(site)[0], /^blue 04 kvm3 b4 attached/);
  t.strictSame(
    site.flows(2, 60)[0],
    `table=60, priority=100,metadata=0x1388,dl_dst=${mac(4)} actions=set_field:10.97.0.3->tun_dst,set_field:0x2->reg1,goto_table:95`,
  );
  t.end();
});

t.test(
  'a MAC that moves to another host: the last that has learned it has it, and the other forgets it',
  t => {
    const site = open();
    site.learned(1n, [change(b1, 0x51)]);
    site.now = 1_000;
    t.strictSame(site.learned(2n, [change(b3, 0x51)]), { changed: [1, 2, 3], sent: [forget(1, b1)] });
    t.strictSame(promoted(site), [[to(2, 0x51)], [], [to(2, 0x51)]]);
    t.strictSame(rows(site)[1], 'blue 51 kvm2 b3 learned @1000 1');
    site.now = 2_000;
    t.strictSame(site.learned(1n, [change(b1, 0x51)]).sent, [forget(2, b3)], 'and back');
    t.strictSame(rows(site)[1], 'blue 51 kvm1 b1 learned @2000 2');
    t.strictSame(
      site.learned(1n, [change(b2, 0x51)]),
      { changed: [], sent: [] },
      'on one host: its own affair',
    );
    t.strictSame(rows(site)[1], 'blue 51 kvm1 b2 learned @2000 3');
    t.end();
  },
);

t.test('a switch is asked again to forget a MAC, until it tells that it has', t => {
  const site = open();
  site.learned(1n, [change(b1, 0x51)]);
  site.now = 1_000;
  t.strictSame(site.learned(2n, [change(b3, 0x51)]).sent, [forget(1, b1)]);
  site.now += askAgainAfter - 1;
  t.strictSame(site.tick().sent, []);
  site.now += 1;
  t.strictSame(site.tick().sent, [forget(1, b1)], 'it may not have got there');
  t.strictSame(site.tick().sent, []);
  site.learned(1n, [change(b1, 0x51, 'came', 0)], true);
  t.match(rows(site)[1], /^blue 51 kvm2 b3/, 'what it had then is no news');
  t.strictSame(site.learned(2n, [change(b3, 0x51, 'went')]).changed, [1, 2, 3]);
  t.strictSame(promoted(site), [[], [], []], 'nor is it where nobody sees it any more');
  site.now += askAgainAfter;
  t.strictSame(site.tick().sent, [forget(1, b1)]);
  site.learned(1n, [change(b1, 0x51, 'went')]);
  site.now += askAgainAfter;
  t.strictSame(site.tick(), { changed: [], sent: [] });
  site.learned(1n, [change(b1, 0x51)]);
  t.match(rows(site)[1], /^blue 51 kvm1 b1/, 'and it may come back');

  site.now += 1;
  t.strictSame(site.learned(2n, [change(b3, 0x51)]).sent, [forget(1, b1)]);
  site.now += 1;
  t.strictSame(site.learned(1n, [change(b1, 0x51)]).sent, [forget(2, b3)], 'at once, too');
  t.end();
});

t.test('what all switches tell when Heddle starts: the latest counts, whoever is heard last', t => {
  const site = new Site(hosts(3) + file);
  site.now = 100_000;
  t.strictSame(
    site.learned(2n, [change(b3, 0x51, 'came', 90_000)], true),
    { changed: [], sent: [] },
    'before its host',
  );
  site.read('kvm1', ports.kvm1);
  t.match(
    kept(site.program(1)),
    /10\.97\.0\.2 10\.97\.0\.3/,
    'what is sent to hosts that are not known stays',
  );
  site.read('kvm2', ports.kvm2);
  site.read('kvm3', ports.kvm3);
  t.strictSame(promoted(site), [[to(2, 0x51)], [], [to(2, 0x51)]]);
  t.strictSame(site.learned(1n, [change(b1, 0x51, 'came', 20_000)], true).sent, [forget(1, b1)]);
  t.strictSame(rows(site)[1], 'blue 51 kvm2 b3 learned @90000 0');
  t.strictSame(site.learned(2n, [change(b3, 0x51, 'came', 90_500)], true).changed, [], 'once more the same');
  t.strictSame(rows(site)[1], 'blue 51 kvm2 b3 learned @90000 0');
  t.strictSame(site.learned(2n, [], true).changed, [1, 2, 3], 'nothing is left');
  t.strictSame(promoted(site), [[], [], []]);
  t.end();
});

t.test('while a switch has not told what it has learned, what leads to its host stays', t => {
  const site = new Site(hosts(3) + file);
  for (const [name, its] of Object.entries(ports)) {
    site.read(name, its, 2, name !== 'kvm2');
  }
  t.equal(kept(site.program(1)), '10.97.0.2');
  site.learned(2n, [], true);
  t.equal(kept(site.program(1)), '');
  site.event({ type: 'switch-down', dpid: 2n });
  t.equal(kept(site.program(1)), '', 'what it has told is remembered');
  t.end();
});

t.test('once it has told, the others let go what they have kept for its sake', t => {
  const site = new Site(hosts(3) + file);
  for (const [name, its] of Object.entries(ports)) site.read(name, its, 2, name !== 'kvm2');
  t.strictSame(site.tick(), { changed: [], sent: [] });
  site.learned(2n, [], true);
  t.strictSame(site.tick(), { changed: [1, 2, 3], sent: [] }, 'all of them, though no MAC has moved');
  t.strictSame(site.tick().changed, [], 'once');
  site.learned(2n, [], true);
  t.strictSame(site.tick().changed, []);
  t.end();
});

t.test('a switch that does not tell is waited for, but not for ever', t => {
  const site = new Site(hosts(3) + file);
  for (const [name, its] of Object.entries(ports)) site.read(name, its, 2, name === 'kvm1');
  site.tick();
  site.now = patience - 1;
  t.strictSame(site.tick().changed, []);
  t.equal(kept(site.program(1)), '10.97.0.2 10.97.0.3');
  site.now = patience;
  t.strictSame(site.tick().changed, [1, 2, 3]);
  t.equal(kept(site.program(1)), '');
  site.learned(2n, [change(b3, 0x51)], true);
  t.strictSame(promoted(site), [[to(2, 0x51)], [], [to(2, 0x51)]], 'late, and yet');
  t.end();
});

t.test('a port that learns, and that goes before its switch has told', t => {
  const site = new Site(hosts(3) + file);
  for (const [name, its] of Object.entries(ports)) site.read(name, its, 2, name !== 'kvm2');
  site.read('kvm2', {});
  t.equal(kept(site.program(1)), '');
  t.strictSame(site.tick().changed, [1, 2, 3]);
  t.end();
});

t.test('a host whose OVSDB is elsewhere now, by a new file: what its switch has told stays known', t => {
  const site = open();
  site.learned(1n, [change(b1, 0x51)]);
  const { config } = site.hypervisors.get('kvm1')!;
  site.hypervisors.set('kvm1', { config, known: false, ports: new Map() });
  site.reload((hosts(3) + file).replace('192.0.2.11', '192.0.2.99'));
  site.tick();
  t.equal(kept(site.program(2)), '10.97.0.1', 'what is sent to it stays while it is read');
  site.read('kvm1', ports.kvm1);
  t.strictSame(promoted(site), [[], [to(1, 0x51)], [to(1, 0x51)]]);
  t.equal(kept(site.program(2)), '');
  t.match(rows(site)[1], /^blue 51 kvm1 b1 learned @0 0$/);

  site.reload((hosts(3) + file).replace(/ {2}kvm1: .*/, ''));
  site.tick();
  t.strictSame(site.flows(2, 70), [], 'with the host, it goes');
  site.reload(hosts(3) + file);
  site.read('kvm1', ports.kvm1);
  t.strictSame(site.flows(2, 70), []);
  t.end();
});

t.test('a port that goes takes what was learned behind it with it', t => {
  const site = open();
  site.learned(1n, [change(b1, 0x51), change(b2, 0x52)]);
  t.strictSame(site.read('kvm1', { b2: { ofport: 11 } }), [1, 2, 3]);
  t.strictSame(promoted(site), [[], [to(1, 0x52)], [to(1, 0x52)]]);
  site.reload(hosts(3) + file.replace('vni: 5000', 'vni: 5001'));
  site.tick();
  t.strictSame(rows(site).length, 1, 'another VNI is another network');
  t.strictSame(promoted(site), [[], [], []]);
  t.end();
});

t.test('behind a VTEP that Heddle does not manage', t => {
  const site = open();
  t.strictSame(site.learned(1n, [change(foreign, 0x51)]).changed, [], 'each switch learns it by itself');
  site.now = 1_000;
  site.learned(2n, [change(foreign, 0x51)]);
  t.strictSame(rows(site)[1], 'blue 51 10.97.0.9 remote @0 0', 'one place, whoever sees it');
  site.now = 2_000;
  t.strictSame(
    site.learned(2n, [change(b3, 0x51)]).sent,
    [forget(1, foreign)],
    'it has come into a host of ours',
  );
  t.strictSame(promoted(site), [[to(2, 0x51)], [], [to(2, 0x51)]]);
  t.end();
});

t.test('a MAC that goes to and fro is held, and told', t => {
  const site = open();
  const turn = (count: number): string[] => {
    site.now += flapWindow / 10;
    const [dpid, key] = count % 2 === 0 ? [1n, b1] : [2n, b3];
    return site.learned(dpid, [change(key, 0x51)]).sent;
  };
  turn(0);
  for (let count = 1; count <= mostMoves; count++) t.equal(turn(count).length, 1);
  t.strictSame(site.problems(), []);
  t.strictSame(turn(mostMoves + 1), [], 'one more is not followed');
  t.match(site.problems(), [
    /^blue: MAC 02:00:00:00:00:51 is seen in several places in turn, b3 on kvm2 and b1 on kvm1, .* for 30 s; look for a loop/,
  ]);
  t.match(rows(site)[1], /^blue 51 kvm2 b3 learned @\d+ 6 held$/);
  const before = promoted(site);
  for (let count = mostMoves + 2; count < 10; count++)
    t.strictSame(turn(count), [], 'nobody is asked to forget it');
  t.strictSame(promoted(site), before);
  t.strictSame(site.tick(), { changed: [], sent: [] }, 'not yet');
  site.now += holdFor;
  t.strictSame(site.tick().sent.length, 1, 'the last claim counts');
  t.strictSame(site.problems(), []);
  t.match(rows(site)[1], /^blue 51 kvm1 b1 learned @\d+ 7$/);

  const calm = open();
  for (let count = 0; count < 40; count++) {
    calm.now += flapWindow / mostMoves + 1;
    const [dpid, key] = count % 2 === 0 ? [1n, b1] : [2n, b3];
    calm.learned(dpid, [change(key, 0x51)]);
  }
  t.match(rows(calm)[1], / 39$/, 'slowly, it may go as often as it likes');
  t.end();
});

t.test('one that is held, and goes from there', t => {
  const site = open();
  for (let count = 0; count <= mostMoves + 1; count++, site.now++)
    site.learned(count % 2 === 0 ? 1n : 2n, [change(count % 2 === 0 ? b1 : b3, 0x51)]);
  t.match(rows(site)[1], /kvm2 b3 learned .* held$/);
  site.learned(2n, [change(b3, 0x51, 'went')]);
  t.match(rows(site)[1], /kvm1 b1 learned @6 7$/);
  t.strictSame(site.problems(), []);
  site.learned(1n, [change(b1, 0x51, 'went')]);
  t.equal(rows(site).length, 1);
  t.end();
});

t.test('what a switch says may be anything', t => {
  const site = open();
  const odd = (fields: Parameters<typeof match>[0]): LearnedChange => {
    const one = change(b1, 1);
    return { ...one, flow: { ...one.flow, match: match(fields) } };
  };
  const changes = [
    odd({}),
    odd({ metadata: 5000n }),
    odd({ eth_dst: 5 }),
    odd({ metadata: 5000n, eth_dst: 0x01_00_5e_00_00_01 }),
    odd({ metadata: 6000n, eth_dst: 5 }),
    odd({ metadata: 2n ** 63n, eth_dst: 5 }),
    odd({ metadata: { value: 5000n, mask: 0xffffn }, eth_dst: 5 }),
  ];
  t.strictSame(site.learned(1n, changes), { changed: [], sent: [] });
  t.strictSame(site.learned(99n, [change(b1, 1)]), { changed: [], sent: [] });
  t.equal(rows(site).length, 1);
  const many = Array.from({ length: mostOfSwitch + 5 }, (_, index) =>
    odd({ metadata: 5000n, eth_dst: 0x02_00_00_00_00_00 + index }),
  );
  site.learned(1n, many);
  t.equal(site.macs().filter(({ how }) => how === 'learned').length, mostOfSwitch - 1, 'b4 has one of them');
  t.match(site.problems()[1], /^kvm1: its switch has learned more than 65536 MACs/);
  site.learned(1n, [], true);
  t.strictSame(site.problems(), []);
  t.end();
});

t.test('more MACs than there are places for: no network takes those of another', t => {
  const site = open();
  const inBlue = (type: 'came' | 'went') =>
    Array.from({ length: mostOfSwitch }, (_, index): LearnedChange => {
      const eth_dst = 0x02_00_00_01_00_00 + index;
      const { flow } = change(b3, 1);
      return { type, flow: { ...flow, match: match({ metadata: 5000n, eth_dst }) } };
    });
  const count = (): number[] =>
    ['blue', 'red'].map(
      name => site.macs().filter(({ network, how }) => network === name && how === 'learned').length,
    );
  site.learned(2n, inBlue('came'));
  t.strictSame(count(), [mostOfSwitch, 0]);
  site.learned(2n, [change(r3, 0x61)]);
  t.strictSame(count(), [mostOfSwitch - 1, 1], 'the one with the most gives way');
  t.match(site.problems().join(), /kvm2: its switch has learned more than 65536 MACs/);
  t.strictSame(site.asked(), [], 'there is no room yet');
  site.learned(2n, inBlue('went'));
  t.strictSame(site.asked(), [2], 'what was left out is asked for');
  t.strictSame(site.asked(), [], 'once');
  site.now += 60_000;
  t.strictSame(site.asked(), [2], 'unless it does not come');
  site.learned(2n, [change(b3, 0x51), change(r3, 0x61)], true);
  t.strictSame(count(), [1, 1]);
  t.strictSame(site.problems(), []);
  site.now += 60_000;
  t.strictSame(site.asked(), []);
  t.end();
});

t.test('how many MACs, and for how long', t => {
  const text = (age: string, most: string): string => `
networks:
  blue: { vni: 5000, ${age}ports: [{ port: b1${most} }, { port: "b*", max-macs: 7 }, { port: t1, vlan: 7 }], remotes: [10.97.0.9] }
`;
  const learning = (site: Site): (string | undefined)[] =>
    site
      .flows(1, 40)
      .filter(line => line.includes('learn('))
      .map(line => /hard_timeout=\d+|$/.exec(line)![0] + /,limit=\d+|$/.exec(line)![0]);
  const site = new Site(hosts(2) + text('mac-age: 60, ', ', max-macs: 2'));
  site.read('kvm1', { b1: { ofport: 10 }, b2: { ofport: 11 }, t1: { ofport: 12 } });
  site.read('kvm2', {});
  const sixty = (...limits: number[]) => limits.map(limit => `hard_timeout=60,limit=${limit}`);
  t.strictSame(learning(site), sixty(2, 7, 1024, 1024), 'of several selectors, the first that says it');
  site.learned(1n, [change(b1, 1)]);
  t.strictSame(site.problems(), []);
  site.learned(1n, [change(b1, 2)]);
  t.match(site.problems(), [
    /^kvm1: blue: b1: its switch has learned 2 MACs behind it, .*; max-macs of the port/,
  ]);
  t.strictSame(
    site.reload(hosts(2) + text('mac-age: 60, ', '')),
    [1],
    'another limit is news to that switch',
  );
  t.strictSame(learning(site), sixty(7, 7, 1024, 1024));
  t.strictSame(site.problems(), []);
  t.strictSame(site.reload(hosts(2) + text('', '')), [1], 'and another age');
  t.match(learning(site), [/=300,/, /=300,/, /=300,/, /=300,/]);
  t.end();
});

t.test('addresses that MACs have used', t => {
  const text = (learn: string): string =>
    `\nnetworks:\n  blue: { vni: 5000${learn}, ports: [{ port: b1, addresses: [10.0.0.1] }, { port: t1, vlan: 7 }] }\n`;
  const site = new Site(hosts(2) + text(', learn-ips: true'));
  site.read('kvm1', { b1: { ofport: 10, mac: mac(1) }, t1: { ofport: 12 } });
  site.read('kvm2', {});
  const notes = site.flows(1, 0).filter(line => line.includes('learn('));
  t.equal(notes.length, 6, 'of each port by ARP, and by both of ND');
  t.match(
    notes[0],
    /^priority=110,arp,in_port=10,vlan_tci=0x0000\/0x1fff actions=learn\(table=71,hard_timeout=300,priority=100,cookie=0x4864\w+,limit=256,.*ARP_SPA\[\]\),write_metadata:0x1388,goto_table:40$/,
  );
  t.match(notes[3], /^priority=110,arp,in_port=12,dl_vlan=7 actions=(strip|pop)_vlan,learn\(/);
  t.match(notes[2], /icmp_?v?6,.*ND_TARGET/);
  t.strictSame(
    site.flows(2, 0).filter(line => line.includes('learn(')),
    [],
  );

  const note = (key: string, last: number, fields: object, type: 'came' | 'went' = 'came'): LearnedChange => {
    const { flow } = change(key, last, type);
    return {
      type,
      flow: { ...flow, table: 71, match: match({ metadata: 5000n, eth_src: macAt(last), ...fields }) },
    };
  };
  const arp = (arp_spa: number): object => ({ eth_type: 0x0806, arp_spa });
  const ipv6 = (ipv6_src: bigint): object => ({ eth_type: 0x86dd, ipv6_src });
  const [b, t1] = ['ips 5000 b1 10', 'ips 5000 t1 12'];
  site.now = 1_000;
  site.learned(1n, [
    change('port 5000 t1 12', 2),
    note(b, 1, arp(0x0a000001)),
    note(b, 1, arp(0x0a000009)),
    note(b, 1, arp(0)),
    note(b, 1, arp(0xffffffff)),
    note(t1, 2, ipv6((0xfd00n << 112n) | 5n)),
    note(t1, 2, ipv6((0xfe80n << 112n) | 5n)),
    note(t1, 2, ipv6(0n)),
    note(t1, 3, arp(7 << 24)),
  ]);
  const both = ['blue 01 kvm1 b1 attached @0 0 10.0.0.1 10.0.0.9', 'blue 02 kvm1 t1 learned @1000 0 fd00::5'];
  t.strictSame(rows(site), both, 'what the file says comes first, and what says nothing is left out');
  t.match(site.macs()[0]!.ips, [{ how: 'declared' }, { how: 'seen', since: 1_000 }]);
  t.strictSame(site.flows(2, 70), [], 'they are believed by nobody');
  site.learned(1n, [note(b, 1, arp(0x0a000009), 'went')]);
  t.match(rows(site)[0], /10\.0\.0\.1$/);
  site.learned(1n, [change('port 5000 t1 12', 2), note(b, 1, arp(0x0a000008))], true);
  t.strictSame(
    rows(site).map(row => row.split(' ').slice(7).join(' ')),
    ['10.0.0.1 10.0.0.8', ''],
    'all that there is',
  );
  t.strictSame(site.reload(hosts(2) + text('')), [1]);
  site.tick();
  t.match(rows(site)[0], /10\.0\.0\.1$/, 'nothing is noted where nobody wants it');
  t.strictSame(
    site.flows(1, 0).filter(line => line.includes('learn(')),
    [],
  );
  site.learned(
    1n,
    Array.from({ length: mostNotes + 9 }, (_, index) => note(b, 1, arp(0x0a000000 + index))),
    true,
  );
  t.equal(site.macs()[0]!.ips.length, 17, 'no more than can be read');
  t.end();
});

t.test('MACs that OVSDB tells: since when, and how often they have moved', t => {
  const site = new Site(
    hosts(2) +
      '\nnetworks:\n  blue: { vni: 5000, ports: [{ iface-id: "fw*" }, { iface-id: db, addresses: [10.0.0.5, "fd00::5"] }] }\n',
  );
  site.read('kvm1', {
    v1: { ofport: 10, id: 'fw1', mac: mac(1) },
    v5: { ofport: 15, id: 'db', mac: mac(5) },
  });
  site.read('kvm2', {});
  t.strictSame(rows(site), [
    'blue 01 kvm1 v1 attached @0 0',
    'blue 05 kvm1 v5 attached @0 0 10.0.0.5 fd00::5',
  ]);
  site.now = 9_000;
  site.read('kvm2', { v2: { ofport: 20, id: 'fw1', mac: mac(1) } });
  t.match(rows(site)[0], 'blue 01 kvm1 v1 attached @0 0', 'it comes to another host, and is where it was');
  site.now = 9_500;
  site.read('kvm1', { v5: { ofport: 15, id: 'db', mac: mac(5) } });
  t.match(rows(site)[0], 'blue 01 kvm2 v2 attached @9500 1', 'until its port there goes');
  site.read('kvm2', {});
  t.equal(rows(site).length, 1);
  t.end();
});
