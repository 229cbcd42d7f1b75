/** A VM that migrates to and fro, in any order of events, and switches that have some of them yet to come: where its frames go. */
import fc from '../support/fast-check.js';
import t from 'tap';
import { overlay } from '../../src/apps/overlay/overlay.js';
import { numberTables, type Program } from '../../src/intent/index.js';
import { parseIpv4, parseMac } from '../../src/lib/addresses.js';
import { missFlows } from '../../src/reconcile/pipeline.js';
import { hosts, mac, type PortText, Site, twoNetworks } from '../support/overlay-world.js';
import { Fabric } from '../support/switch-model/fabric.js';

const names = ['kvm1', 'kvm2', 'kvm3', 'kvm4'] as const;
type Name = (typeof names)[number];
const vm = mac(1);
const vmPort = 5;
const pipeline = { flows: missFlows(numberTables([overlay])), groups: [], learned: new Set<bigint>() };

/** Each host has an onlooker; kvm4 never has the VM. */
const portsOf = (index: number, hasVm: boolean): Readonly<Record<string, PortText>> => ({
  onlooker: { ofport: 9, id: `fw-onlooker${index}`, mac: mac(index + 10) },
  ...(hasVm && { vm: { ofport: vmPort, id: 'fw-vm', mac: vm } }),
});

class World {
  readonly site = new Site(hosts(4) + twoNetworks);
  readonly #has = new Set<Name>(['kvm1']);
  readonly #programs = new Map<string, Program>();
  /** Where the VM was last heard, or is by the only port that it has; undefined: one place is as good as another. */
  #at: Name | undefined = 'kvm1';

  constructor() {
    names.forEach((name, index) => this.site.read(name, portsOf(index, this.#has.has(name))));
    this.apply([1, 2, 3, 4]);
  }

  /** Where frames for the VM are to go in the end. */
  get right(): readonly string[] {
    return this.#at === undefined ? this.ports : [`${this.#at} vm`];
  }

  /** Ports of the VM, as they are now. */
  get ports(): readonly string[] {
    return [...this.#has].map(name => `${name} vm`);
  }

  /** @returns the switches that are told to change, in their order */
  do(event: 'toggle' | 'hear', name: Name): readonly number[] {
    const index = names.indexOf(name);
    if (event === 'hear') {
      const changed = this.#has.has(name) ? this.site.frame(index + 1, vmPort, vm) : [];
      if (changed.length > 0) this.#at = name;
      return changed;
    }
    if (this.#has.delete(name)) {
      if (this.#at === name) this.#at = undefined;
    } else this.#has.add(name);
    if (this.#has.size === 1) [this.#at] = this.#has;
    return this.site.read(name, portsOf(index, this.#has.has(name)));
  }

  apply(dpids: readonly number[]): void {
    for (const dpid of dpids) this.#programs.set(names[dpid - 1] ?? '', this.site.program(dpid));
  }

  /** Who hears a frame for the VM. @throws Error for one that goes round a loop */
  hears(from: Name): readonly string[] {
    return hearsVm(this.fabric(), from);
  }

  /** The switches with what they have been told, and have seen nothing yet. */
  fabric(): Fabric {
    const fabric = new Fabric(
      this.site.config.hypervisors.map(({ name, vtep }) => ({
        name,
        vtep: Number(vtep),
        tunnelPort: 2,
        ports: { onlooker: 9, vm: vmPort },
      })),
    );
    for (const [name, program] of this.#programs)
      fabric.program(name, [
        { app: 'overlay', number: 1, program },
        { app: 'pipeline', number: 0, program: pipeline },
      ]);
    return fabric;
  }
}

function hearsVm(fabric: Fabric, from: Name): readonly string[] {
  const source = parseMac(mac(names.indexOf(from) + 10)) ?? 0;
  return fabric
    .hears(from, 'onlooker', { eth_src: source, eth_dst: parseMac(vm) ?? 0 })
    .filter(place => !place.includes('CONTROLLER'));
}

const events = fc.array(
  fc.record({
    event: fc.constantFrom('toggle' as const, 'hear' as const),
    name: fc.constantFrom('kvm1' as const, 'kvm2' as const, 'kvm3' as const),
    /** How many of the switches have what they are told before the next frame. */
    told: fc.nat({ max: 4 }),
  }),
  { maxLength: 12 },
);

t.test('one copy, to a port of the VM, wherever it comes from and whoever knows what', t => {
  fc.assert(
    fc.property(events, list => {
      const world = new World();
      for (const { event, name, told } of list) {
        const before = world.ports;
        const changed = world.do(event, name);
        const places = new Set([...before, ...world.ports]);
        for (const count of new Set([Math.min(told, changed.length), changed.length])) {
          world.apply(changed.slice(0, count));
          for (const from of names) {
            const heard = world.hears(from);
            const isDone = count === changed.length;
            // Where no port has the MAC, it is as any that nobody knows.
            if (world.ports.length === 0 || before.length === 0) continue;
            if (heard.length > 1) throw new Error(`${from}: ${heard.join()}`);
            if (heard.some(place => !places.has(place)))
              throw new Error(`${from}: ${heard.join()} has it not`);
            if (isDone && (heard.length !== 1 || !world.right.includes(heard[0] ?? '')))
              throw new Error(`${from}: ${heard.join() || 'nobody'}, and it is at ${world.right.join()}`);
          }
        }
      }
    }),
    { numRuns: 60 },
  );
  t.end();
});

t.test(
  'with the VM alive on both, no frame is lost while the switches hear of a move one after the other',
  t => {
    const world = new World();
    world.apply(world.do('toggle', 'kvm2'));
    const changed = world.do('hear', 'kvm2');
    t.strictSame(changed, [2, 1, 3, 4]);
    for (let count = 0; count <= changed.length; count++) {
      world.apply(changed.slice(0, count));
      for (const from of names) {
        const heard = world.hears(from);
        t.equal(heard.length, 1, `${count} of them: ${from}`);
        if (count >= 2) t.strictSame(heard, ['kvm2 vm'], 'as soon as the old place knows, nothing is for it');
      }
    }
    t.end();
  },
);

t.test('the switches follow a VM by its first frame, before Heddle has told them anything', t => {
  const world = new World();
  world.apply(world.do('toggle', 'kvm2'));
  const fabric = world.fabric();
  const all = (): unknown => names.map(name => hearsVm(fabric, name));
  t.strictSame(
    all(),
    names.map(() => ['kvm1 vm']),
  );
  const broadcast = { eth_src: parseMac(vm) ?? 0, eth_dst: 0xffff_ffff_ffff };
  fabric.hears('kvm2', 'onlooker', broadcast);
  t.strictSame(
    all(),
    names.map(() => ['kvm1 vm']),
    'another port of the new host cannot say it',
  );
  fabric.hears('kvm3', 'onlooker', broadcast);
  t.strictSame(
    all(),
    names.map(() => ['kvm1 vm']),
    'nor another host',
  );
  fabric.hears('kvm2', 'vm', broadcast);
  t.strictSame(
    all(),
    names.map(() => ['kvm2 vm']),
  );
  t.strictSame(
    fabric
      .hearsFromTunnel('kvm1', parseIpv4('10.97.0.4')!, 5000, { eth_src: 1, eth_dst: parseMac(vm) ?? 0 })
      .filter(place => !place.includes('CONTROLLER')),
    ['kvm2 vm'],
    'what a tunnel still brings to the old host goes on',
  );
  t.end();
});
