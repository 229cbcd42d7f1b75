/**
 * Who a server is that has connected to us: its host is known by Open_vSwitch.external_ids:system-id. It is asked once, and
 * its echo requests are answered until whoever serves it takes the connection over.
 */
import { HeddleError } from '../lib/errors.js';
import { asArray, asRecord } from './json.js';
import { JsonStream } from './json-stream.js';
import { formatError, formatRequest, formatResult, parseMessage, refusal, type RpcReply } from './rpc.js';
import { decodeMap } from './values.js';

/** To be carried out in order. */
export type IntroductionOutput =
  | { readonly type: 'send'; readonly text: string }
  /** What it calls itself; undefined where it has no such id. */
  | { readonly type: 'known'; readonly systemId: string | undefined }
  | { readonly type: 'close'; readonly error: HeddleError };

/** Of one message: external_ids of a host are some hundred bytes. */
const maxBytes = 256 * 1024;

/** The file takes no longer ones. */
const longestId = 255;

/** No number, since those are the ids of whoever comes after. */
const question = 'who';

export class Introduction {
  readonly #stream = new JsonStream({ maxBytes });
  #isOver = false;

  /** The connection stands. */
  opened(): readonly IntroductionOutput[] {
    const select = { op: 'select', table: 'Open_vSwitch', where: [], columns: ['external_ids'] };
    return [{ type: 'send', text: formatRequest(question, 'transact', ['Open_vSwitch', select]) }];
  }

  /** Never throws: whatever is wrong with these bytes ends the connection. */
  received(bytes: Uint8Array): readonly IntroductionOutput[] {
    if (this.#isOver) return [];
    const outputs: IntroductionOutput[] = [];
    try {
      for (const text of this.#stream.push(bytes)) outputs.push(...message(text));
    } catch (thrown) {
      if (!(thrown instanceof HeddleError)) throw thrown;
      this.#isOver = true;
      outputs.push({ type: 'close', error: thrown });
    }
    return outputs;
  }

  /** What has come of a message that is not whole yet: the first bytes for whoever comes after. */
  get unfinished(): Uint8Array {
    return this.#stream.unfinished;
  }
}

function message(text: unknown): readonly IntroductionOutput[] {
  const read = parseMessage(text);
  switch (read.type) {
    case 'request': {
      const { id, method, params } = read;
      const answer = method === 'echo' ? formatResult(id, params) : formatError(id, 'unknown method');
      return [{ type: 'send', text: answer }];
    }
    case 'notification':
      return [];
    case 'response':
      if (read.id !== question) throw new HeddleError('OVSDB_BAD_MESSAGE', 'an answer to no question');
      return [{ type: 'known', systemId: systemIdIn(read.reply) }];
  }
}

function systemIdIn(reply: RpcReply): string | undefined {
  if (!reply.ok) throw refusal('select external_ids', reply.error);
  const result = asRecord(asArray(reply.result, 'the results of a transaction')[0], 'the result of a select');
  // Until `ovs-vsctl init` there is no row.
  const [row] = asArray(result['rows'], 'the rows of a select');
  if (row === undefined) return undefined;
  const id = decodeMap('string', 'string', asRecord(row, 'a row')['external_ids']).get('system-id');
  return typeof id === 'string' && id !== '' && id.length <= longestId ? id : undefined;
}
