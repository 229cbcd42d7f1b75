import type { Facts } from '../facts.js';
import { quoted, type Finding } from '../mistake.js';
import type { LineOf } from '../source.js';
import { repeats } from './repeats.js';

/** An app runs once: its name is its part of the cookies and its tables. */
export const checkApps = (facts: Facts, lineOf: LineOf): Finding[] =>
  repeats(
    facts.apps,
    app => app.name,
    (app, first) => ({
      path: app.path,
      message: `the app ${quoted(app.name)} is in the list already, on line ${lineOf(first.path)}`,
    }),
  );
