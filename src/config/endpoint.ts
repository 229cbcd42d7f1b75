import { parseIpv4 } from '../lib/addresses.js';
import type { Endpoint } from './config.js';

export type TcpEndpoint = Endpoint & { transport: 'tcp' };

/** What became of a text: its value, or what is wrong with it (as a Finding's message and hint). */
export type Reading<T> = { readonly value: T } | { readonly problem: string; readonly hint?: string };

const noTls = 'this version of Heddle does not do TLS (ssl:) yet';

/** `tcp:HOST:PORT`, where HOST is an IPv4 address, an IPv6 address in brackets, or a host name. */
export function readTcp(text: string): Reading<TcpEndpoint> {
  const expected = 'expected tcp:HOST:PORT';
  if (/^p?ssl:/i.test(text)) return { problem: noTls };
  if (!text.startsWith('tcp:')) return { problem: expected, ...suggest(`tcp:${text.replace(/^ptcp:/, '')}`) };
  return readHostPort(text.slice('tcp:'.length), expected);
}

/** Where hosts connect to: an address and a port that can be dialled. */
export function readAdvertise(text: string): Reading<TcpEndpoint> {
  const read = readTcp(text);
  if (!('value' in read) || isDialable(read.value)) return read;
  return { problem: 'expected an address and a port that hosts can connect to' };
}

/** `tcp:HOST:PORT` or `unix:PATH`: where a switch's database is reached. */
export function readOvsdb(text: string): Reading<Endpoint> {
  const expected = 'expected tcp:HOST:PORT or unix:PATH';
  if (/^p?ssl:/i.test(text)) return { problem: noTls };
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    return path === '' || path.includes('\0')
      ? { problem: expected }
      : { value: { transport: 'unix', path } };
  }
  if (text.startsWith('/')) return { problem: expected, hint: `did you mean "unix:${text}"?` };
  if (!text.startsWith('tcp:')) return { problem: expected, ...suggest(`tcp:${text}`) };
  const read = readHostPort(text.slice('tcp:'.length), expected);
  if (!('value' in read) || isDialable(read.value)) return read;
  return { problem: 'expected an address and a port that can be connected to' };
}

/** `HOST:PORT` or `tcp:HOST:PORT`, on this machine only: the API has no tokens yet. */
export function readApiListen(text: string): Reading<TcpEndpoint> {
  const read = readHostPort(text.replace(/^tcp:/, ''), 'expected HOST:PORT or tcp:HOST:PORT');
  if ('value' in read && !isLoopback(read.value.host)) {
    return {
      problem: 'expected a loopback address: this version of Heddle does not do tokens for the API yet',
    };
  }
  return read;
}

export function formatEndpoint(endpoint: Endpoint): string {
  if (endpoint.transport === 'unix') return `unix:${endpoint.path}`;
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  return `tcp:${host}:${endpoint.port}`;
}

/** Whether it can be connected to: one can listen on a wildcard address, or on port 0 (any free port), only. */
export const isDialable = (endpoint: TcpEndpoint): boolean =>
  endpoint.port !== 0 && endpoint.host !== '0.0.0.0' && endpoint.host !== '::';

export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  const address = parseIpv4(host);
  return address !== undefined && address >>> 24 === 127;
}

function readHostPort(text: string, expected: string): Reading<TcpEndpoint> {
  const parts = /^(?:\[([^[\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  if (parts === null) return { problem: expected };
  const host = parts[1] === undefined ? hostName(parts[2] ?? '') : canonicalIpv6(parts[1]);
  const port = Number(parts[3]);
  if (host === undefined) return { problem: `${expected}; HOST is no address and no host name` };
  if (port > 65_535) return { problem: `${expected}; PORT is at most 65535` };
  return { value: { transport: 'tcp', host, port } };
}

/** An IPv4 address, or a host name [RFC 1123 2.1], with the underscores that container names have. */
function hostName(text: string): string | undefined {
  if (parseIpv4(text) !== undefined) return text;
  const labels = text.split('.');
  // A name whose last label is a number would be taken for an address by the resolver.
  if (text.length > 253 || /^\d*$/.test(labels.at(-1) ?? '')) return undefined;
  return labels.every(label => /^(?!-)[\w-]{1,63}(?<!-)$/.test(label)) ? text.toLowerCase() : undefined;
}

/** The shortest notation, so that one address has one text; undefined where the text is no IPv6 address. */
function canonicalIpv6(text: string): string | undefined {
  if (!/^[\da-f:.]{2,45}$/i.test(text) || !URL.canParse(`http://[${text}]/`)) return undefined;
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

/** Offers a text where it is one that would be accepted. */
function suggest(text: string): { hint: string } | undefined {
  return 'value' in readHostPort(text.slice('tcp:'.length), '')
    ? { hint: `did you mean "${text}"?` }
    : undefined;
}
