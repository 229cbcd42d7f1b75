/** Meters [OF1.3.5 7.3.4.4]. Rates are in kbit/s or packets/s, bursts in kbit or packets, as the flags say. */
import {
  named,
  constant,
  length,
  listOf,
  pad,
  rest,
  struct,
  u16,
  u32,
  u8,
  union,
} from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { header } from './header.js';

const bandHeader = (type: number) =>
  ({ _type: constant(u16, type), _length: length(u16), rate: u32, burstSize: u32 }) as const;

const drop = struct('drop', { ...bandHeader(1), _pad: pad(4) });
const dscpRemark = struct('dscp_remark', { ...bandHeader(2), precLevel: u8, _pad: pad(3) });
const unknown = struct('unknown', { typeId: u16, _length: length(u16), body: rest });

export const band = union('meter_band', [drop, dscpRemark], unknown);
export type MeterBand = Infer<typeof band>;

export const meterMod = struct('meter_mod', {
  ...header(29),
  command: named(u16, { add: 0, modify: 1, delete: 2 }),
  flags: u16,
  meterId: u32,
  bands: listOf(band),
});
