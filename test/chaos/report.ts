import { table } from '../../protocol/kit/table.ts'
import { FAULT_KINDS } from './faults.ts'
import type { RunReport } from './run.ts'

const SHOWN_PROBLEMS = 12

/** The report as text: faults by kind and target, then each check with its figures. */
export function reportText({ faults, checks, blindSpots }: RunReport): string {
  const targets = [...new Set([...faults.keys()].map((name) => name.split(' ')[1] ?? ''))].sort()
  const rows = FAULT_KINDS.map((kind) => [
    kind,
    ...targets.map((target) => String(faults.get(`${kind} ${target}`) ?? '')),
  ]).filter(([, ...counts]) => counts.some((count) => count !== ''))
  const lines = checks.flatMap(({ id, title, figures, problems }) => [
    `${problems.length === 0 ? 'ok  ' : 'FAIL'} (${id}) ${title}: ${figures}`,
    ...problems.slice(0, SHOWN_PROBLEMS).map((problem) => `       ${problem}`),
    ...(problems.length > SHOWN_PROBLEMS ? [`       and ${problems.length - SHOWN_PROBLEMS} more`] : []),
  ])
  const blind = blindSpots.map((what) => `FAIL the checks did not notice ${what}`)
  return [table(['faults', ...targets], rows), ...lines, ...blind].join('\n')
}
