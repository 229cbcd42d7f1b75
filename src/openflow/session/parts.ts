import { OFPMPF_REPLY_MORE } from '../constants.js';
import type { Message, MultipartReply } from '../messages/index.js';

/** Replies whose parts are joined, or what is wrong with them. */
export type Joined = { readonly replies: readonly Message[] } | { readonly broken: string };

/**
 * Joins multipart replies from their parts [OF1.3.5 7.3.5]: the parts of one reply have one transaction id, those of
 * several may come between each other, and OFPMPF_REPLY_MORE says that more follow. Other messages stay as they are.
 * A list that is not whole is no list: what is missing in it would be taken for what the switch does not have.
 *
 * @param asked the kinds that were asked for, by transaction id; each must be answered whole, unless it is in `refused`
 */
export function joinParts(
  messages: readonly Message[],
  asked: ReadonlyMap<number, string>,
  refused: ReadonlySet<number>,
): Joined {
  const replies: Message[] = [];
  const whole = new Map<number, boolean>();
  const lists = new Map<number, unknown[]>();
  for (const message of messages) {
    if (message.type !== 'multipart_reply') {
      replies.push(message);
      continue;
    }
    const { xid, body } = message;
    // Parts of two kinds under one id would make one list of two types.
    if (body.type !== asked.get(xid))
      return { broken: `answered with a ${body.type} that was not asked for` };
    whole.set(xid, (message.flags & OFPMPF_REPLY_MORE) === 0);
    const list = lists.get(xid);
    if (list === undefined) replies.push(withOwnEntries(message, lists));
    else if ('entries' in body) for (const entry of body.entries) list.push(entry);
  }
  for (const [xid, kind] of asked) {
    if (refused.has(xid) || whole.get(xid) === true) continue;
    return {
      broken: `answered a barrier before ${whole.has(xid) ? 'the last part of' : 'any part of'} its ${kind}`,
    };
  }
  return { replies };
}

/** The first part, with a list of its own that the later parts can be put to. */
function withOwnEntries(part: MultipartReply, lists: Map<number, unknown[]>): MultipartReply {
  if (!('entries' in part.body)) return part;
  const entries: unknown[] = [...part.body.entries];
  lists.set(part.xid, entries);
  return { ...part, body: { ...part.body, entries } } as MultipartReply;
}
