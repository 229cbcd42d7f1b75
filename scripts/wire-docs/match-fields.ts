/** The table of match fields, from the table that the codec works by. */
import { Need } from '../../src/openflow/fields/definition.js';
import { oxmFields } from '../../src/openflow/fields/table.js';
import { table } from './render.js';

const classes = new Map([
  [0x0000, 'NXM_OF'],
  [0x0001, 'NXM_NX'],
  [0x8000, 'OXM_OF'],
  [0x8001, 'OXM packet registers'],
  [0xffff, 'experimenter'],
  [0x1000, 'ERICOXM_OF'],
]);

export const matchFieldRows = (): string[] => [
  '## All match fields',
  '',
  ...table(
    [
      'field',
      'ovs-ofctl',
      'class',
      'number',
      'bits',
      'bytes',
      'written as',
      'mask',
      'can be set',
      'presumes',
    ],
    Object.entries(oxmFields).map(([name, field]) => {
      const oxmClass = Math.floor(field.header / 0x10000);
      return [
        `\`${name}\``,
        field.nxm,
        `${classes.get(oxmClass) ?? ''} 0x${oxmClass.toString(16).padStart(4, '0')}`,
        String((field.header >>> 9) & 0x7f),
        String(field.bits),
        String(field.size),
        field.notation,
        field.maskable ? 'yes' : 'no',
        field.writable ? 'yes' : 'no',
        presumed(field.needs),
      ];
    }),
  ),
];

/** Combined needs are named by themselves: IP is IPv4 or IPv6. */
function presumed(needs: number): string {
  const whole = Object.entries(Need).find(([, bits]) => bits === needs && needs !== 0);
  if (whole) return whole[0];
  return Object.entries(Need)
    .filter(([, bits]) => bits !== 0 && (bits & (bits - 1)) === 0 && (bits & needs) !== 0)
    .map(([name]) => name)
    .join(' or ');
}
