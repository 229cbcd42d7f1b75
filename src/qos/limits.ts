import type { LimitConfig } from '../config/config.js';
import type { Meter } from '../intent/index.js';
import { OFPMF } from '../openflow/index.js';

/** Above the rate a meter drops: the only kind of band that Open vSwitch's datapaths have. */
export const meterOf = (id: number, { rate, burst }: LimitConfig): Meter => ({
  id,
  flags: (rate.unit === 'kbit' ? OFPMF.KBPS : OFPMF.PKTPS) | OFPMF.BURST | OFPMF.STATS,
  bands: [{ type: 'drop', rate: rate.perSecond, burstSize: burst }],
});
