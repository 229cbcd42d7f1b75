/**
 * What a switch does with one frame: tables, action sets, groups and meters [OF1.3.5 5], and resubmit, learn, clone and
 * the like as Open vSwitch has them.
 */
import {
  type Action,
  type ActionOf,
  type FlowMod,
  type Instruction,
  NX_RESUBMIT_IN_PORT,
  OFPP,
  OFPPC,
  type Port,
} from '../../../src/openflow/index.js';
import { orderActionSet } from './action-set.js';
import { Fields, type FrameFields, numberOf } from './fields.js';
import { liveBuckets, selectedBucket } from './groups.js';
import { type LearnAction, learnedFlow } from './learning.js';
import { meetsAll } from './matching.js';
import { conditionsOfFlow, type FlowEntry, type Tables } from './tables.js';

export interface SwitchPorts {
  readonly ports: readonly Port[];
  /** Ports that are flow-based tunnels: the frame says where to and with which id. */
  readonly tunnels: ReadonlySet<number>;
  /** Where the tunnels end: nothing is sent there. */
  readonly vtep?: number;
}

/** A frame that leaves the switch. */
export interface Sent {
  /** OFPP.CONTROLLER where it goes to the controller. */
  readonly port: number;
  /** As it leaves. */
  readonly fields: Fields;
  readonly tunnel?: { readonly id: bigint; readonly to: number };
}

export interface Outcome {
  readonly sent: readonly Sent[];
  /** Seen by the next frame. */
  readonly learned: readonly (readonly [LearnAction, FlowMod])[];
  readonly matched: readonly FlowEntry[];
  /** Nothing is sent then. */
  readonly error?: 'too deep' | 'too many resubmits';
}

/** Bounds of Open vSwitch: goto_table forward is no depth, all that comes back is. */
const maxDepth = 64;
const maxResubmits = 4_096;

class TranslationError extends Error {
  readonly why: NonNullable<Outcome['error']>;
  constructor(why: NonNullable<Outcome['error']>) {
    super(why);
    this.why = why;
  }
}

/** @throws Error where the frame meets an action that this model does not know */
export function forward(tables: Tables, ports: SwitchPorts, frame: FrameFields): Outcome {
  const run = new Translation(tables, ports, Fields.of(frame));
  try {
    run.lookUp(0);
    run.runActionSet();
  } catch (thrown) {
    if (!(thrown instanceof TranslationError)) throw thrown;
    return { sent: [], learned: [], matched: run.matched, error: thrown.why };
  }
  return { sent: run.sent, learned: run.learned, matched: run.matched };
}

class Translation {
  readonly sent: Sent[] = [];
  readonly learned: (readonly [LearnAction, FlowMod])[] = [];
  readonly matched: FlowEntry[] = [];
  readonly #tables: Tables;
  readonly #ports: SwitchPorts;
  readonly #fields: Fields;
  #actionSet: readonly Action[] = [];
  #table = 0;
  #depth = 0;
  #resubmits = 0;
  /** A meter has dropped the frame. */
  #dropped = false;

  constructor(tables: Tables, ports: SwitchPorts, fields: Fields) {
    this.#tables = tables;
    this.#ports = ports;
    this.#fields = fields;
  }

  /** A frame that no flow of the table matches goes no further [OF1.3.5 5.4]. */
  lookUp(table: number, inPort = this.#fields.inPort): void {
    const flow = this.#match(table, inPort);
    if (flow === undefined) return;
    this.matched.push(flow);
    const before = this.#table;
    const deepens = table <= before && this.#resubmits > 0;
    this.#resubmits += 1;
    this.#table = table;
    if (deepens) this.#deeper(() => this.#instructions(flow.instructions));
    else this.#instructions(flow.instructions);
    this.#table = before;
  }

