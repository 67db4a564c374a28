import { systemClock } from '../../protocol/kit/clock.ts'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pause } from '../../protocol/kit/retry.ts'
import { every, type Timer } from '../../protocol/kit/timers.ts'
import { isLater, type Program, placeText } from '../../protocol/program.ts'
import type { Lease, LeaseStore } from '../plugin/lease-store.ts'
import { LeaseSightings } from './lease-sightings.ts'

const BEAT_MS = 15_000
/** One that could not write its beat for so many may be taken for gone soon: it takes nothing any more before another one may. */
const LAPSED_BEATS = 16
const LAPSED =
  'this collector may have been taken for gone, and another one may have used the store; it is read again as soon as it answers'
export interface StoreLeaseOptions {
  store: LeaseStore
  program: Program
  log: Log
  beatMs?: number
  /** a clock that never steps and goes on while the program or the computer is halted, ms */
  steadyMs?: () => number
}

export interface LeaseListener {
  /** another collector uses the store now */
  onOther(other: Program): void
  /** one that came first uses the store: its records are not this one's to take; undefined: not any more */
  onFirst(first: Program | undefined): void
  /** this one may have been taken for gone: what it knows of the store is read again before it goes on */
  onLapsed?(): void
}

/**
 * `serves`: what this collector knows of the store is what the store has. `lapsed`: another one may have used it meanwhile. `reading`: it
 * has claimed the store, and reads it.
 */
type State = 'begins' | 'serves' | 'lapsed' | 'reading'

/**
 * Lets one collector at a time use a store that several can open, such as an InfluxDB: each would keep its own idea of what is stored and
 * settle the same minutes. Each writes a beat. The one that takes records keeps the store; of two that don't, the one that started later
 * stands by while the other's beat rises.
 */
export class StoreLease {
  readonly #o: StoreLeaseOptions
  #beat = 0
  #stopped = false
  #first: Program | undefined
  #listener: LeaseListener | undefined
  /** why the last look failed */
  #failure: unknown
  #started: Promise<void> | undefined
  #timer: Timer | undefined
  #working: Promise<void> = Promise.resolve()
  #state: State = 'begins'
  readonly #beatMs: number
  readonly #steadyMs: () => number
  /** the collector that claimed the store last */
  #rival: Program | undefined
  /** steady clock before the own beat was written last; undefined: it never was */
  #beatenMs: number | undefined
  readonly #others: LeaseSightings

  constructor(options: StoreLeaseOptions) {
    this.#o = options
    this.#beatMs = options.beatMs ?? BEAT_MS
    this.#others = new LeaseSightings(this.#beatMs)
    this.#steadyMs = options.steadyMs ?? (() => systemClock.now().steadyMs)
  }

  /** The collector that came first, while this one stands by. */
  get first(): Program | undefined {
    return this.#first
  }

  /**
   * Why nothing may be taken, acknowledged or settled, though no other collector is known to have the store: for a person. It is asked
   * before each, because a program that was halted goes on in the middle of anything.
   */
  get lapsed(): string | undefined {
    this.#notice()
    return this.#state === 'lapsed' ? LAPSED : undefined
  }

  /** Whether it has the store, and knows what is in it. */
  get serves(): boolean {
    this.#notice()
    return this.#state === 'serves'
  }

  /** Whether what is known of the store has to be read again, or is being read. */
  get mustRead(): boolean {
    return this.lapsed !== undefined || this.#state === 'reading'
  }

