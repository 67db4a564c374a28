import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pause } from '../../protocol/kit/retry.ts'
import { HOUR_MS, MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { type Act, Acts } from '../plugin/acts.ts'
import type { Repricing } from '../plugin/audit-store.ts'
import { type Decision, GPU_TWICE, HOLD_KINDS } from '../plugin/held.ts'
import { isRefused, type Store } from '../plugin/store.ts'
import type { Pricing } from './pricing.ts'
import { RepricedTime } from './repriced-time.ts'
import type { DecisionRequest, RepricingRequest } from './repricing-request.ts'
import type { Settler } from './settler.ts'

const RETRY_MS = 10_000
/** Settled minutes of a repricing are searched in pieces of this length; time without any is passed over. */
const SEARCHED_MS = 24 * HOUR_MS
/** So many pieces without a settled minute are passed over at once, before the progress is stored. */
const MOST_PIECES = 31
/** Groups of holds that a decision's span is read from. */
const MOST_GROUPS = 1_000_000
/** How many repricings a start reads: for interrupted ones, and for what they corrected. */
const SEARCHED_REPRICINGS = 10_000

/** Devices that the audit trail names with how they stood before. */
const MOST_TOLD = 20

/**
 * Prices past minutes again because a tariff or a contract was wrong. Each request names a person and a reason, and runs a few
 * minutes at a time between the ordinary settling, over any restart, until it is done or cancelled. Time without settled minutes is
 * passed over. The old figures stay in the audit trail; a record that comes later is priced by the corrected prices.
 */
export class Repricer {
  readonly #store: Store
  readonly #settler: Settler
  readonly #pricing: Pricing
  readonly #nowMs: () => number
  readonly #log: Log
  readonly #onDecided: (decision: Decision) => Promise<void>
  readonly #correctWiring: (fromMs: number, toMs: number, devices?: readonly string[]) => Promise<string[]>
  readonly #stop = new AbortController()
  #work: Promise<void> = Promise.resolve()
  readonly #acts: Acts
  readonly #repriced: RepricedTime
  /** those that are in work or wait, by id, with their progress */
  readonly #open = new Map<string, Repricing>()

  constructor(options: {
    store: Store
    settler: Settler
    pricing: Pricing
    nowMs: () => number
    log: Log
    /** corrects how devices stood; resolves once that is stored, with how they stood before, each in words */
    correctWiring?: (fromMs: number, toMs: number, devices?: readonly string[]) => Promise<string[]>
    /** a decision about held records is stored */
    onDecided?: (decision: Decision) => Promise<void>
  }) {
    this.#onDecided = options.onDecided ?? (async () => {})
    this.#correctWiring = options.correctWiring ?? (async () => [])
    this.#store = options.store
    this.#settler = options.settler
    this.#pricing = options.pricing
    this.#nowMs = options.nowMs
    this.#acts = new Acts(options.nowMs)
    this.#log = options.log
    this.#repriced = new RepricedTime(options.pricing)
    options.pricing.correctUnsettled((minuteMs, pricing) => this.#repriced.of(minuteMs, pricing))
  }

  /**
   * Continues repricings that a stop interrupted, oldest first. Called again after another collector has used the store, it continues
   * those of that one too.
   */
  start(): Promise<void> {
    return this.#settler.alone(async () => {
      const known = (await this.#store.repricings(SEARCHED_REPRICINGS)).toReversed()
      for (const repricing of known) {
        this.#acts.after(repricing)
        this.#repriced.set(repricing)
      }
      const newest = known.findLast(({ decision }) => decision)
      for (const repricing of known) {
        const isInWork = this.#open.delete(repricing.id)
        if (repricing.doneMs >= repricing.toMs || repricing.cancelled) continue
        const { decision } = repricing
        // A store without transactions may have carried out a part of the newest. An older one would turn round what was decided after it.
        if (decision && repricing === newest) await this.#store.decide({ ...repricing, decision })
        if (isInWork) this.#open.set(repricing.id, repricing)
        else this.#begin(repricing)
      }
    })
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#work
  }

  /** Resolves when the request is stored; the work follows. @throws PerwattError where the store can't keep it */
  request({ presentRules, presentWiring, ...request }: RepricingRequest): Promise<Repricing> {
    return this.#acts.one(async (act) => {
      const wrong = presentWiring ? await this.#wired(request, presentWiring) : ''
      const repricing: Repricing = {
        ...request,
        ...act,
        reason: `${request.reason}${wrong}`,
        rulesVersion: presentRules ? this.#pricing.present.version : '',
        doneMs: request.fromMs,
      }
      return this.#ordered(repricing, () => this.#store.writeRepricing(repricing))
    })
  }

  /** What was corrected, for the audit trail. A stop before the repricing is stored leaves wiring that the next one counts by. */
  async #wired(
    { fromMs, toMs }: Pick<RepricingRequest, 'fromMs' | 'toMs'>,
    devices: readonly string[],
  ): Promise<string> {
    const before = await this.#settler.alone(() =>
      this.#correctWiring(fromMs, toMs, devices.length > 0 ? devices : undefined),
    )
    if (before.length === 0) return ' (wired as now: no device stood otherwise)'
    const more = before.length > MOST_TOLD ? ` and ${before.length - MOST_TOLD} more` : ''
    return ` (wired as now: ${before.slice(0, MOST_TOLD).join('; ')}${more})`
  }

  /**
   * Accepts or rejects the held records that match, and settles their minutes again, each with the prices that it was settled with.
   * Each decision sees what those before it left: of two at the same moment about the same records, the second finds none.
   * Resolves when the decision is stored; undefined where no hold matches. @throws PerwattError where the store can't keep it
   */
  decide(request: DecisionRequest): Promise<Repricing | undefined> {
    return this.#acts.one((act) => this.#decide(request, act))
  }

  async #decide(
    { by, reason, filter: asked, verdict, adoption = false, shiftMs }: DecisionRequest,
    act: Act,
  ): Promise<Repricing | undefined> {
    const kinds = (asked.kinds ?? HOLD_KINDS).filter((kind) => adoption || kind !== 'claim')
    const state = asked.state ?? 'open'
    const found = await this.#store.heldGroups({ ...asked, kinds, state }, MOST_GROUPS)
    // accepting one would pay a GPU-second to a second device
    const groups = verdict === 'accepted' ? found.filter(({ check }) => check !== GPU_TWICE) : found
    const checks =
      groups.length < found.length ? [...new Set(groups.map(({ check }) => check))] : asked.checks
    const filter = { ...asked, kinds, ...(checks && { checks }) }
    if (groups.length === 0 || state === verdict) return undefined
    const fromMs = minuteOf(Math.min(...groups.map((group) => group.firstMs)))
    const toMs = minuteOf(Math.max(...groups.map((group) => group.lastMs))) + MINUTE_MS
    const span = {
      fromMs: Math.max(fromMs, filter.fromMs ?? fromMs),
      toMs: Math.min(toMs, filter.toMs ?? toMs),
    }
    const records = groups.reduce((sum, group) => sum + group.records, 0)
    const moved = shiftMs === undefined ? {} : { shiftMs }
    const decision: Decision = { verdict, filter: { ...filter, ...span, state }, records, ...moved }
    const repricing = {
      ...act,
      by,
      reason,
      fromMs,
      toMs,
      rulesVersion: '',
      quotes: [],
      doneMs: fromMs,
      decision,
    }
    const ordered = await this.#ordered(repricing, () => this.#store.decide(repricing))
    await this.#onDecided(decision).catch((error) =>
      this.#log.warn('the decision is stored, but nothing was learnt from it', { reason: reasonOf(error) }),
    )
    return ordered
  }

  async #ordered(repricing: Repricing, store: () => Promise<void>): Promise<Repricing> {
    await store()
    const { id, by, reason } = repricing
    this.#log.info('repricing requested', { id, by, why: reason, minutes: minutesOf(repricing) })
    this.#begin(repricing)
    return repricing
  }

  /**
   * Ends a repricing: minutes that it has done keep their corrected figures, all others keep theirs. Resolves with it as it stays;
   * undefined where there is none of this id. @throws PerwattError `not-cancelled` where it is done, or is a decision
   */
  cancel(id: string, by: string): Promise<Repricing | undefined> {
    // between two pieces of its work
    return this.#settler.alone(async () => {
      const known = this.#open.get(id) ?? (await this.#find(id))
      if (!known) return undefined
      const refuse = (why: string) => new PerwattError('not-cancelled', `repricing ${id}: ${why}`)
      if (known.decision)
        throw refuse('is a decision about held records; turn it round with doubts accept or doubts reject')
      if (known.doneMs >= known.toMs) throw refuse('is done; reprice the time again to undo it')
      if (known.cancelled) return known
      const cancelled = { ...known, cancelled: { atMs: this.#nowMs(), by } }
      await this.#store.writeRepricing(cancelled)
      this.#open.delete(id)
      this.#repriced.set(cancelled)
      this.#log.info('repricing cancelled', { id, by, doneTo: new Date(known.doneMs).toISOString() })
      return cancelled
    })
  }

  async #find(id: string): Promise<Repricing | undefined> {
    return (await this.#store.repricings(SEARCHED_REPRICINGS)).find((repricing) => repricing.id === id)
  }

  #begin(repricing: Repricing): void {
    this.#open.set(repricing.id, repricing)
    this.#work = this.#work.then(() => this.#run(repricing))
  }

  async #run({ id }: Repricing): Promise<void> {
    for (let next = this.#open.get(id); next && !this.#stop.signal.aborted; next = this.#open.get(id)) {
      try {
        await this.#piece(id)
      } catch (error) {
        const why = { id, reason: reasonOf(error) }
        if (isRefused(error)) {
          // stop here: the next request may correct it, and must not wait for ever
          this.#log.error(
            'repricing abandoned: the store can’t hold its figures; reprice with other prices',
            why,
          )
          this.#open.delete(id)
          return
        }
        this.#log.error('repricing interrupted; will try again', why)
        await pause(RETRY_MS, this.#stop.signal)
      }
    }
  }

  /** Prices the next few minutes, and stores the progress with them. */
  #piece(id: string): Promise<void> {
    return this.#settler.alone(async () => {
      // it may have been cancelled while this piece waited
      const repricing = this.#open.get(id)
      if (!repricing) return
      const { minutes, doneMs } = await this.#nextMinutes(repricing)
      const next = { ...repricing, doneMs }
      if (minutes.length === 0) await this.#store.writeRepricing(next)
      else
        await this.#settler.settle(
          minutes,
          (minute, before) => this.#repriced.by(repricing, minute, this.#pricing.of(minute, before)),
          next,
        )
      this.#repriced.set(next)
      this.#open.set(id, next)
      if (doneMs < next.toMs) return
      this.#open.delete(id)
      this.#log.info('repricing done', { id, minutes: minutesOf(next) })
    })
  }

  /** The minutes of the next piece, and how far the repricing is after them: only those that are settled, or that a decision touched. */
  async #nextMinutes({
    id,
    decision,
    doneMs,
    toMs,
  }: Repricing): Promise<{ minutes: number[]; doneMs: number }> {
    const atOnce = this.#settler.minutesAtOnce
    if (decision) {
      const minutes = await this.#store.decidedMinutes(id, doneMs, atOnce)
      const last = minutes.at(-1)
      return { minutes, doneMs: last === undefined || minutes.length < atOnce ? toMs : last + MINUTE_MS }
    }
    let fromMs = doneMs
    for (let piece = 0; piece < MOST_PIECES && fromMs < toMs; piece++) {
      const endMs = Math.min(toMs, fromMs + SEARCHED_MS)
      const settled = (await this.#store.settlements(fromMs, endMs)).map((s) => s.minuteMs)
      const minutes = settled.slice(0, atOnce)
      const last = minutes.at(-1)
      if (last !== undefined) return { minutes, doneMs: settled.length > atOnce ? last + MINUTE_MS : endMs }
      fromMs = endMs
    }
    return { minutes: [], doneMs: fromMs }
  }
}

const minutesOf = ({ fromMs, toMs }: Repricing): number => (toMs - fromMs) / MINUTE_MS
