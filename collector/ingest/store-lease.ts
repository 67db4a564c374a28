import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pause } from '../../protocol/kit/retry.ts'
import { every, type Timer } from '../../protocol/kit/timers.ts'
import { isLater, type Program, placeText } from '../../protocol/program.ts'
import type { LeaseStore } from '../plugin/lease-store.ts'

const BEAT_MS = 15_000
/** A collector whose beat has not risen for so many of the own beats is gone. */
const GONE_BEATS = 20

export interface StoreLeaseOptions {
  store: LeaseStore
  program: Program
  log: Log
  /** another collector uses the store now */
  onOther(other: Program): void
  /** one that came first uses the store: its records are not this one's to take; undefined: not any more */
  onFirst(first: Program | undefined): void
  beatMs?: number
}

interface Seen {
  program: Program
  beat: number
  /** own beats since its beat rose; absent: it has not risen yet */
  quiet?: number
}

/**
 * Lets one collector at a time use a store that several can open, such as an InfluxDB: each would keep its own idea of what is stored and
 * settle the same minutes. Each writes a beat; the one that started later stands by while an earlier one's beat rises.
 */
export class StoreLease {
  readonly #o: StoreLeaseOptions
  readonly #seen = new Map<string, Seen>()
  #beat = 0
  #first: Program | undefined
  #timer: Timer | undefined
  #working: Promise<void> = Promise.resolve()

  constructor(options: StoreLeaseOptions) {
    this.#o = options
  }

  /** The collector that came first, while this one stands by. */
  get first(): Program | undefined {
    return this.#first
  }

  /** Resolves at once where no other collector has left a beat, else when it shows whether that one runs. Never rejects. */
  async start(): Promise<void> {
    const { beatMs = BEAT_MS } = this.#o
    await this.look()
    this.#timer = every(beatMs, () => void this.look())
    // two beats of the other one fit into this
    if (this.#seen.size > 0) await this.#beats(3)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    await this.#working
    await this.#o.store.removeLease(this.#o.program.instance).catch(() => {})
  }

  /** Writes the own beat and reads the others'. Never rejects: a store that fails has no second collector that writes. */
  look(): Promise<void> {
    this.#working = this.#working.then(() => this.#look())
    return this.#working
  }

  async #beats(n: number): Promise<void> {
    const until = this.#beat + n
    while (this.#beat < until && !this.#first && this.#timer) await pause((this.#o.beatMs ?? BEAT_MS) / 4)
  }

  async #look(): Promise<void> {
    const { store, program, log, onOther, onFirst } = this.#o
    this.#beat++
    try {
      await store.writeLease({ program, beat: this.#beat })
      this.#note((await store.leases()).filter((lease) => lease.program.instance !== program.instance))
    } catch (error) {
      log.debug('the store’s other collectors are not known', { reason: reasonOf(error) })
    }
    const running = [...this.#seen.values()].filter(({ quiet }) => quiet !== undefined && quiet < GONE_BEATS)
    for (const other of running) onOther(other.program)
    const first = running.find((other) => isLater(program, other.program))?.program
    if (first?.instance === this.#first?.instance) return
    this.#first = first
    if (first)
      log.error(
        'another collector uses this store; this one stands by. Stop one of the two, or give it a database of its own',
        { other: placeText(first) },
      )
    else log.warn('the other collector of this store is gone; this one takes over')
    onFirst(first)
  }

  #note(leases: readonly { program: Program; beat: number }[]): void {
    for (const [instance, seen] of this.#seen) {
      if (seen.quiet !== undefined) seen.quiet++
      if (!leases.some((lease) => lease.program.instance === instance)) this.#seen.delete(instance)
    }
    for (const { program, beat } of leases) {
      const seen = this.#seen.get(program.instance)
      const rose = seen !== undefined && beat > seen.beat
      this.#seen.set(program.instance, {
        program,
        beat,
        ...(rose ? { quiet: 0 } : seen?.quiet === undefined ? {} : { quiet: seen.quiet }),
      })
    }
  }
}
