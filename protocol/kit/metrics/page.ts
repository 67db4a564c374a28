import { type Family, sampleName } from './family.ts'
import { boundText, type Format, headOf, labelText, numberText } from './format.ts'
import type { Histogram } from './histogram.ts'
import type { Counts, Histograms } from './tallies.ts'

/**
 * Samples by family, in the order in which the families came. A family without samples is not on the page at all, and a value
 * that is unknown is no sample: never 0, never -1.
 */
export class Page {
  readonly format: Format
  readonly #lines = new Map<Family, string[]>()

  constructor(format: Format) {
    this.format = format
  }

  /** @param labels values, in the order of the family's labels */
  add(family: Family, value: number | undefined, ...labels: readonly string[]): void {
    if (value === undefined || Number.isNaN(value)) return
    this.#of(family).push(`${sampleName(family)}${labelText(family.labels, labels)} ${numberText(value)}\n`)
  }

  /** True is 1, false 0. */
  flag(family: Family, value: boolean | undefined, ...labels: readonly string[]): void {
    this.add(family, value === undefined ? undefined : value ? 1 : 0, ...labels)
  }

  /** A text that belongs to something. */
  info(family: Family, ...labels: readonly string[]): void {
    this.add(family, 1, ...labels)
  }

  counts(family: Family, counts: Counts): void {
    for (const { labels, value } of counts.entries()) this.add(family, value.count, ...labels)
  }

  histogram(family: Family, histogram: Histogram, ...labels: readonly string[]): void {
    const { bounds, sum, count } = histogram
    const lines = this.#of(family)
    const upTo = histogram.cumulative()
    const bucket = (bound: string, n: number) =>
      lines.push(`${family.name}_bucket${labelText(family.labels, labels, `le="${bound}"`)} ${n}\n`)
    for (const [i, bound] of bounds.entries()) bucket(boundText(bound), upTo[i] ?? 0)
    bucket('+Inf', count)
    const own = labelText(family.labels, labels)
    lines.push(`${family.name}_sum${own} ${numberText(sum)}\n`, `${family.name}_count${own} ${count}\n`)
  }

  histograms(family: Family, histograms: Histograms): void {
    for (const { labels, value } of histograms.entries()) this.histogram(family, value, ...labels)
  }

  text(): string {
    return [...this.#lines].map(([family, lines]) => headOf(family, this.format) + lines.join('')).join('')
  }

  #of(family: Family): string[] {
    let lines = this.#lines.get(family)
    if (!lines) {
      lines = []
      this.#lines.set(family, lines)
    }
    return lines
  }
}
