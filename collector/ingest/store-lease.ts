import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pause } from '../../protocol/kit/retry.ts'
import { every, type Timer } from '../../protocol/kit/timers.ts'
import { isLater, type Program, placeText } from '../../protocol/program.ts'
import type { LeaseStore } from '../plugin/lease-store.ts'

const BEAT_MS = 15_000
/** A collector whose beat has not risen for so many of the own beats is gone. */
const GONE_BEATS = 20
/** Two beats of another collector fit into so many own ones. */
const BEATS_SEEN = 3

export interface StoreLeaseOptions {
  store: LeaseStore
  program: Program
  log: Log
  beatMs?: number
}

export interface LeaseListener {
  /** another collector uses the store now */
  onOther(other: Program): void
  /** one that came first uses the store: its records are not this one's to take; undefined: not any more */
  onFirst(first: Program | undefined): void
}

interface Seen {
  program: Program
  beat: number
  /** own beats since it was first seen */
  looks: number
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
  #stopped = false
  #first: Program | undefined
  #listener: LeaseListener | undefined
  /** why the last look failed */
  #failure: unknown
  #started: Promise<void> | undefined
  #timer: Timer | undefined
  #working: Promise<void> = Promise.resolve()

  constructor(options: StoreLeaseOptions) {
    this.#o = options
  }

  /** The collector that came first, while this one stands by. */
  get first(): Program | undefined {
    return this.#first
  }

  /** Tells of the store's other collectors, also of what is known already. */
  listen(listener: LeaseListener): void {
    this.#listener = listener
    for (const other of this.#running()) listener.onOther(other.program)
    if (this.#first) listener.onFirst(this.#first)
  }

  /** Resolves at once where no other collector has left a beat, else when it shows whether that one runs. Never rejects. */
  start(): Promise<void> {
    this.#started ??= this.#start()
    return this.#started
  }

  /**
   * Resolves when it is certain that no collector that came first uses the store, which has answered. @returns the one that does
   * @throws PerwattError where the store fails
   */
  async obtain(): Promise<Program | undefined> {
    await this.start()
    await this.look()
    if (this.#failure !== undefined) throw this.#failure
    await this.#shown()
    if (this.#failure !== undefined) throw this.#failure
    return this.#first
  }

  async #start(): Promise<void> {
    const { beatMs = BEAT_MS } = this.#o
    // a store that is away has no second collector that writes: the live figures don't wait for it
    await Promise.race([this.look(), pause(beatMs)])
    if (this.#stopped) return
    this.#timer = every(beatMs, () => void this.look())
    await this.#shown()
  }

  async stop(): Promise<void> {
    this.#stopped = true
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

  /** Waits until each collector that left a beat has shown that it runs, or could have. */
  async #shown(): Promise<void> {
    const isOpen = ({ quiet, looks }: Seen) => quiet === undefined && looks < BEATS_SEEN
    while ([...this.#seen.values()].some(isOpen) && !this.#first && this.#timer)
      await pause((this.#o.beatMs ?? BEAT_MS) / 4)
  }

  async #look(): Promise<void> {
    const { store, program, log } = this.#o
    this.#beat++
    for (const seen of this.#seen.values()) seen.looks++
    try {
      await store.writeLease({ program, beat: this.#beat })
      this.#note((await store.leases()).filter((lease) => lease.program.instance !== program.instance))
      this.#failure = undefined
    } catch (error) {
      this.#failure = error
      log.debug('the store’s other collectors are not known', { reason: reasonOf(error) })
    }
    const running = this.#running()
    for (const other of running) this.#listener?.onOther(other.program)
    const first = running.find((other) => isLater(program, other.program))?.program
    if (first?.instance === this.#first?.instance) return
    this.#first = first
    if (first)
      log.error(
        'another collector uses this store; this one stands by. Stop one of the two, or give it a database of its own',
        { other: placeText(first) },
      )
    else log.warn('the other collector of this store is gone; this one takes over')
    this.#listener?.onFirst(first)
  }

  #running(): Seen[] {
    return [...this.#seen.values()].filter(({ quiet }) => quiet !== undefined && quiet < GONE_BEATS)
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
        looks: seen?.looks ?? 0,
        ...(rose ? { quiet: 0 } : seen?.quiet === undefined ? {} : { quiet: seen.quiet }),
      })
    }
  }
}
