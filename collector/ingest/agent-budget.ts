import { type Owner, ownerKey } from '../../protocol/owner.ts'

/** What one agent may use. Each is generous for an agent of a thousand devices that are read every second. */
export interface AgentBudgetBounds {
  /** CPU time of the collector for its messages, ms in a second */
  cpuMsPerS: number
  messagesPerS: number
  kilobytesPerS: number
  /** at once, and different ones in an hour */
  devices: number
  /** different owners in an hour */
  owners: number
  /** different names of tags and of owners' facts in an hour */
  labels: number
}
export type BudgetPart = keyof AgentBudgetBounds

/** What was saved up in quiet times may be spent at once: an agent that comes back has much to tell. */
const SAVED_S = 10
const HOUR_MS = 3_600_000
/** The records of an outage come at the pace that the store allows: they may take several times of what live messages may. */
const LEDGER_TIMES = 8

/** So much a second, and what was not used of late. */
class Bucket {
  readonly #perS: number
  #has: number
  #atMs: number | undefined

  constructor(perS: number) {
    this.#perS = perS
    this.#has = perS * SAVED_S
  }

  /** Whether something is left. One that is large may take more than there is: the next ones wait for it. */
  isOpen(nowMs: number): boolean {
    this.#has = Math.min(
      this.#perS * SAVED_S,
      this.#has + (this.#perS * (nowMs - (this.#atMs ?? nowMs))) / 1000,
    )
    this.#atMs = nowMs
    return this.#has > 0
  }

  take(amount: number): void {
    this.#has -= amount
  }
}

/** Different texts of the present hour. */
class Names {
  readonly #most: number
  readonly #seen = new Set<string>()
  #fromMs = 0

  constructor(most: number) {
    this.#most = most
  }

  /** @returns false where one of them is too many: none of them is counted */
  admits(names: Iterable<string>, nowMs: number): boolean {
    if (nowMs - this.#fromMs >= HOUR_MS) {
      this.#seen.clear()
      this.#fromMs = nowMs
    }
    const added: string[] = []
    for (const name of names)
      if (!this.#seen.has(name)) {
        this.#seen.add(name)
        added.push(name)
      }
    if (this.#seen.size <= this.#most) return true
    for (const name of added) this.#seen.delete(name)
    return false
  }
}

type Rates = Readonly<Record<'cpuMsPerS' | 'messagesPerS' | 'kilobytesPerS', Bucket>>

const ratesOf = ({ cpuMsPerS, messagesPerS, kilobytesPerS }: AgentBudgetBounds, times: number): Rates => ({
  cpuMsPerS: new Bucket(cpuMsPerS * times),
  messagesPerS: new Bucket(messagesPerS * times),
  kilobytesPerS: new Bucket(kilobytesPerS * times),
})

/** What one agent has used. Times are steady ms. */
export class AgentBudget {
  readonly #live: Rates
  readonly #ledger: Rates
  readonly #devices: Names
  readonly #owners: Names
  readonly #labels: Names

  constructor(bounds: AgentBudgetBounds) {
    this.#live = ratesOf(bounds, 1)
    this.#ledger = ratesOf(bounds, LEDGER_TIMES)
    this.#devices = new Names(bounds.devices)
    this.#owners = new Names(bounds.owners)
    this.#labels = new Names(bounds.labels)
  }

  /** Before a message is looked at. @returns which part of the budget is used up; undefined: none, and it is counted */
  admits(plane: 'live' | 'ledger', bytes: number, nowMs: number): BudgetPart | undefined {
    const rates = plane === 'live' ? this.#live : this.#ledger
    for (const part of ['messagesPerS', 'kilobytesPerS', 'cpuMsPerS'] as const)
      if (!rates[part].isOpen(nowMs)) return part
    rates.messagesPerS.take(1)
    rates.kilobytesPerS.take(bytes / 1000)
    return undefined
  }

  /** What a message took. */
  spent(plane: 'live' | 'ledger', cpuMs: number): void {
    const rates = plane === 'live' ? this.#live : this.#ledger
    rates.cpuMsPerS.take(cpuMs)
  }

  /** Of a live message's owners. @returns which part is used up */
  admitsOwners(owners: readonly Owner[], nowMs: number): BudgetPart | undefined {
    if (!this.#owners.admits(owners.map(ownerKey), nowMs)) return 'owners'
    return this.admitsLabels(owners.flatMap(Object.keys), nowMs)
  }

  /** Of an inventory's devices. @returns which part is used up */
  admitsDevices(deviceIds: readonly string[], nowMs: number): BudgetPart | undefined {
    return this.#devices.admits(deviceIds, nowMs) ? undefined : 'devices'
  }

  /** Of names of facts or tags. @returns which part is used up */
  admitsLabels(names: readonly string[], nowMs: number): BudgetPart | undefined {
    return this.#labels.admits(names, nowMs) ? undefined : 'labels'
  }
}
