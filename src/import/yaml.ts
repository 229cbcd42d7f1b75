/** The file's text, as a person would have written it: in order, with comments beside the values that they are about. */
import { formatEndpoint } from '../config/endpoint.js';
import { printable } from '../config/mistake.js';
import { formatDpid } from '../lib/addresses.js';
import { formatVtep, type Vtep } from '../lib/vtep.js';
import type { Draft, DraftHost, DraftNetwork, DraftPort } from './draft.js';
import { type Finding, placeOf } from './finding.js';

export interface Unread {
  readonly name: string;
  readonly ovsdb: string;
  readonly why: string;
}

export function writeYaml(draft: Draft, findings: readonly Finding[], unread: readonly Unread[]): string {
  const { listen, hypervisors, networks } = draft;
  const general = findings.filter(({ host }) => !hypervisors.some(({ name }) => name === host));
  const sections = [
    [
      ...comment(
        'Written by `heddle import` from hosts that were set up by hand. Nothing was changed on them.',
      ),
      ...comment(
        'Read it, then: `heddle check` it, `heddle plan` tells what a takeover would change and disrupt, `heddle run` does it.',
      ),
      ...unread.flatMap(({ name, ovsdb, why }) =>
        comment(`NOT READ, and so not in this file: ${name} (${ovsdb}): ${why}`),
      ),
    ],
    ...(general.length === 0 ? [] : [general.flatMap(remark)]),
    ...(listen === undefined
      ? []
      : [
          aligned([
            { text: `openflow: { listen: ${scalar(formatEndpoint(listen.at), true)} }`, note: listen.note },
          ]),
        ]),
    hypervisors.length === 0
      ? ['hypervisors: {}']
      : ['hypervisors:', ...spaced(hypervisors.map(host => hypervisor(host, findings)))],
    networks.length === 0 ? ['networks: {}'] : ['networks:', ...spaced(networks.map(network))],
  ];
  return `${sections.map(lines => lines.join('\n')).join('\n\n')}\n`;
}

interface Line {
  readonly text: string;
  readonly note?: string;
}

function hypervisor(host: DraftHost, findings: readonly Finding[]): readonly string[] {
  const { name, ovsdb, bridge, datapath, datapathId, vtep, uplink } = host;
  const about = findings.filter(finding => finding.host === name);
  return [
    ...indented(2, about.flatMap(remark)),
    `  ${scalar(name)}:`,
    ...indented(
      4,
      aligned([
        { text: `ovsdb: ${scalar(formatEndpoint(ovsdb))}` },
        { text: `bridge: ${scalar(bridge)}` },
        ...(datapath === 'system' ? [] : [{ text: `datapath: ${datapath}` }]),
        ...(datapathId === undefined
          ? []
          : [{ text: `datapath-id: "${formatDpid(datapathId)}"`, note: 'other_config:datapath-id' }]),
        { text: `vtep: ${address(vtep.address)}`, note: vtep.note },
        ...(uplink === undefined ? [] : [{ text: `uplink: ${scalar(uplink.name)}`, note: uplink.note }]),
      ]),
    ),
  ];
}

function network({ name, about, number, mesh, ports, remotes }: DraftNetwork): readonly string[] {
  return [
    ...indented(2, comment(about)),
    `  ${scalar(name)}:`,
    ...indented(
      4,
      aligned([
        { text: `${number.key}: ${number.value}`, note: number.note },
        ...(mesh.length === 0
          ? []
          : [
              {
                text: `mesh: [${mesh.map(port => scalar(port, true)).join(', ')}]`,
                note: 'made by hand, and used as they are',
              },
            ]),
      ]),
    ),
    ...(ports.length === 0
      ? ['    ports: []']
      : [
          '    ports:',
          ...indented(6, aligned(ports.map(port => ({ text: selector(port), note: port.note })))),
        ]),
    ...(remotes.length === 0
      ? []
      : [
          '    remotes:',
          ...indented(
            6,
            aligned(remotes.map(({ address: at, note }) => ({ text: `- ${address(at)}`, note }))),
          ),
        ]),
  ];
}

function selector(port: DraftPort): string {
  const vlan = port.vlan === undefined ? '' : `, vlan: ${port.vlan}`;
  if ('ifaceId' in port)
    return vlan === ''
      ? `- iface-id: ${scalar(port.ifaceId)}`
      : `- { iface-id: ${scalar(port.ifaceId, true)}${vlan} }`;
  return `- { port: ${scalar(port.port, true)}, on: ${scalar(port.on, true)}${vlan} }`;
}

/** What a parser could read as something else than a text, or not at all, is quoted [YAML 1.2.2 chapters 7, 10]. */
function scalar(text: string, inFlow = false): string {
  const plain = inFlow ? /^[A-Za-z_/][\w./@:+-]*$/ : /^[A-Za-z_/][\w./@:+ -]*$/;
  const isWord = /^(null|true|false|yes|no|on|off|y|n)$/i.test(text);
  if (uuid.test(text)) return text;
  const isSafe = plain.test(text) && !isWord && !/: |:$| $|^- /.test(text);
  return isSafe ? text : quotedScalar(text);
}

/** Dots and digits are no number with three dots; colons may be a key's. */
const address = (vtep: Vtep): string =>
  typeof vtep === 'number' ? formatVtep(vtep) : scalar(formatVtep(vtep));

/** As libvirt's iface-ids are; with its hyphens it is no number. */
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** JSON's notation is one of YAML's; what an editor would not show, and what the reader refuses unescaped, is escaped. */
const quotedScalar = (text: string): string =>
  JSON.stringify(text).replace(
    /[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffd-\uffff]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const width = 110;
/** A line longer than this has its comment right behind it. */
const widest = 56;

/** Comments beside lines stand under each other. */
function aligned(lines: readonly Line[]): readonly string[] {
  const noted = lines.filter(({ note, text }) => hasText(note) && text.length <= widest);
  const column = Math.max(0, ...noted.map(({ text }) => text.length));
  return lines.map(({ text, note }) => (hasText(note) ? `${text.padEnd(column)} # ${legible(note)}` : text));
}

const hasText = (note: string | undefined): note is string => note !== undefined && note !== '';

function remark(finding: Finding): readonly string[] {
  const place = placeOf({ ...finding, host: undefined });
  const where = place === '' ? '' : `${place}: `;
  const todo = finding.todo.startsWith('nothing') ? '' : `. To do: ${finding.todo}`;
  return comment(`${finding.level === 'broken' ? 'BROKEN' : 'Note'}: ${where}${finding.what}${todo}`);
}

/** Whole lines, broken between words. */
function comment(text: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of legible(text).split(' ')) {
    if (line !== '' && line.length + word.length + 5 > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one, index) => (index === 0 ? `# ${one}` : `#   ${one}`));
}

const longestComment = 2_000;

/** A comment ends with its line: names from a host's database must not go on as part of the file. */
const legible = (text: string): string => {
  const safe = printable(text).replace(/[\ufffd-\uffff]|\p{Surrogate}/gu, '?');
  return safe.length > longestComment ? `${safe.slice(0, longestComment)}…` : safe;
};

const indented = (spaces: number, lines: readonly string[]): readonly string[] =>
  lines.map(line => `${' '.repeat(spaces)}${line}`);

/** Entries of several lines, with an empty line between two. */
const spaced = (entries: readonly (readonly string[])[]): readonly string[] =>
  entries.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
