import { performance } from 'node:perf_hooks';
import type { Effects } from '../controller/effects.js';
import { connect } from './streams.js';

/** The real clock, timers and sockets. */
export function realEffects(): Effects {
  return {
    now: () => performance.now(),
    every: (ms, run) => {
      const timer = setInterval(run, ms);
      return { cancel: () => clearInterval(timer) };
    },
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return { cancel: () => clearTimeout(timer) };
    },
    defer: run => setImmediate(run),
    random: Math.random,
    connect,
  };
}
