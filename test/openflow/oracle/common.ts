/** Values that many places of the declarations have. */
import fc from '../../support/fast-check.js';
import { fieldNames, type KnownOxm, match, OFPG, OFPP } from '../../../src/openflow/index.js';
import { fieldByName } from '../../../src/openflow/fields/table.js';
import { type Choice, type Choices, unsigned } from '../../support/arbitrary.js';
import { drawn, settingOf } from './matches.js';

export const plain = { noNullPrototype: true } as const;
export const port = fc.integer({ min: 1, max: 0xfeff });
export const outPort = fc.oneof(
  port,
  fc.constantFrom(OFPP.IN_PORT, OFPP.NORMAL, OFPP.FLOOD, OFPP.ALL, OFPP.CONTROLLER, OFPP.LOCAL),
);
export const portOrAny = fc.oneof(port, fc.constant(OFPP.ANY));
export const groupId = fc.nat(0xfffffeff);
export const groupOrAny = fc.oneof(groupId, fc.constant(OFPG.ANY));
export const tableId = fc.nat(253);
export const tableOrAll = fc.oneof(tableId, fc.constant(255));
export const meterId = fc.integer({ min: 1, max: 0xffff0000 });
/** Of one station, not of a group. */
export const mac = fc.tuple(fc.nat(127), unsigned(40)).map(([first, others]) => first * 2 ** 41 + others);
/** A frame of an Ethernet type that says nothing more. */
export const frame = fc.uint8Array({ minLength: 60, maxLength: 90 }).map(bytes => {
  bytes.set([0x88, 0xb5], 12);
  return bytes;
});
export const none = fc.constant(0);
export const flags = (...bits: number[]): fc.Arbitrary<number> =>
  fc.subarray(bits).map(some => some.reduce((sum, bit) => sum | bit, 0));
export const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,11}$/);

export const range = fc
  .integer({ min: 1, max: 32 })
  .chain(bits => fc.record({ bits: fc.constant(bits), offset: fc.nat(32 - bits) }, plain));
export const register = fc.constantFrom(...fieldNames.filter(field => /^reg\d+$/.test(field)));

/** A field that can be written, with a value. */
export const written = fc
  .constantFrom(
    ...drawn
      .map(name => fieldByName(name)!)
      .filter(row => row.writable && !/^ct_|^nsh_|^nxm_|^in_port/.test(row.name)),
  )
  .chain(settingOf)
  .map(setting => match(setting)[0] as KnownOxm);

const make =
  (values: fc.Arbitrary<unknown>): Choice =>
  () =>
    values;

/** The same choice for many places, which are parted by commas. */
export const at = (places: string, values: fc.Arbitrary<unknown>): Choices =>
  Object.fromEntries(places.split(/,\s*/).map(place => [place, make(values)]));
