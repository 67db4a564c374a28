import { z } from 'zod'
import type { Driver } from '../../agent/plugin/driver.ts'
import type { Reading } from '../../agent/plugin/reading.ts'
import { HASHES_PER_DIFF1 } from '../../protocol/units.ts'

const HASHRATE_HS = 1e14
const POWER_W = 3000
const OWNER = { poolUrl: 'stratum+tcp://btc.pool.example:3333', poolUser: 'fleet' }

/** Time of the synthetic machines: it can stand still, so that everything that they counted can be read. */
export class WorldTime {
  #standsSinceMs: number | undefined
  #skippedMs = 0

  get ms(): number {
    return (this.#standsSinceMs ?? performance.now()) - this.#skippedMs
  }

  stand(): void {
    this.#standsSinceMs ??= performance.now()
  }
}

/** What a machine has counted since it was first read: exactly this must be in the ledger. */
export interface Counted {
  workDiff1: number
  energyMilliJ: number
}

/** A miner that counts by the clock, without sockets, so that one process has tens of thousands. */
export class CountingMachine {
  readonly #time: WorldTime
  readonly #bornMs: number
  /** ms of the world's time before which it does not answer: it has no address yet */
  readonly #answersFromMs: number
  #first: Counted | undefined
  #last: Counted | undefined

  constructor(time: WorldTime, answersFromMs = 0) {
    this.#time = time
    this.#bornMs = time.ms
    this.#answersFromMs = answersFromMs
  }

  /** Whether everything that it counted has been read. */
  get isRead(): boolean {
    return this.#last !== undefined && this.#last.workDiff1 === this.#now().workDiff1
  }

  /** Undefined: it was never read. */
  get sinceFirstRead(): Counted | undefined {
    if (!this.#first || !this.#last) return undefined
    return {
      workDiff1: this.#last.workDiff1 - this.#first.workDiff1,
      energyMilliJ: this.#last.energyMilliJ - this.#first.energyMilliJ,
    }
  }

  /** @throws while it has no address */
  read(): Reading {
    if (this.#time.ms < this.#answersFromMs) throw new Error('no route to the machine yet')
    const counted = this.#now()
    this.#first ??= counted
    this.#last = counted
    return {
      identity: { kind: 'asic', model: 'Antminer S21', expectedHashrateHs: HASHRATE_HS },
      sample: {
        state: 'hashing',
        powerW: POWER_W,
        powerBasis: 'reported',
        hashrateHs: HASHRATE_HS,
        uptimeS: Math.floor((this.#time.ms - this.#bornMs) / 1000) + 1000,
        holders: [{ owner: OWNER, share: 1 }],
      },
      counters: {
        energyJ: counted.energyMilliJ / 1000,
        byOwner: [{ owner: OWNER, workDiff1: counted.workDiff1 }],
      },
    }
  }

  #now(): Counted {
    const upS = (this.#time.ms - this.#bornMs) / 1000
    return {
      workDiff1: 1e6 + Math.floor((upS * HASHRATE_HS) / HASHES_PER_DIFF1),
      energyMilliJ: 1e9 + Math.floor(upS * POWER_W) * 1000,
    }
  }
}

/** A driver that reads such machines by their device id. Earlier versions of the agent take it too. */
export function countingDriver(machines: ReadonlyMap<string, CountingMachine>): Driver {
  return {
    name: 'counting',
    summary: 'synthetic miners of the fleet runs',
    kind: 'asic',
    settings: z.strictObject({}),
    needsHost: false,
    requests: [],
    open: ({ id }) => ({
      read: async () => {
        const machine = machines.get(id)
        if (!machine) throw new Error(`there is no machine ${id}`)
        return [machine.read()]
      },
    }),
  }
}
