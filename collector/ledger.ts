import type { Interval, IntervalBatch } from '../protocol/interval.ts'
import { PerwattError, reasonOf } from '../protocol/kit/errors.ts'
import type { Log } from '../protocol/kit/log.ts'
import type { AckMessage } from '../protocol/status.ts'
import { HOUR_MS, MINUTE_MS, minuteOf } from '../protocol/units.ts'
import { type SettleContext, settleMinute } from './economics/settle.ts'
import type { QuoteBook } from './quotes.ts'
import type { HighWater, LedgerRow, Quarantined, Store } from './store.ts'

/** Records that one agent may send before the next acknowledgement. */
const CREDIT_RECORDS = 5_000
/** An agent's clock may run ahead of ours by this much before its records are put aside. */
const FUTURE_MS = 2 * MINUTE_MS
const SETTLE_MINUTES_AT_ONCE = 30

export interface LedgerOptions {
  store: Store
  context: SettleContext
  quotes: QuoteBook
  nowMs: () => number
  log: Log
  /** how long after its end a minute waits for its records; a later one restates it */
  settleDelayMs: number
  /** records older than this are put aside */
  retentionMs: number
  quarantine(entry: Quarantined): void
  onSettled(minutes: readonly number[], rows: readonly LedgerRow[]): void
}

/**
 * The ledger plane: takes interval records exactly once, and settles their minutes. A minute is settled again whenever a late
 * record belongs to it, so that the ledger after an outage equals the ledger without one.
 */
export class Ledger {
  readonly #o: LedgerOptions
  #marks = new Map<string, HighWater>()
  /** one batch of an agent at a time, in the order of arrival */
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #dirty = new Set<number>()
  #settling: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #lost = 0

  constructor(options: LedgerOptions) {
    this.#o = options
  }

  /** Records that agents lost before we could take them, since the start. */
  get lostRecords(): number {
    return this.#lost
  }

  /** Loads the marks and what an earlier life left unsettled. */
  async start(): Promise<void> {
    const { store, nowMs, retentionMs } = this.#o
    this.#marks = await store.highWaters()
    const since = Math.max(nowMs() - retentionMs, nowMs() - 31 * 24 * HOUR_MS)
    for (const minute of await store.unsettledMinutes(minuteOf(since), nowMs() + FUTURE_MS))
      this.#dirty.add(minute)
    this.#timer = setInterval(() => this.settleDue(), 1000)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.allSettled(this.#turns.values())
    await this.#settling
  }

  /**
   * Takes a batch; resolves with the acknowledgement once the store has it. Undefined where the store failed: the agent
   * keeps its records and sends them again.
   */
  take(agentId: string, batch: IntervalBatch, echoSentAtMs: number): Promise<AckMessage | undefined> {
    return this.#inTurn(agentId, () => this.#takeInTurn(agentId, batch, echoSentAtMs, batch.intervals.length))
  }