  runActionSet(): void {
    const actions = orderActionSet(this.#actionSet);
    this.#actionSet = [];
    this.#run(actions);
  }

  #match(table: number, inPort: number): FlowEntry | undefined {
    const own = this.#fields.inPort;
    this.#fields.set('in_port', BigInt(inPort));
    let best: FlowEntry | undefined;
    for (const flow of this.#tables.flows.values())
      if (
        flow.tableId === table &&
        (best === undefined || flow.priority > best.priority) &&
        meetsAll(this.#fields, conditionsOfFlow(flow))
      )
        best = flow;
    this.#fields.set('in_port', BigInt(own));
    return best;
  }

  #deeper(run: () => void): void {
    if (this.#depth >= maxDepth) throw new TranslationError('too deep');
    this.#depth += 1;
    run();
    this.#depth -= 1;
  }

  #instructions(instructions: readonly Instruction[]): void {
    for (const type of executed)
      for (const one of instructions) if (one.type === type && !this.#dropped) this.#instruction(one);
  }

  #instruction(one: Instruction): void {
    switch (one.type) {
      case 'meter':
        this.#dropped = this.#tables.exhausted.has(one.meterId);
        break;
      case 'apply_actions':
        this.#run(one.actions);
        break;
      case 'clear_actions':
        this.#actionSet = [];
        break;
      case 'write_actions':
        this.#actionSet = [...this.#actionSet, ...one.actions];
        break;
      case 'write_metadata':
        this.#fields.set('metadata', (this.#fields.get('metadata') & ~one.mask) | (one.metadata & one.mask));
        break;
      case 'goto_table':
        this.#resubmit(one.tableId);
        break;
      default:
        throw unknownTo(one.type);
    }
  }

  #resubmit(table: number, inPort?: number): void {
    if (this.#resubmits >= maxResubmits) throw new TranslationError('too many resubmits');
    this.lookUp(table, inPort);
  }

  #run(actions: readonly Action[]): void {
    for (const action of actions) {
      if (this.#dropped) return;
      this.#action(action);
    }
  }

  #action(action: Action): void {
    const fields = this.#fields;
    switch (action.type) {
      case 'output':
        this.#output(action.port);
        break;
      case 'output_reg':
        this.#outputToNumber(fields.get(action.src, action.range.offset, action.range.bits));
        break;
      case 'controller':
        this.#output(OFPP.CONTROLLER);
        break;
      case 'group':
        this.#group(action.groupId);
        break;
      case 'set_field':
        if (action.oxm.field === 'unknown')
          throw unknownTo(`set_field of 0x${action.oxm.header.toString(16)}`);
        if (this.#has(action.oxm.field)) fields.set(action.oxm.field, numberOf(action.oxm.value));
        break;
      case 'load':
        if (this.#has(action.dst))
          fields.set(action.dst, action.value, action.range.offset, action.range.bits);
        break;
      case 'move':
        if (this.#has(action.src) && this.#has(action.dst))
          fields.set(
            action.dst,
            fields.get(action.src, action.srcOffset, action.bits),
            action.dstOffset,
            action.bits,
          );
        break;
      case 'push_vlan':
        fields.pushTag();
        break;
      case 'pop_vlan':
        fields.popTag();
        break;
      case 'resubmit':
        this.#resubmit(action.tableId, portOf(action));
        break;
      case 'resubmit_port':
        this.#resubmit(this.#table, portOf(action));
        break;
      case 'clone':
        this.#clone(action.actions);
        break;
      case 'learn':
      case 'learn2':
        this.learned.push([action, learnedFlow(action, fields)]);
        break;
      case 'note':
      case 'set_queue':
        break;
      default:
        throw unknownTo(action.type);
    }
  }

  /** A field of a header that the frame has not is left as it is. */
  #has(field: ActionOf<'load'>['dst']): boolean {
    const name = typeof field === 'string' ? field.replace(/^nxm_/, '') : '';
    const etherType = this.#fields.get('eth_type');
    // A VLAN that is set makes the tag where there is none (Open vSwitch, in a bucket: a flow's actions are checked).
    if (name === 'vlan_pcp') return this.#fields.isTagged;
    if (name.startsWith('arp_')) return etherType === 0x0806n;
    if (name.startsWith('ipv4_') || name === 'ip_src' || name === 'ip_dst') return etherType === 0x0800n;
    return true;
  }

  #output(port: number): void {
    const { inPort } = this.#fields;
    switch (port) {
      case OFPP.CONTROLLER:
        this.sent.push({ port, fields: this.#fields.copy() });
        break;
      case OFPP.IN_PORT:
        this.#send(inPort);
        break;
      case OFPP.ALL:
      case OFPP.FLOOD:
        for (const { portNo } of this.#ports.ports) if (portNo !== inPort) this.#send(portNo);
        break;
      case OFPP.NORMAL:
      case OFPP.TABLE:
        throw unknownTo(`output to port 0x${port.toString(16)}`);
      default:
        // A frame does not go back to where it came from, unless IN_PORT is said [OF1.3.5 7.2.1].
        if (port !== inPort) this.#send(port);
    }
  }

  /** A port's number out of a register has 16 bits, the last of which are the reserved ones. */
  #outputToNumber(number: bigint): void {
    if (number <= 0xffffn) this.#output(number >= 0xfff8n ? Number(number) + 0xffff0000 : Number(number));
  }

  #send(number: number): void {
    const port = this.#ports.ports.find(({ portNo }) => portNo === number);
    if (port === undefined || (port.config & OFPPC.NO_FWD) !== 0) return;
    const fields = this.#fields.copy();
    if (!this.#ports.tunnels.has(number)) this.sent.push({ port: number, fields });
    else {
      const to = Number(fields.get('tun_dst'));
      if (to !== 0 && to !== this.#ports.vtep)
        this.sent.push({ port: number, fields, tunnel: { id: fields.get('tunnel_id'), to } });
    }
  }

  #clone(actions: readonly Action[]): void {
    const [fields, actionSet] = [this.#fields.copy(), this.#actionSet];
    this.#run(actions);
    this.#fields.become(fields);
    this.#actionSet = actionSet;
    this.#dropped = false;
  }

  /** Each bucket works on the frame as it came to the group. */
  #group(id: number): void {
    const group = this.#tables.groups.get(id);
    if (group === undefined) return;
    if (this.#depth >= maxDepth) throw new TranslationError('too deep');
    const before = this.#fields.copy();
    const live = liveBuckets(this.#tables, this.#ports.ports, group);
    const buckets = {
      all: () => group.buckets,
      indirect: () => group.buckets,
      select: () => selectedBucket(live, this.#fields),
      ff: () => live.slice(0, 1),
    }[group.groupType]();
    for (const { actions } of buckets) {
      this.#deeper(() => this.#run(orderActionSet(actions)));
      this.#fields.become(before);
    }
  }
}

/** [OF1.3.5 5.9]: whatever the order in which they were sent. */
const executed: readonly Instruction['type'][] = [
  'meter',
  'apply_actions',
  'clear_actions',
  'write_actions',
  'write_metadata',
  'goto_table',
  'unknown',
];

const portOf = ({ inPort }: { readonly inPort: number }): number | undefined => {
  if (inPort === NX_RESUBMIT_IN_PORT) return undefined;
  return inPort >= 0xfff8 ? inPort + 0xffff0000 : inPort;
};

const unknownTo = (what: string): Error => new Error(`the model does not know ${what}`);
