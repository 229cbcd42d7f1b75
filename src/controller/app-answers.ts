import type { PortIntent, Report, Step } from '../intent/index.js';
import { HeddleError } from '../lib/errors.js';

/**
 * What apps answer, checked before it is used: a user's own app may be written in plain JavaScript, and what it gets wrong
 * must cost that app alone. A program is checked by `checkPart`, which has to encode it anyhow.
 *
 * All of these throw HeddleError APP_INVALID.
 */
export function checkStep(step: unknown, by: 'on' | 'reconfigure' = 'on'): Step<unknown> {
  if (!isObject(step) || !('state' in step)) {
    const why = step instanceof Promise ? ': it must not be async' : '';
    throw invalid(`\`${by}\` must return { state, … }${why}`);
  }
  if (step['send'] !== undefined && !Array.isArray(step['send'])) throw invalid('`send` must be a list');
  if (step['changed'] !== undefined && !isIterable(step['changed']))
    throw invalid('`changed` must be a list of datapath ids');
  return step as unknown as Step<unknown>;
}

export function checkPorts(ports: unknown): readonly PortIntent[] {
  if (!Array.isArray(ports)) throw invalid('`ports` must return a list');
  for (const port of ports as unknown[]) {
    const { name, type, options } = isObject(port) ? port : {};
    if (typeof name !== 'string' || name === '') throw invalid('each port must have a name');
    if (typeof type !== 'string') throw invalid(`port ${name}: \`type\` must be a text`);
    if (!isObject(options) || Object.values(options).some(value => typeof value !== 'string'))
      throw invalid(`port ${name}: \`options\` must be a map of texts`);
  }
  return ports as readonly PortIntent[];
}

export function checkReport(report: unknown): Report {
  if (!isObject(report)) throw invalid('`report` must return an object');
  for (const part of ['networks', 'ports', 'problems'] as const) {
    const list = report[part];
    if (list !== undefined && !(Array.isArray(list) && list.every(isObject)))
      throw invalid(`\`${part}\` of a report must be a list`);
  }
  return report;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const isIterable = (value: unknown): boolean => isObject(value) && Symbol.iterator in value;

const invalid = (what: string): HeddleError => new HeddleError('APP_INVALID', what);
