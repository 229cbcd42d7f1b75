/** As much of a switch as it takes to be let in: it has no ports and no flows. */
import { encode, type Message, type MultipartReply } from '../../../src/openflow/index.js';
import type { Peer } from './door.js';

export const hello = encode({ type: 'hello', xid: 1, version: 4, versions: [4] });

/** Answers Heddle's questions as a switch with this datapath id. */
export const answerAs =
  (datapathId: bigint) =>
  (message: Message, peer: Peer): void => {
    const answer = answerTo(message, datapathId);
    if (answer !== undefined) peer.send(encode(answer));
  };

function answerTo(message: Message, datapathId: bigint): Message | undefined {
  switch (message.type) {
    case 'echo_request':
      return { type: 'echo_reply', xid: message.xid, data: message.data };
    case 'features_request':
      return {
        type: 'features_reply',
        xid: message.xid,
        datapathId,
        nBuffers: 0,
        nTables: 254,
        auxiliaryId: 0,
        capabilities: 0,
        reserved: 0,
      };
    case 'multipart_request':
      return { type: 'multipart_reply', xid: message.xid, flags: 0, body: emptyReply(message.body.type) };
    case 'barrier_request':
      return { type: 'barrier_reply', xid: message.xid };
    case 'bundle_control': {
      const controlType = message.controlType.replace('request', 'reply') as typeof message.controlType;
      return { ...message, controlType };
    }
    default:
      return undefined;
  }
}

function emptyReply(type: string): MultipartReply['body'] {
  switch (type) {
    case 'flow':
    case 'group_desc':
    case 'meter_config':
    case 'port_desc':
      return { type, entries: [] };
    case 'meter_features':
      return { type, maxMeter: 0, bandTypes: 0, capabilities: 0, maxBands: 0, maxColor: 0 };
    default:
      return { type: 'desc', mfrDesc: 'a test', hwDesc: '', swDesc: '', serialNum: '', dpDesc: '' };
  }
}
