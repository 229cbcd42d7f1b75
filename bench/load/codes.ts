/** Numbers of OpenFlow 1.3 that the load generators read from bytes, without decoding [OF1.3.5 7.1, 7.3.5]. */
export const version = 4;

export const type = {
  hello: 0,
  error: 1,
  echoRequest: 2,
  experimenter: 4,
  features: 5,
  packetIn: 10,
  packetOut: 13,
  flowMod: 14,
  groupMod: 15,
  multipart: 18,
  multipartReply: 19,
  barrier: 20,
} as const;

export const multiparts = {
  desc: 0,
  flow: 1,
  aggregate: 2,
  groupDesc: 7,
  meterFeatures: 11,
  portDesc: 13,
  experimenter: 0xffff,
} as const;

/** Bodies of replies that are no lists, in bytes [OF1.3.5 7.3.5.1, 7.3.5.3, 7.3.5.14]. */
export const bodySize = { desc: 1_056, aggregate: 24, meterFeatures: 16 } as const;

/** Bundles, as an extension of the Open Networking Foundation brings them to 1.3 [EXT-230]. */
export const onf = 0x4f4e4600;
export const bundle = { control: 2_300, add: 2_301 } as const;
/** Where a bundled message begins in the message that adds it. */
export const bundledAt = 24;

/** Its control messages are answered by the reply type, which is one more. */
export function bundleReply(request: Uint8Array): Uint8Array {
  const reply = request.slice();
  reply[21] = (reply[21] ?? 0) + 1;
  return reply;
}

/** What a control message is for: the commit's number. */
export const commitRequest = 4;
