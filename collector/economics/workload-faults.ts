import { UNPAID, type Workload } from './workloads.ts'

/** What is wrong with a workload beside the others: where in the list, and why. */
export interface WorkloadFault {
  path: [index: number, field: 'name' | 'until' | 'match']
  message: string
}

/** Faults that no field has by itself: names that are taken, times that never are, rules that nothing reaches. */
export function workloadFaults(workloads: readonly Workload[]): WorkloadFault[] {
  const taken = new Map<string, string>(
    Object.values(UNPAID).map((name) => [name, 'a name of perwatt’s own']),
  )
  const faults: WorkloadFault[] = []
  for (const [i, workload] of workloads.entries()) {
    const { name, from } = workload
    const fault = (field: WorkloadFault['path'][1], message: string) =>
      faults.push({ path: [i, field], message })
    const owner = taken.get(name)
    if (owner) fault('name', `${name} is ${owner}; choose another`)
    taken.set(name, `the name of workloads[${i}] already`)
    const { fromMs, untilMs } = termOf(workload)
    if (untilMs <= fromMs) fault('until', `expected a time after \`from\`, which is ${from}`)
    const first = workloads.slice(0, i).findIndex((earlier) => takesAllOf(earlier, workload))
    if (first !== -1)
      fault(
        'match',
        `workloads[${first}] asks for the same and comes first, so nothing is left for ${name}; change one of them`,
      )
  }
  return faults
}

const termOf = ({ from, until }: Workload) => ({
  fromMs: from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from),
  untilMs: until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until),
})

/** Whether the earlier workload is in force all the time that the later one is, and has each of its rules. */
function takesAllOf(earlier: Workload, later: Workload): boolean {
  const [before, after] = [termOf(earlier), termOf(later)]
  const rules = new Set(earlier.match.map(ruleKey))
  return (
    later.match.length > 0 &&
    before.fromMs <= after.fromMs &&
    before.untilMs >= after.untilMs &&
    later.match.every((rule) => rules.has(ruleKey(rule)))
  )
}

/** The same for the same facts in any order. */
const ruleKey = (rule: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(rule).sort(([a], [b]) => (a < b ? -1 : 1)))