  /** A batch that can't be read: what it numbers is passed over (its bytes are in quarantine), so that the rest can come. */
  passOver(
    agentId: string,
    batch: { epoch: number; firstSeq: number; oldestSeq: number; count: number },
    echoSentAtMs: number,
    reason: string,
  ): Promise<AckMessage | undefined> {
    const intervals: Interval[] = []
    return this.#inTurn(agentId, async () => {
      const ack = await this.#takeInTurn(agentId, { ...batch, intervals }, echoSentAtMs, batch.count)
      return ack && { ...ack, quarantined: reason.slice(0, 512) }
    })
  }

  /** Settles every minute that is over and whose records had their time. Runs alone: a second call waits for the next beat. */
  settleDue(): Promise<void> {
    this.#settling = this.#settling.then(async () => {
      const { nowMs, settleDelayMs, log } = this.#o
      const due = [...this.#dirty]
        .filter((m) => m + MINUTE_MS + settleDelayMs <= nowMs())
        .sort((a, b) => b - a)
        .slice(0, SETTLE_MINUTES_AT_ONCE)
      if (due.length === 0) return
      for (const m of due) this.#dirty.delete(m)
      try {
        await this.#settle(due)
      } catch (error) {
        for (const m of due) this.#dirty.add(m)
        log.error('minutes not settled; will try again', { minutes: due.length, reason: reasonOf(error) })
      }
    })
    return this.#settling
  }

  #inTurn<T>(agentId: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(agentId) ?? Promise.resolve()).then(work)
    this.#turns.set(
      agentId,
      turn.catch(() => undefined),
    )
    return turn
  }

  async #takeInTurn(
    agentId: string,
    batch: IntervalBatch,
    echoSentAtMs: number,
    count: number,
  ): Promise<AckMessage | undefined> {
    const { nowMs, log } = this.#o
    const mark = this.#marks.get(agentId)
    const ack = (at: HighWater, more: Partial<AckMessage> = {}): AckMessage => ({
      v: 1,
      ...at,
      creditRecords: CREDIT_RECORDS,
      atMs: nowMs(),
      echoSentAtMs,
      ...more,
    })
    // an agent whose clock went back begins an epoch that looks older than what we have: tell it, it numbers anew
    if (mark && batch.epoch < mark.epoch) return ack(mark)
    const known = mark?.epoch === batch.epoch ? mark.seq : undefined
    const expected = Math.max((known ?? 0) + 1, batch.oldestSeq)
    const lastSeq = batch.firstSeq + count - 1
    if (batch.firstSeq > expected) return ack({ epoch: batch.epoch, seq: expected - 1 }, { resend: true })
    const fresh = batch.intervals.slice(expected - batch.firstSeq)
    if (lastSeq < expected) return ack({ epoch: batch.epoch, seq: Math.max(known ?? 0, lastSeq) })
    if (known !== undefined && expected > known + 1) {
      this.#lost += expected - known - 1
      log.error('an agent lost records before they could be taken: its spool was full', {
        agent: agentId,
        records: expected - known - 1,
      })
    }
    const { good, aside } = this.#sortByTime(agentId, fresh)
    const next: HighWater = { epoch: batch.epoch, seq: lastSeq }
    try {
      await this.#o.store.append(agentId, next, good)
    } catch (error) {
      if (!(error instanceof PerwattError) || error.code !== 'store-refused') {
        log.error('records not stored; the agent keeps them', {
          agent: agentId,
          records: good.length,
          reason: reasonOf(error),
        })
        return undefined
      }
      log.error('the store refuses records; put aside', {
        agent: agentId,
        records: good.length,
        reason: error.message,
      })
      for (const r of good) this.#putAside(agentId, r, error.message)
    }
    this.#marks.set(agentId, next)
    for (const r of good) this.#dirty.add(minuteOf(r.startMs))
    return ack(
      next,
      aside > 0
        ? { quarantined: `${aside} records are from the future or older than the retention; check the clock` }
        : {},
    )
  }

  #sortByTime(agentId: string, records: readonly Interval[]): { good: Interval[]; aside: number } {
    const { nowMs, retentionMs } = this.#o
    const [oldest, newest] = [nowMs() - retentionMs, nowMs() + FUTURE_MS]
    const good = records.filter((r) => {
      const why =
        r.startMs > newest
          ? 'is from the future'
          : r.startMs < oldest
            ? 'is older than the retention'
            : undefined
      if (why) this.#putAside(agentId, r, `the record's start ${new Date(r.startMs).toISOString()} ${why}`)
      return !why
    })
    return { good, aside: records.length - good.length }
  }

  #putAside(agentId: string, record: Interval, reason: string): void {
    this.#o.quarantine({
      atMs: this.#o.nowMs(),
      agentId,
      topic: 'intervals',
      reason,
      payload: JSON.stringify(record),
    })
  }

  async #settle(minutes: readonly number[]): Promise<void> {
    const { store, context, quotes, onSettled } = this.#o
    const rows: LedgerRow[] = []
    for (const minute of minutes)
      rows.push(
        ...settleMinute(
          minute,
          await store.intervals(minute, minute + MINUTE_MS),
          quotes.at(minute),
          context,
        ),
      )
    await store.settle(minutes, rows)
    onSettled(minutes, rows)
  }
}
