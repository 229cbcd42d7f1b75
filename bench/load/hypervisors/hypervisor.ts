import { createServer, type Server } from 'node:net';
import { FakeOvsdb } from '../../../test/support/fake-ovsdb.js';
import { JsonStream } from '../../../src/ovsdb/json-stream.js';
import { CountingSwitch } from './counting-switch.js';

export const bridge = 'br-int';

/** A VM's interface, as libvirt makes it. */
export interface Vm {
  readonly name: string;
  readonly ifaceId: string;
  readonly mac: string;
}

/** A hypervisor over real sockets: an OVSDB with a bridge and VMs' ports, and a switch that connects where that says. */
export class EmulatedHypervisor {
  readonly ovsdb = new FakeOvsdb();
  openflow: CountingSwitch | undefined;
  readonly #server: Server;

  private constructor(vms: readonly Vm[]) {
    // It forwards nothing before it has a controller: there is nothing to be taken over.
    this.ovsdb.addBridge(bridge, { fail_mode: 'secure' });
    for (const vm of vms) this.attach(vm);
    this.#server = createServer({ noDelay: true }, socket => {
      const stream = this.ovsdb.connect({
        opened: () => undefined,
        received: bytes => void socket.write(bytes),
        closed: () => socket.destroy(),
      });
      const texts = new JsonStream({ maxBytes: 1 << 24 });
      socket.on('data', chunk => {
        for (const text of texts.push(chunk)) stream.ask(text);
        // What it was told may have given its bridge a controller.
        setImmediate(() => this.#obey());
      });
      socket.on('error', () => socket.destroy());
      socket.on('close', () => stream.destroy());
    });
  }

  static async start(port: number, vms: readonly Vm[]): Promise<EmulatedHypervisor> {
    const made = new EmulatedHypervisor(vms);
    await new Promise<void>((resolve, reject) => {
      made.#server.once('error', reject).listen({ host: '127.0.0.1', port, backlog: 16 }, resolve);
    });
    return made;
  }

  attach({ name, ifaceId, mac }: Vm): void {
    this.ovsdb.addPort(bridge, name, { 'iface-id': ifaceId, 'attached-mac': mac });
  }

  detach({ name }: Vm): void {
    this.ovsdb.removePort(bridge, name);
  }

  stop(): void {
    this.openflow?.close();
    this.#server.close();
  }

  /** Does what ovs-vswitchd does once the database names a controller: takes the bridge's datapath id, and connects. */
  #obey(): void {
    if (this.openflow !== undefined) return;
    const [target = ''] = this.ovsdb.names('Controller');
    const address = /^tcp:([^:]+):(\d+)$/.exec(target);
    const row = this.ovsdb.row('Bridge', bridge);
    const dpid = /"datapath-id","([0-9a-f]{16})"/.exec(JSON.stringify(row['other_config']))?.[1];
    if (address === null || dpid === undefined) return;
    this.ovsdb.edit(() => (row['datapath_id'] = dpid));
    const [, host = '', port] = address;
    this.openflow = new CountingSwitch(
      BigInt(`0x${dpid}`),
      { host, port: Number(port) },
      () => this.ovsdb.ofports(),
      () => (this.openflow = undefined),
    );
  }
}
