import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import type { FaultGroup } from './faults.ts'
import { accounts } from './losses.ts'
import type { RunReport } from './run.ts'

export interface RecordedRun {
  seed: number
  store: string
  minutes: number
  gapS: number
  /** absent: all */
  groups?: readonly FaultGroup[]
  /** the commit whose programs ran */
  commit: string
}

const HEAD = `# Chaos runs

Each row is one run, written by the run itself: \`npm run chaos -- --record test/chaos/RUNS.md\`. Lost are records that a fault took from every
disk; counted are those that the collector counts as lost. Of an agent whose spool was copied or restored, lost are minutes of devices,
and the collector counts those that may be missing.

| commit | seed | store | faults | minutes | gap, s | struck | records | lost | counted | checks that failed | result |
| ------ | ---- | ----- | ------ | ------- | ------ | ------ | ------- | ---- | ------- | ------------------ | ------ |
`

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0)

/** One row of the table, without its line end. */
function rowOf(run: RecordedRun, report: RunReport): string {
  const { evidence, faults, checks, blindSpots, ok } = report
  const all = accounts(evidence)
  const failed = checks.filter((c) => c.problems.length > 0).map((c) => c.id)
  const cells = [
    run.commit,
    run.seed,
    run.store,
    run.groups?.join(' ') ?? 'all',
    run.minutes,
    run.gapS,
    sum(faults.values()),
    evidence.stored.intervals.length,
    sum(all.map((a) => a.lost)),
    sum(all.map((a) => a.counted)),
    [...failed, ...blindSpots.map(() => 'self-test')].join(' ') || '-',
    ok ? 'ok' : 'FAILED',
  ]
  return `| ${cells.join(' | ')} |`
}

/** Appends a run to the table, which is begun where there is none. Runs in other processes append to it meanwhile. */
export function record(file: string, run: RecordedRun, report: RunReport): void {
  if (!existsSync(file)) writeFileSync(file, HEAD, { flag: 'a' })
  appendFileSync(file, `${rowOf(run, report)}\n`)
}
