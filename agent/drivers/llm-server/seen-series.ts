import type { Server } from './ends.ts'
import type { LlmFormat } from './formats/format.ts'
import { type Page, seriesOf } from './metrics.ts'

/** Replicas come and go. */
const MOST_KNOWN = 2000

/**
 * Which token counters a page has shown, and for which servers. A server that is new on the page sells from its start where the page tells
 * that it has started since; another one may have served for long, and so counting begins at this page. So does that of a server whose
 * series stood there before under another server, or another family.
 */
export class SeenSeries {
  /** of the last page that had token counters */
  #last:
    | { format: string; servers: ReadonlySet<string>; series: ReadonlySet<string>; atS: number }
    | undefined
  /** every server so far, so that one that was away for a while goes on where it was; the newest last */
  readonly #known = new Set<string>()

  /**
   * @param nowS Unix time, s
   * @returns for each server of the page, whether it is new while its counters are not, so that counting begins at this page
   */
  newOnes(servers: readonly Server[], format: LlmFormat, nowS: number): boolean[] {
    const last = this.#last
    const known = new Set(this.#known)
    for (const { key } of servers) this.#known.add(key)
    for (const key of [...this.#known].slice(0, -MOST_KNOWN)) this.#known.delete(key)
    const series = servers.map(({ page }) => tokenSeries(page, format))
    if (servers.length > 0)
      this.#last = {
        format: format.name,
        servers: new Set(servers.map(({ key }) => key)),
        series: new Set(series.flat()),
        atS: nowS,
      }
    if (!last) return servers.map(() => false)
    return servers.map(
      ({ key, page }, i) =>
        last.format !== format.name ||
        (!last.servers.has(key) &&
          (series[i]?.some((id) => last.series.has(id)) === true ||
            (!known.has(key) && (startedS(page, format) ?? Number.NEGATIVE_INFINITY) < last.atS))),
    )
  }
}

const tokenSeries = (page: Page, { tokensIn, tokensOut }: LlmFormat): string[] =>
  [tokensIn, tokensOut].flatMap((figures) =>
    seriesOf(page, figures).map(({ spelt, labels }) => JSON.stringify([spelt, ...labels])),
  )

/**
 * When a server started, Unix time in s: by its process, or by the moment at which its first token counter was made, which
 * prometheus_client shows beside each counter. Undefined where its page tells neither.
 */
function startedS(page: Page, { tokensIn, tokensOut }: LlmFormat): number | undefined {
  const process = page.find(({ spelt }) => spelt.endsWith('process_start_time_seconds'))
  if (process) return process.value
  const made = [tokensIn, tokensOut].flatMap((figures) =>
    seriesOf(page, figures).map(({ spelt }) => spelt.replace(/_(?:total|sum)$/, '_created')),
  )
  const times = page.flatMap(({ spelt, value }) => (made.includes(spelt) ? [value] : []))
  return times.length > 0 ? Math.min(...times) : undefined
}
