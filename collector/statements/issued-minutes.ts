import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { Period } from '../economics/calendar.ts'
import type { LedgerSums } from '../economics/ledger-row.ts'

/** The sums of a minute that a statement may have to correct, nano-USD. */
export const ISSUED_SUMS = ['revenueNanoUsd', 'costNanoUsd', 'demandNanoUsd'] as const
export type IssuedSums = Record<(typeof ISSUED_SUMS)[number], number>

const NONE: IssuedSums = { revenueNanoUsd: 0, costNanoUsd: 0, demandNanoUsd: 0 }

/** Each minute of a month as a statement was issued with it, by workload. Corrections are the exact differences from these. */
export class IssuedMinutes {
  readonly #startMs: number
  readonly #minutes: number
  readonly #workloads = new Map<string, Record<keyof IssuedSums, number[]>>()

  constructor({ startMs, endMs }: Period) {
    this.#startMs = startMs
    this.#minutes = Math.round((endMs - startMs) / MINUTE_MS)
  }

  /** Reads what `toText` wrote. Rejects where the text is another. */
  static async of(period: Period, text: string): Promise<IssuedMinutes> {
    const json = await promisify(gunzip)(Buffer.from(text, 'base64'))
    const found = new IssuedMinutes(period)
    for (const [workload, sums] of JSON.parse(json.toString()) as [
      string,
      Record<keyof IssuedSums, number[]>,
    ][])
      found.#workloads.set(workload, sums)
    return found
  }

  get workloads(): string[] {
    return [...this.#workloads.keys()]
  }

  set(minuteMs: number, workload: string, sums: Pick<LedgerSums, keyof IssuedSums>): void {
    const i = this.#index(minuteMs)
    if (i < 0 || i >= this.#minutes) return
    const own = this.#workloads.get(workload) ?? this.#empty()
    this.#workloads.set(workload, own)
    for (const name of ISSUED_SUMS) own[name][i] = sums[name]
  }

  at(minuteMs: number, workload: string): IssuedSums {
    const own = this.#workloads.get(workload)
    if (!own) return NONE
    const i = this.#index(minuteMs)
    return {
      revenueNanoUsd: own.revenueNanoUsd[i] ?? 0,
      costNanoUsd: own.costNanoUsd[i] ?? 0,
      demandNanoUsd: own.demandNanoUsd[i] ?? 0,
    }
  }

  /** Of the whole month and all workloads, nano-USD: what a statement's figure was rounded from. */
  sum(name: keyof IssuedSums): number {
    let sum = 0
    for (const own of this.#workloads.values()) for (const n of own[name]) sum += n
    return sum
  }

  /** These workloads as one text, a few bytes a minute. */
  async toText(workloads: readonly string[]): Promise<string> {
    const kept = workloads.map((workload) => [workload, this.#workloads.get(workload) ?? this.#empty()])
    return (await promisify(gzip)(JSON.stringify(kept))).toString('base64')
  }

  #index(minuteMs: number): number {
    return Math.round((minuteMs - this.#startMs) / MINUTE_MS)
  }

  #empty(): Record<keyof IssuedSums, number[]> {
    const zeros = () => Array<number>(this.#minutes).fill(0)
    return { revenueNanoUsd: zeros(), costNanoUsd: zeros(), demandNanoUsd: zeros() }
  }
}
