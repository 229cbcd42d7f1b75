/** Where a `ct` action takes its zone from (nicira-ext). */
import { badValue, custom, getU16, getU32, need, putUint, shown } from '../../lib/struct/index.js';
import { packRange, unpackRange } from './nicira-header.js';
import type { BitRange } from './nicira-header.js';
import { fieldRef } from '../fields/oxm.js';
import type { FieldRef } from '../fields/oxm.js';

/** A connection tracking zone (0 to 65535), or the 16 bits of a field where its number stands. */
export type CtZone = number | (BitRange & { readonly field: FieldRef });

/** `zone_src:32 zone:16`: a field's header and the bits of it, or 0 and the zone. */
export const ctZone = custom<CtZone>({
  name: 'zone',
  read: c => {
    need(c, 'zone', 6);
    const immediate = getU32(c.bytes, c.pos) === 0;
    const field = fieldRef.read(c, 0) as FieldRef;
    if (c.end - c.pos < 2) need(c, 'zone', 2); // a header of an experimenter's field is longer
    const zone = getU16(c.bytes, c.pos);
    c.pos += 2;
    return immediate ? zone : { field, ...unpackRange(zone) };
  },
  write: (w, zone) => {
    const at = w.pos - w.frame;
    if (typeof zone === 'number') {
      if ((zone & 0xffff) !== zone) throw badValue('zone', `${shown(zone)} does not fit 16 bits`, at);
      w.ensure(6);
      putUint(w.bytes, w.pos, 4, 0);
      putUint(w.bytes, w.pos + 4, 2, zone);
      w.pos += 6;
      return;
    }
    const packed = packRange(zone, at);
    fieldRef.write(w, zone.field as never, 0);
    w.ensure(2);
    putUint(w.bytes, w.pos, 2, packed);
    w.pos += 2;
  },
});
