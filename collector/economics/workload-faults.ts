import { contractTerm } from './contract-time.ts'
import { UNPAID } from './unpaid.ts'
import type { Workload } from './workloads.ts'

/** A mistake in the list of workloads, with its place in the list. */
export interface WorkloadFault {
  path: [index: number, field: 'name' | 'until' | 'match']
  message: string
}

/** Finds mistakes that no single field shows: duplicate names, empty contract periods, and rules that never match. */
export function workloadFaults(workloads: readonly Workload[]): WorkloadFault[] {
  const taken = new Map<string, string>(Object.values(UNPAID).map((name) => [name, 'reserved by perwatt']))
  const faults: WorkloadFault[] = []
  for (const [i, workload] of workloads.entries()) {
    const { name, from } = workload
    const fault = (field: WorkloadFault['path'][1], message: string) =>
      faults.push({ path: [i, field], message })
    const owner = taken.get(name)
    if (owner) fault('name', `${name} is ${owner}; choose another`)
    taken.set(name, `already the name of workloads[${i}]`)
    const { fromMs, untilMs } = contractTerm(workload)
    if (untilMs <= fromMs) fault('until', `expected a time after \`from\` (${from})`)
    const first = workloads.slice(0, i).findIndex((earlier) => takesAllOf(earlier, workload))
    if (first !== -1)
      fault(
        'match',
        `workloads[${first}] has the same rules and comes first, so ${name} never matches; change one of them`,
      )
  }
  return faults
}

/** Whether the earlier workload has every rule of the later one, and is in force whenever the later one is. */
function takesAllOf(earlier: Workload, later: Workload): boolean {
  const [before, after] = [contractTerm(earlier), contractTerm(later)]
  const rules = new Set(earlier.match.map(ruleKey))
  return (
    later.match.length > 0 &&
    before.fromMs <= after.fromMs &&
    before.untilMs >= after.untilMs &&
    later.match.every((rule) => rules.has(ruleKey(rule)))
  )
}

/** A key that does not depend on the order of the facts. */
const ruleKey = (rule: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(rule).sort(([a], [b]) => (a < b ? -1 : 1)))
