import type { Group } from '../intent/index.js';
import { same } from '../lib/same.js';
import { type Bucket, encodeInto, OFP_NO_BUFFER, Writer } from '../openflow/index.js';
import { tryToWrite } from './told.js';

/** Groups carry no cookie, so they are compared by what they say. */
export function sameGroup(a: Group, b: Group): boolean {
  if (a === b) return true;
  return (
    a.groupType === b.groupType &&
    a.buckets.length === b.buckets.length &&
    a.buckets.every((bucket, index) => {
      const other = b.buckets[index];
      return other !== undefined && sameBucket(bucket, other);
    })
  );
}

/**
 * The wanted group and, behind its own, the buckets that the switch has and that may be wanted after all.
 *
 * @param stays whether a bucket that is not wanted stays; undefined: none does
 */
export function withOldBuckets(
  wanted: Group,
  there: Group,
  stays: ((bucket: Bucket) => boolean) | undefined,
): Group {
  if (stays === undefined || wanted === there) return wanted;
  const keys = new Set(wanted.buckets.map(bucketKey));
  const extra = there.buckets.filter(bucket => {
    const key = bucketKey(bucket);
    return key !== undefined && !keys.has(key) && stays(bucket);
  });
  if (extra.length === 0) return wanted;
  const all = [...wanted.buckets, ...extra];
  // In the switch's own order where it has them all already, so that nothing is sent.
  const old = new Set(there.buckets.map(bucketKey));
  const hasAll = all.length === there.buckets.length && all.every(bucket => old.has(bucketKey(bucket)));
  return hasAll && there.groupType === wanted.groupType ? there : { ...wanted, buckets: all };
}

/** What says the same in the same words needs no encoding, which is most of what an audit reads. */
function sameBucket(a: Bucket, b: Bucket): boolean {
  if (a === b || same(a.actions, b.actions)) return true;
  const key = bucketKey(a);
  return key !== undefined && key === bucketKey(b);
}

/** Of a bucket in a message [OF1.3.5 7.3.4.2]; infinite where none can say it. Bytes. */
export const bucketSize = (bucket: Bucket): number =>
  bucketHeader + (bucketKey(bucket)?.length ?? Infinity) - packetOutHeader;

const bucketHeader = 16;
const packetOutHeader = 24;

/** Undefined: no message can say it. */
const keys = new WeakMap<Bucket, string | undefined>();
const writer = new Writer(1024);
const noData = new Uint8Array(0);

/** A bucket's actions in their bytes; the watch fields and the weight mean nothing in a group of type all. */
function bucketKey(bucket: Bucket): string | undefined {
  let key = keys.get(bucket);
  if (key === undefined && !keys.has(bucket)) {
    key = tryToWrite(() => keyOf(bucket));
    keys.set(bucket, key);
  }
  return key;
}

function keyOf({ actions }: Bucket): string {
  writer.reset();
  const message = {
    type: 'packet_out',
    xid: 0,
    bufferId: OFP_NO_BUFFER,
    inPort: 0,
    actions,
    data: noData,
  } as const;
  encodeInto(writer, message);
  const { bytes, pos } = writer;
  return Buffer.from(bytes.buffer, bytes.byteOffset, pos).toString('latin1');
}
