import type { Message, MessageOf } from '../messages/index.js';

/** What a switch can do, as far as it has told. */
export interface SwitchFeatures {
  /** Of Open vSwitch, such as `3.1.0`; left out where it is another switch. */
  readonly ovsVersion?: string;
  /** Left out where the switch knows no meters, and refuses the question. */
  readonly meters?: MeterFeatures;
}

/** [OF1.3.5 7.3.5.14] */
export interface MeterFeatures {
  /** How many there can be. */
  readonly most: number;
  /** A bitmap of OFPMBT, by the numbers of the bits. */
  readonly bandTypes: number;
  /** A bitmap of OFPMF. */
  readonly capabilities: number;
}

/** What the answers to DESC and METER_FEATURES say. */
export function featuresIn(replies: readonly Message[]): SwitchFeatures {
  let features: SwitchFeatures = {};
  for (const reply of replies) {
    if (reply.type !== 'multipart_reply') continue;
    const { body } = reply;
    if (body.type === 'desc' && body.hwDesc === 'Open vSwitch')
      features = { ...features, ovsVersion: body.swDesc };
    if (body.type === 'meter_features') features = { ...features, meters: meterFeatures(body) };
  }
  return features;
}

type MeterReply = MessageOf<'multipart_reply'>['body'] & { readonly type: 'meter_features' };

const meterFeatures = ({ maxMeter, bandTypes, capabilities }: MeterReply): MeterFeatures => ({
  most: maxMeter,
  bandTypes,
  capabilities,
});
