import type { IpReport, MacReport } from '../intent/index.js';

/** What `heddle macs` and GET /v1/macs tell. All values are plain JSON. */
export interface MacTable {
  /** By network, in the order of the file, and by MAC. */
  readonly macs: readonly MacStatus[];
}

export interface MacStatus extends Omit<MacReport, 'since' | 'ips'> {
  /** How long it has been there, as far as Heddle or the switch knows. */
  readonly ageSeconds: number;
  readonly ips: readonly IpStatus[];
}

export interface IpStatus extends Omit<IpReport, 'since'> {
  /** How long that is known; left out for what the file says. */
  readonly ageSeconds?: number;
}

/** @param now in milliseconds, by the clock of the reports */
export function buildMacs(reports: readonly MacReport[], now: number, network?: string): MacTable {
  const age = (at: number): number => Math.max(0, Math.floor((now - at) / 1000));
  return {
    macs: reports
      .filter(report => network === undefined || report.network === network)
      .map(({ since, ips, ...report }) => ({
        ...report,
        ips: ips.map(({ since: seen, ...ip }) => ({
          ...ip,
          ...(seen !== undefined && { ageSeconds: age(seen) }),
        })),
        ageSeconds: age(since),
      })),
  };
}
