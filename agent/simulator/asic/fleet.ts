import type { Random } from '../base/random.ts'
import { type AsicEvent, asicEvents, strike } from './events.ts'
import type { AsicMachine } from './machine.ts'

/** All mining machines of the site and what happens to them. */
export class AsicFleet {
  readonly machines: readonly AsicMachine[]
  readonly #random: Random
  readonly #script: Generator<AsicEvent, void>
  readonly #endings = new Map<number, { atS: number; end: () => void }>()
  #next: AsicEvent | undefined
  #nowS = 0

  constructor(machines: readonly AsicMachine[], random: Random, pace: number) {
    this.machines = machines
    this.#random = random
    this.#script = asicEvents(
      random.fork('script'),
      machines.map((m) => m.model),
      pace,
    )
    this.#next = this.#script.next().value ?? undefined
  }

  /** Advances all machines. @returns the events that began in this time */
  advance(dtS: number): AsicEvent[] {
    this.#nowS += dtS
    for (const [index, ending] of this.#endings)
      if (ending.atS <= this.#nowS) {
        this.#endings.delete(index)
        ending.end()
      }
    const begun: AsicEvent[] = []
    for (; this.#next && this.#next.atS <= this.#nowS; this.#next = this.#script.next().value ?? undefined) {
      const machine = this.machines[this.#next.machine]
      // a machine has at most one misfortune at a time
      if (!machine || this.#endings.has(this.#next.machine)) continue
      const end = strike(machine, this.#next.kind, this.#random)
      this.#endings.set(this.#next.machine, { atS: this.#next.atS + this.#next.lastsS, end })
      begun.push(this.#next)
    }
    for (const machine of this.machines) machine.advance(dtS)
    return begun
  }
}
