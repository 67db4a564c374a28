import { type Attribution, contractTime } from '../energy/attribution.ts'
import { UNPAID } from '../unpaid.ts'
import type { Workload } from '../workloads.ts'

/** Workloads by number, so that sums over them are flat arrays: the configuration's in its order, then what earns nothing. */
export class WorkloadIndex {
  readonly attributions: readonly Attribution[]
  readonly idle: number
  readonly overhead: number
  readonly unaccounted: number
  readonly #byName = new Map<string, number>()
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

  of(name: string): number {
    return this.#byName.get(name) as number
  }

  /** Whether a contract began or ended since the last call: then other owners' work may be whose it wasn't. */
  moved(atMs: number): boolean {
    const inForce = this.#times.map((isInForce) => (isInForce(atMs) ? 1 : 0)).join('')
    if (inForce === this.#inForce) return false
    this.#inForce = inForce
    return true
  }
}
