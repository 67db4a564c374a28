import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { every } from '../../protocol/kit/timers.ts'
import type { Store } from '../plugin/store.ts'
import type { Doubts } from './doubts.ts'

const KIND = 'doubts'
/** Each agent's sums are written this often; a collector that is killed forgets no more. */
const ROUND_MS = 5 * 60_000
/** One agent at a time, so that no write is large. */
const TURN_MS = 1_000

/** Keeps the sums of the doubts over restarts: without them, what a device did too much would be forgotten with each. */
export class DoubtsKeeper {
  readonly #store: Pick<Store, 'keepText' | 'keptTexts'>
  readonly #doubts: Doubts
  readonly #log: Log
  readonly #nowMs: () => number
  readonly #writtenMs = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #failing = false

  constructor(options: {
    store: Pick<Store, 'keepText' | 'keptTexts'>
    doubts: Doubts
    log: Log
    nowMs: () => number
  }) {
    this.#store = options.store
    this.#doubts = options.doubts
    this.#log = options.log
    this.#nowMs = options.nowMs
  }

  /** Restores what was kept, also again after another collector has kept it. Rejects where the store fails. */
  async start(): Promise<void> {
    for (const [agentId, text] of await this.#store.keptTexts(KIND)) {
      this.#doubts.restore(agentId, text)
      this.#writtenMs.set(agentId, this.#nowMs())
    }
    this.#timer ??= every(TURN_MS, () => this.#turn())
  }

  /** Writes all of them. Never rejects. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    for (const agentId of this.#doubts.agents) this.#write(agentId)
    await this.#writing
  }

  /** Writes as many agents as it takes to have written each within a round. */
  #turn(): void {
    const due = this.#doubts.agents.filter(
      (agentId) => Math.abs(this.#nowMs() - (this.#writtenMs.get(agentId) ?? 0)) >= ROUND_MS,
    )
    const turns = ROUND_MS / TURN_MS
    for (const agentId of due.slice(0, Math.ceil(this.#doubts.agents.length / turns))) this.#write(agentId)
  }

  #write(agentId: string): void {
    this.#writtenMs.set(agentId, this.#nowMs())
    this.#writing = this.#writing
      .then(() => this.#store.keepText(KIND, agentId, this.#doubts.memoryOf(agentId)))
      .then(() => {
        this.#failing = false
      })
      .catch((error) => {
        if (!this.#failing)
          this.#log.warn('the sums behind doubts are not kept; a restart would begin them from nothing', {
            reason: reasonOf(error),
          })
        this.#failing = true
      })
  }
}
