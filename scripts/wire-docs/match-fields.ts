/** The table of match fields, from the table that the codec works by. */
import { oxmFields } from '../../src/openflow/oxm-fields.js';
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
    ['field', 'ovs-ofctl', 'class', 'number', 'bits', 'bytes', 'written as'],
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
      ];
    }),
  ),
];
