import { table } from '../../protocol/kit/table.ts'
import type { Plan } from './reconcile.ts'
import type { Found } from './sweep.ts'

const TERA = 1e12
const HEAD = ['address', 'family', 'model', 'firmware', 'MAC/serial', 'hashrate', 'state']

/** The machines that were found, one line each. */
export function machineTable(machines: readonly Found[]): string {
  const rows = machines.map(({ host, driver, identity = {}, sample }) => [
    host,
    driver ?? '-',
    identity.model ?? '-',
    identity.firmware ?? '-',
    identity.hardwareId ?? '-',
    sample?.hashrateHs === undefined ? '-' : `${(sample.hashrateHs / TERA).toFixed(1)} TH/s`,
    sample?.state ?? 'unknown',
  ])
  return table(HEAD, rows)
}

/** What the operator should know about a sweep: nothing found, machines without identity, problems. */
export function findingLines(found: readonly Found[], addresses: number): string[] {
  const machines = found.filter((m) => m.driver !== undefined)
  const nameless = machines.filter((m) => m.identity?.hardwareId === undefined).length
  return [
    ...(machines.length > 0
      ? []
      : [
          `no miner answers at ${addresses === 1 ? '1 address' : `${addresses} addresses`}; check the range, and that this computer is in the miners' network`,
        ]),
    ...(nameless > 0
      ? [
          `${nameless} of them report no MAC or serial number, so a scan can't follow them to a new address; scan from their own network, or with --web-password-file`,
        ]
      : []),
    ...found.flatMap(({ host, driver, problem }) =>
      problem === undefined ? [] : [`${driver ?? 'unknown machine'} ${host}: ${problem}`],
    ),
  ]
}

/** What was written, and what a person should look at; one line each. */
export function planLines(file: string, plan: Plan): string[] {
  const counts = [
    [plan.added.length, 'new'],
    [plan.moved.length, 'with another address'],
    [plan.noted.length, 'known by MAC or serial from now on'],
    [plan.unchanged, 'unchanged'],
    [plan.missing.length + plan.exchanged.length, 'not found'],
  ] as const
  const summary = counts.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`)
  return [
    `${file}: ${summary.join(', ')}`,
    ...plan.moved.map(({ id, from, to }) => `  ${id} moved from ${from} to ${to}`),
    ...plan.exchanged.map(
      ({ id, host, expected, found }) =>
        `  ${id} (${expected}) was not found, and ${found} answers at its address ${host}; if the machine was exchanged, change its hardwareId`,
    ),
    ...plan.missing.map(
      ({ id, host }) => `  ${id} was not found at ${host}, nor elsewhere; it stays in the file`,
    ),
  ]
}

/** Whether the file has to change. */
export const changes = ({ added, moved, noted }: Plan): boolean =>
  added.length + moved.length + noted.length > 0
