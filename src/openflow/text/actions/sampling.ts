/** Samples of packets, and timeouts that end with a TCP connection. */
import type { Action, ActionOf } from '../../actions/actions.js';
import { OFPP } from '../../constants.js';
import { SampleDirection } from '../../nicira-constants.js';
import type { Reader } from '../reader.js';
import { formatPort16, readNumber, readPort16 } from '../values.js';
import { entry, optionValue, readOptions } from './entry.js';
import type { FormatContext } from './entry.js';

const directions = { ingress: SampleDirection.INGRESS, egress: SampleDirection.EGRESS } as const;

function formatSample(
  action: ActionOf<'sample' | 'sample2' | 'sample3'>,
  { portName }: FormatContext,
): string {
  const direction = action.type === 'sample3' ? action.direction : SampleDirection.DEFAULT;
  return `sample(${[
    `probability=${action.probability}`,
    `collector_set_id=${action.collectorSetId}`,
    `obs_domain_id=${action.obsDomainId}`,
    `obs_point_id=${action.obsPointId}`,
    ...(action.type === 'sample' ? [] : [`sampling_port=${formatPort16(action.samplingPort, portName)}`]),
    ...Object.entries(directions).flatMap(([name, value]) => (value === direction ? [name] : [])),
  ].join(',')})`;
}

export const sample = entry('sample', { format: formatSample, words: { sample: ({ r }) => readSample(r) } });
/** Read by `sample`, where a port is given. */
export const sample2 = entry('sample2', { format: formatSample, words: {} });
/** Read by `sample`, where a direction is given. */
export const sample3 = entry('sample3', { format: formatSample, words: {} });

function readSample(r: Reader): Action {
  const { at } = r;
  const found = { probability: 0, collectorSetId: 0, obsDomainId: 0, obsPointId: 0 };
  let samplingPort: number | undefined;
  let direction: number | undefined;
  const u32 = (): number => readNumber(r, optionValue(r), 0xffffffff);
  readOptions(r, {
    probability: () => (found.probability = readNumber(r, optionValue(r), 0xffff)),
    collector_set_id: () => (found.collectorSetId = u32()),
    obs_domain_id: () => (found.obsDomainId = u32()),
    obs_point_id: () => (found.obsPointId = u32()),
    sampling_port: () => (samplingPort = readPort16(r, optionValue(r))),
    ingress: () => (direction = SampleDirection.INGRESS),
    egress: () => (direction = SampleDirection.EGRESS),
  });
  if (found.probability === 0) r.fail('sample(…) needs a probability from 1 to 65535', at);
  if (direction !== undefined)
    return { type: 'sample3', ...found, samplingPort: samplingPort ?? OFPP.ANY & 0xffff, direction };
  return samplingPort === undefined
    ? { type: 'sample', ...found }
    : { type: 'sample2', ...found, samplingPort };
}

export const finTimeout = entry('fin_timeout', {
  format: ({ finIdleTimeout, finHardTimeout }) =>
    `fin_timeout(${[
      ...(finIdleTimeout === 0 ? [] : [`idle_timeout=${finIdleTimeout}`]),
      ...(finHardTimeout === 0 ? [] : [`hard_timeout=${finHardTimeout}`]),
    ].join(',')})`,
  words: {
    fin_timeout: ({ r }) => {
      const found = { finIdleTimeout: 0, finHardTimeout: 0 };
      readOptions(r, {
        idle_timeout: () => (found.finIdleTimeout = readNumber(r, optionValue(r), 0xffff, 'seconds')),
        hard_timeout: () => (found.finHardTimeout = readNumber(r, optionValue(r), 0xffff, 'seconds')),
      });
      return { type: 'fin_timeout', ...found };
    },
  },
});
