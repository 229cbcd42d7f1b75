/** The text of docs/pipeline.md. */
import type { Flow, Program } from '../../src/intent/index.js';
import { formatFlow, formatGroup, formatMeter } from '../../src/openflow/index.js';
import { missFlows } from '../../src/reconcile/pipeline.js';
import { table } from '../wire-docs/render.js';
import { file, makeExample, pipeline, ports } from './example.js';
import { registers, tableTexts } from './texts.js';
import { draw, walks } from './walk.js';

/** So many flows of a table are shown. */
const shown = 8;

/** @throws Error where a table has no text */
export function pipelinePage(): string {
  const example = makeExample();
  const programs = example.hosts.map(({ name }) => ({ name, program: example.program(name) }));
  const own = missFlows(pipeline);
  const lines = [
    '<!-- Made by `npm run docs` from a small file and the program that the overlay makes of it. Do not edit. -->',
    '',
    '# The overlay’s pipeline',
    '',
    'What the bridges of this site hold, in ovs-ofctl’s notation and with no other app between. All of it is known before the first packet.',
    '',
    '```yaml',
    ...file.trimEnd().split('\n'),
    '```',
    '',
    ...table(
      ['host', 'port', 'ofport', 'iface-id', 'attached-mac', 'what it is'],
      [
        ...ports.map(({ host, port, ofport, ifaceId = '', mac = '', is }) => [
          host,
          port,
          String(ofport),
          ifaceId,
          mac,
          is,
        ]),
        ['both', 'heddle-vxlan', '2', '', '', 'the tunnel: `remote_ip=flow`, `key=flow`'],
      ],
    ),
    ...table(['register', 'what it says'], registers),
    ...walkSection(),
    '## How many',
    '',
    ...table(
      ['table', ...programs.map(({ name }) => `flows on ${name}`)],
      [
        ...pipeline.map(({ number, name }) => [
          `[${number} ${name}](#${number}-${name})`,
          ...programs.map(({ program }) => String(flowsOf(program, number).length)),
        ]),
        ['groups', ...programs.map(({ program }) => String(program.groups.length))],
        ['meters', ...programs.map(({ program }) => String(program.meters?.length ?? 0))],
      ],
    ),
    'Tables grow with the ports and VLANs of a host (0, 40, 95), its networks (0, 80), the hypervisors (5), the MACs of its networks wherever',
    'they are (40 where something is learned, 60), and their addresses in the file (50: two flows each). Groups hold one bucket for each other',
    'host of a network.',
    '',
    ...pipeline.flatMap(({ number, name, stage, miss }) => {
      const text = tableTexts[name];
      if (text === undefined) throw new Error(`table ${name} has no text`);
      return [
        `## ${number} ${name}`,
        '',
        `Stage \`${stage}\`; ${missText[miss]}. ${text}`,
        '',
        ...programs.flatMap(({ name: host, program }) =>
          flowSection(
            host,
            [...flowsOf(program, number), ...own.filter(flow => flow.table === number)].map(flow =>
              formatFlow(flow),
            ),
          ),
        ),
      ];
    }),
    '## Groups and meters',
    '',
    'A group’s id is 0x48 and the VNI for the local ports of a network, 0x49 for all of it; 0x5a and 0x5b with the VLAN for what is on the wire.',
    '',
    ...programs.flatMap(({ name, program }) =>
      flowSection(name, [
        ...program.groups.map(group => formatGroup(group)),
        ...(program.meters ?? []).map(({ id, flags, bands }) =>
          formatMeter({ id, flags, bands }).replaceAll('\n', ''),
        ),
      ]),
    ),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

const missText = {
  next: 'what matches nothing goes on to the next table',
  drop: 'what matches nothing is dropped',
  own: 'it has a flow of its own for what matches nothing else',
} as const;

const flowsOf = ({ flows, blocks = [] }: Program, number: number): readonly Flow[] =>
  [...flows, ...blocks.flat()].filter(flow => flow.table === number);

function flowSection(host: string, texts: readonly string[]): string[] {
  if (texts.length === 0) return [];
  const more = texts.length - shown;
  return [
    `On ${host}:`,
    '',
    '```',
    ...texts.slice(0, shown),
    ...(more > 0 ? [`… and ${more} more`] : []),
    '```',
    '',
  ];
}

const walkSection = (): string[] => [
  '## A packet’s way',
  '',
  'A number is a table with a flow that matched.',
  '',
  ...walks.flatMap(walk => [
    `${walk.title}:`,
    '',
    '```',
    ...draw(walk, number => pipeline.find(one => one.number === number)?.name ?? ''),
    '```',
    '',
  ]),
];
