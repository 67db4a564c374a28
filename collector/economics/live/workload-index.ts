import { contractTime } from '../contract-time.ts'
import type { Attribution } from '../energy/attribution.ts'
import { UNPAID } from '../unpaid.ts'
import type { Workload } from '../workloads.ts'

/** Numbers the workloads, so that sums over them are flat arrays: those of the configuration in its order, then the names in UNPAID. */
export class WorkloadIndex {
  readonly attributions: readonly Attribution[]
  readonly idle: number
  readonly overhead: number
  readonly unaccounted: number
  readonly #byName = new Map<string, number>()
  /** for each workload: whether its contract is in force */
  readonly #times: readonly ((atMs: number) => boolean)[]
  #inForce = ''

  constructor(workloads: readonly Workload[]) {
    const unpaid = [UNPAID.idle, UNPAID.unassigned, UNPAID.overhead, UNPAID.unaccounted]
    this.attributions = [
      ...workloads.map((workload) => ({ name: workload.name, workload })),
      ...unpaid.map((name) => ({ name })),
    ]
    for (const [i, { name }] of this.attributions.entries())
      if (!this.#byName.has(name)) this.#byName.set(name, i)
    this.idle = this.of(UNPAID.idle)
    this.overhead = this.of(UNPAID.overhead)
    this.unaccounted = this.of(UNPAID.unaccounted)
    this.#times = workloads.map(contractTime)
  }

  get count(): number {
    return this.attributions.length
  }

  /** The number of a workload. @param name a workload of the configuration, or a name in UNPAID */
  of(name: string): number {
    return this.#byName.get(name) as number
  }

  /** Whether a contract started or ended since the last call, so that owners must be attributed again. True at the first call. */
  contractsChanged(atMs: number): boolean {
    const inForce = this.#times.map((isInForce) => (isInForce(atMs) ? 1 : 0)).join('')
    if (inForce === this.#inForce) return false
    this.#inForce = inForce
    return true
  }
}
