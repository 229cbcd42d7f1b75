/** Flows and groups in ovs-ofctl's notation: for logs, status and tests. */
export { formatActions } from './actions.js';
export { formatFlow, formatGroup, formatInstructions } from './flow.js';
export type { FlowText, GroupText } from './flow.js';
export { formatMatch } from './match.js';
export { formatIpv6 } from './values.js';