  /** The store shows that another collector has written to it: everything is read again. */
  lapse(why: string): void {
    // of what it has claimed only
    if (this.#state !== 'serves' && this.#state !== 'reading') return
    this.#state = 'lapsed'
    this.#o.log.error('this collector takes nothing until it has read its store again', { reason: why })
    this.#listener?.onLapsed?.()
  }

  /**
   * Claims the store, runs what reads it, and serves from then on. Rejects where the work does.
   * @returns whether it serves: not where another one has claimed it too, or it has lapsed meanwhile
   */
  async readAgain(work: () => Promise<void>): Promise<boolean> {
    this.#state = 'reading'
    try {
      await this.#claim()
      if (!this.#reads) return false
      await work()
    } catch (error) {
      if (this.#reads) this.#state = 'lapsed'
      throw error
    }
    this.#notice()
    if (!this.#reads) return false
    this.#state = 'serves'
    return true
  }

  get #reads(): boolean {
    return this.#state === 'reading'
  }

  /**
   * Says that it takes the store, and looks after that: of two that claim it at once, at least one sees the other, and gives way. Rejects
   * where the store fails.
   */
  #claim(): Promise<void> {
    const claimed = this.#working.then(async () => {
      await this.#write()
      await this.#read()
    })
    this.#working = claimed.catch(() => {})
    return claimed
  }

  async #write(): Promise<void> {
    const { store, program } = this.#o
    const beganMs = this.#steadyMs()
    const serves = this.#state === 'serves' || this.#reads
    await store.writeLease({ program, beat: ++this.#beat, serves })
    this.#beatenMs = beganMs
  }

  async #read(): Promise<void> {
    const leases = await this.#o.store.leases()
    const others = leases.filter((lease) => lease.program.instance !== this.#o.program.instance)
    const rival = this.#others.note(others, this.#steadyMs())
    if (rival) {
      this.#rival = rival
      this.lapse(`another collector has taken it, ${placeText(rival)}`)
    }
    this.#notice()
  }

  /** Tells of the store's other collectors, also of what is known already. */
  listen(listener: LeaseListener): void {
    this.#listener = listener
    for (const other of this.#others.running) listener.onOther(other.program)
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
    if (this.#first || this.#state === 'serves' || this.#reads) return this.#first
    // it has read nothing yet: what it reads from now on is what the store has
    await this.readAgain(async () => {})
    return this.serves ? undefined : this.#rival
  }

  async #start(): Promise<void> {
    const beatMs = this.#beatMs
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
    // before anything that waits: a program that was halted must take nothing first
    this.#notice()
    this.#working = this.#working.then(() => this.#look())
    return this.#working
  }

  /** Waits until each collector that left a beat has shown that it runs, or could have. */
  async #shown(): Promise<void> {
    while (this.#others.isOpen && !this.#first && this.#timer) await pause(this.#beatMs / 4)
  }

  /** Others may take it for gone. */
  #notice(): void {
    if (this.#beatenMs === undefined) return
    const stillMs = this.#steadyMs() - this.#beatenMs
    if (stillMs > LAPSED_BEATS * this.#beatMs)
      this.lapse(
        `it could not write its beat for ${Math.round(stillMs / 1000)} s: the store did not answer, or the program was halted`,
      )
  }

  async #look(): Promise<void> {
    const { log } = this.#o
    this.#others.beat()
    try {
      // the others first: one that serves since must not read that this one does too
      await this.#read()
      await this.#write()
      this.#failure = undefined
    } catch (error) {
      this.#failure = error
      log.debug('the store’s other collectors are not known', { reason: reasonOf(error) })
    }
    const running = this.#others.running
    for (const other of running) this.#listener?.onOther(other.program)
    const first = running.find((other) => this.#comesFirst(other))?.program
    const isSame = first?.instance === this.#first?.instance
    if (
      isSame &&
      !(this.#state === 'lapsed' && !first && this.#failure === undefined && !this.#others.isOpen)
    )
      return
    this.#first = first
    // the listener reads the store again
    if (isSame) return this.#listener?.onFirst(undefined)
    if (first)
      log.error(
        'another collector uses this store; this one stands by. Stop one of the two, or give it a database of its own',
        { other: placeText(first) },
      )
    else log.warn('the other collector of this store is gone; this one takes over')
    this.#listener?.onFirst(first)
  }

  /** One that takes records comes before one that does not: it may have taken over. */
  #comesFirst({ program, serves }: Lease): boolean {
    const own = this.#state === 'serves' || this.#reads
    return serves === undefined || serves === own ? isLater(this.#o.program, program) : serves
  }
}
