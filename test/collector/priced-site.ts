import type { Store } from '../../collector/plugin/store.ts'
import { QuoteSelector } from '../../collector/prices/quote-selector.ts'
import { QuoteWriteQueue } from '../../collector/prices/quote-write-queue.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import type { QuoteName } from '../../protocol/quote.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { batch, LedgerRig, record, T0 } from './ledger-rig.ts'
import { MemoryStore } from './memory-store.ts'
import { TestFeed } from './selector-rig.ts'

export const NETWORK = { difficulty: 1e14, blockHeight: 900_000, energyUsdPerKwh: 0.05 }

/** A ledger whose prices come from a polled market and a price list, through the selector that a collector has. */
export class PricedSite<S extends Store = MemoryStore> {
  readonly store: S
  readonly rig: LedgerRig
  readonly market = new TestFeed('market', ['btcUsd', 'energyUsdPerKwh'])
  readonly list = new TestFeed('list', ['btcUsd', 'energyUsdPerKwh'])
  readonly selector: QuoteSelector
  #seq = 1

  constructor(known: Readonly<Record<string, number>>, store: S) {
    this.store = store
    this.rig = new LedgerRig(store, undefined, [], undefined, [])
    for (const [name, value] of Object.entries(known))
      this.rig.quotes.add({ name: name as QuoteName, value, unit: '', source: 'test', fromMs: 0 })
    this.selector = new QuoteSelector({
      book: this.rig.quotes,
      writer: new QuoteWriteQueue(this.store, SILENT),
      feeds: [this.market, this.list],
      typed: new TestFeed('configuration', []),
      nowMs: () => this.rig.nowMs,
      log: SILENT,
      onFilled: (filled) => this.rig.latePrices.note(filled),
    })
  }

  async start(): Promise<this> {
    await this.rig.start()
    this.selector.start(new AbortController().signal)
    return this
  }

  async stop(): Promise<void> {
    await this.rig.stop()
    await this.selector.stop()
  }

  /** Its agents go on with their numbers after a restart of the collector. */
  deliversFrom(before: PricedSite<S>): void {
    this.#seq = before.#seq
  }

  async deliver(minute: number): Promise<void> {
    await this.rig.take(batch(this.#seq, [record(minute), record(minute, 'meter')]))
    this.#seq += 2
  }

  polls(name: QuoteName, value: number, everyMs = 5 * MINUTE_MS): void {
    this.market.says(name, value, { intervalMs: everyMs, staleAfterMs: this.rig.nowMs + 3 * everyMs })
  }

  lists(name: QuoteName, rows: readonly (readonly [atMs: number, value: number])[]): void {
    this.list.sink?.publish(rows.map(([fromMs, value]) => ({ name, value, fromMs })))
  }

  async settleAll(): Promise<void> {
    for (let i = 0; i < 60; i++) {
      await this.rig.latePrices.look()
      await this.rig.settleAll()
      if (i > 40 && this.rig.settler.waiting === 0) return
    }
  }
}

/** The same over a store in memory, whose rows can be looked at. */
export class MemorySite extends PricedSite {
  readonly #known: Readonly<Record<string, number>>

  constructor(known: Readonly<Record<string, number>> = NETWORK, store = new MemoryStore()) {
    super(known, store)
    this.#known = known
  }

  /** The site after its collector was killed, and started again over what it had stored; its feeds have told nothing yet. */
  async killed(): Promise<MemorySite> {
    await this.stop()
    const next = new MemorySite(this.#known, this.store)
    next.rig.nowMs = this.rig.nowMs
    next.deliversFrom(this)
    const stored = new Map(this.store.kept.map((quote) => [`${quote.name} ${quote.fromMs}`, quote]))
    next.rig.quotes.load([...stored.values()].sort((a, b) => a.fromMs - b.fromMs))
    return next.start()
  }

  missing(minute: number) {
    return this.store.settled.get(T0 + minute * MINUTE_MS)?.missing
  }
  row(minute: number) {
    return this.store.rows.find((r) => r.minuteMs === T0 + minute * MINUTE_MS && r.deviceId === 'rig1')
  }
}
