import { get } from 'node:http';

/** More than this is no status of ours. Bytes. */
const largestAnswer = 256 * 1024 * 1024;

/**
 * GETs a URL. Not `fetch`, which refuses some ports that an api may well listen on [Fetch, "bad port"].
 *
 * @param patience milliseconds of silence after which it is given up
 * @throws Error with the reason, in words
 */
export function getText(
  url: string,
  patience: number,
): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { timeout: patience, agent: false }, response => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > largestAnswer) request.destroy(new Error('its answer is too long'));
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      });
    });
    request.on('timeout', () => request.destroy(new Error(`it said nothing for ${patience / 1000} s`)));
    request.on('error', reject);
  });
}

/** Whether a failure of `getText` says that nothing listens there, at none of the addresses that a name may have. */
export function isNothingThere(thrown: unknown): boolean {
  if (thrown instanceof AggregateError) return thrown.errors.every(isNothingThere);
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ECONNREFUSED';
}

/** HOST:PORT, as a URL has them. */
export const addressOf = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;
