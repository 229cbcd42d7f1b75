import { printable } from '../config/mistake.js';
import { formatRate } from '../config/quantities.js';
import { colour } from './colour.js';
import { isHeld, type LimitUsage, type QosUsage, type QueueUsage } from './qos-usage.js';
import { table } from './table.js';

/** The usage as tables for a person. @param bars whether each row shows how much of its limit is used */
export function formatUsage({ limits, ports, queues }: QosUsage, bars: boolean): string {
  if (limits.length + queues.length === 0)
    return 'No port has a limit: a policy has one by rate, from-vm or to-vm, and applies where `qos` names it.';
  const titles = [
    'HYPERVISOR',
    'PORT',
    'NETWORK',
    'POLICY',
    'CLASS',
    'WAY',
    'LIMIT',
    'NOW',
    'DROPPING',
    'PASSED',
    'DROPPED',
  ];
  const rows = limits.map(one => [
    one.hypervisor,
    one.port,
    one.network,
    one.policy,
    one.class ?? '',
    one.direction,
    formatRate(one),
    formatNow(one.passing, one),
    formatNow(one.dropping, one),
    one.counted === undefined
      ? notHeld(one)
      : formatCount(one.counted.passedPackets, one.counted.passedBytes),
    one.counted === undefined ? '' : formatCount(one.counted.droppedPackets, one.counted.droppedBytes),
    ...(bars ? [barOf(one)] : []),
  ]);
  const portRows = ports.map(({ hypervisor, port, fromVm, toVm, dropped }) => [
    hypervisor,
    port,
    formatRate({ unit: 'kbit', perSecond: Math.round(fromVm) }),
    formatRate({ unit: 'kbit', perSecond: Math.round(toVm) }),
    String(dropped),
  ]);
  const text = (rows: readonly (readonly string[])[]) => rows.map(row => row.map(printable));
  return [
    ...(limits.length === 0 ? [] : [table([...titles, ...(bars ? ['USED'] : [])], text(rows))]),
    ...(portRows.length === 0
      ? []
      : [table(['HYPERVISOR', 'PORT', 'FROM VM', 'TO VM', 'DROPPED BY PORT'], text(portRows))]),
    ...(queues.length === 0
      ? []
      : [
          table(
            ['HYPERVISOR', 'PORT', 'QUEUE', 'MIN', 'MAX', 'NOW', 'SENT', 'DROPPED'],
            text(queues.map(queueRow)),
          ),
        ]),
    ...(limits.every(isHeld)
      ? []
      : [colour('red', 'Some limits are not held here: `heddle status` says which, and why.')]),
  ].join('\n\n');
}

function queueRow({ hypervisor, port, name, minKbit, maxKbit, sending, counted }: QueueUsage): string[] {
  const rate = (kbit: number | undefined): string =>
    kbit === undefined ? '' : formatRate({ unit: 'kbit', perSecond: Math.round(kbit) });
  return [
    hypervisor,
    port,
    name,
    rate(minKbit),
    rate(maxKbit),
    rate(sending),
    counted === undefined ? '' : formatCount(counted.passedPackets, counted.passedBytes),
    counted === undefined ? '' : String(counted.droppedPackets),
  ];
}

const notHeld = (one: LimitUsage): string => (isHeld(one) ? 'not known' : 'not held');

const formatNow = (perSecond: number | undefined, { unit }: LimitUsage): string =>
  perSecond === undefined
    ? ''
    : short(perSecond, unit === 'kbit' ? ['kbit', 'mbit', 'gbit'] : ['pps', 'kpps', 'mpps']);

const formatCount = (packets: number, bytes: number): string =>
  `${short(packets, ['', 'k', 'M', 'G'])} (${short(bytes / 1_000, ['kB', 'MB', 'GB', 'TB'])})`;

/** Three digits and a unit. */
function short(value: number, units: readonly string[]): string {
  let [amount, index] = [value, 0];
  while (amount >= 999.5 && index < units.length - 1) {
    amount /= 1_000;
    index += 1;
  }
  const digits = amount === 0 || Number.isInteger(amount) || amount >= 100 ? 0 : amount >= 10 ? 1 : 2;
  return `${amount.toFixed(digits)}${units[index] ?? ''}`;
}

const barWidth = 10;

/** A limit that drops just now is shown in red. */
function barOf({ passing, dropping = 0, perSecond }: LimitUsage): string {
  if (passing === undefined) return '';
  const full = Math.min(barWidth, Math.round((passing / perSecond) * barWidth));
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)}${dropping > 0 ? ' !' : ''}`;
}
