import type { Page } from './metrics.ts'

/** A page with each of its series once. */
export interface Unrepeated {
  page: Page
  /** the series that were on it with different values, of which the first is left */
  contradicted: ReadonlySet<Page[number]>
}

/**
 * Relays that put pages together may repeat a series. Copies with one value are one series. Where values differ, two servers have the same
 * name and labels, and nothing tells what either of them counts.
 */
export function unrepeated(series: Page): Unrepeated {
  const first = new Map<string, Page[number]>()
  const contradicted = new Set<Page[number]>()
  for (const one of series) {
    const id = seriesId(one)
    const known = first.get(id)
    if (known === undefined) first.set(id, one)
    else if (known.value !== one.value) contradicted.add(known)
  }
  return { page: [...first.values()], contradicted }
}

/** The same for the same name and labels, in whatever order they stand. */
export const seriesId = ({ spelt, labels }: Page[number]): string =>
  labels.size === 0 ? spelt : JSON.stringify([spelt, ...[...labels].sort(([a], [b]) => (a < b ? -1 : 1))])
