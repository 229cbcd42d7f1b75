/** Matches, actions, instructions, flows, groups and meters in ovs-ofctl's notation, both ways. */
export { formatActions, parseActions } from './actions/index.js';
export { formatFlow, parseFlow, parseFlows } from './flow.js';
export type { FlowText } from './flow.js';
export { formatBucket, formatGroup, parseGroup, parseGroups } from './group.js';
export type { GroupText } from './group.js';
export { formatInstructions, parseInstructions } from './instructions.js';
export { formatIpv6, parseIpv6 } from '../../lib/ipv6.js';
export { formatMatch } from './match.js';
export { parseMatch } from './match-reader.js';
export { formatMeter, parseMeter, parseMeters } from './meter.js';
export type { MeterText } from './meter.js';
export type { FormatOptions } from './notations.js';
export type { PortNumber, ReaderOptions } from './reader.js';
export type { PortName } from './values.js';
