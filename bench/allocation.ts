/**
 * Bytes that a call allocates on V8's heap: how much of the heap is in use after some calls, less what was before, over
 * the number of calls. A batch in which the garbage was collected shows too little, so the median of many short batches
 * counts, and what measuring itself allocates is taken off.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { median } from './result.js';

setFlagsFromString('--expose-gc');
/** Collects all garbage there is. */
export const collect = runInNewContext('gc') as () => void;

const batches = 15;
/** Well under the young generation's first size, so that nothing is collected within a batch. */
const batchBytes = 200_000;

export function bytesPerCall(work: () => void): number {
  const used = (count: number): number => {
    const { heapUsed: before } = process.memoryUsage();
    for (let i = 0; i < count; i++) work();
    return process.memoryUsage().heapUsed - before;
  };
  const deltas = (count: number): number =>
    median(
      Array.from({ length: batches }, () => {
        collect();
        return used(count);
      }),
    );
  const own = deltas(0);
  const first = Math.max(40, (deltas(2) - own) / 2);
  const calls = Math.max(1, Math.round(batchBytes / first));
  return Math.max(0, (deltas(calls) - own) / calls);
}
