/**
 * Bytes that a call allocates on V8's heap: how much of the heap is in use after some calls, less what was before, over
 * the number of calls. A batch in which the garbage was collected shows too little, so the median of many short batches
 * counts, and what measuring itself allocates is taken off.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { median } from './result.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const batches = 15;

/** `calls` calls must stay well under the young generation's size, 16 MB. */
export function bytesPerCall(work: () => void, calls: number): number {
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
  return (deltas(calls) - own) / calls;
}
