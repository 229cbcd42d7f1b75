#!/usr/bin/env node
// Reads TAP on standard input: one short line for a file that passes, everything that a failure says for one that does
// not. Appends "PASSED FAILED SKIPPED", from tap's own totals, to the file named as the argument.
// Exit code 1: something failed, or there is no total, or it counts nothing.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const totalsFile = process.argv[2];
let block = [];
let totals;
let empty = 0;

for await (const line of createInterface({ input: process.stdin })) {
  const result = /^(not )?ok \d+ - (\S+).*?(?:# time=([\d.]+)ms)?$/.exec(line);
  const counts = /^# (\{ total: .*\})$/.exec(line);
  if (counts) totals = countsOf(counts[1]);
  else if (result) {
    const [, failed, file, time] = result;
    if (line.endsWith('# SKIP no tests found')) {
      empty += 1;
      console.log(`FAIL ${file}: there is no test in it`);
    } else if (failed) for (const said of [...block.filter(isOfFailure), line]) console.log(said);
    else console.log(`ok   ${file}${time === undefined ? '' : ` (${(Number(time) / 1000).toFixed(1)} s)`}`);
    block = [];
  } else block.push(line);
}
// What follows the last file: a failed file's details, or tap's word on why it stopped.
for (const line of block.filter(isOfFailure)) console.log(line);

if (totals === undefined || totals.total === 0) {
  console.log('no totals came from tap: nothing was tested, or it stopped half-way');
  process.exitCode = 1;
} else {
  const { pass = 0, fail = 0, skip = 0, todo = 0 } = totals;
  // tap counts a file without tests as one that was skipped.
  appendFileSync(totalsFile, `${pass} ${fail + empty} ${skip + todo - empty}\n`);
  if (fail + empty > 0) process.exitCode = 1;
}

/** A line that a person needs who looks for the failure: neither of what passed nor of TAP's own frame. */
function isOfFailure(line) {
  return !/^\s*(ok \d+|1\.\.\d+|TAP version|# (Subtest|No coverage|time=).*|$)/.test(line);
}

/** "{ total: 3, pass: 1, skip: 1 }" as an object. */
function countsOf(text) {
  return Object.fromEntries(
    [...text.matchAll(/(\w+): (\d+)/g)].map(([, name, count]) => [name, Number(count)]),
  );
}
