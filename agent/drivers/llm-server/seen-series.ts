import type { Server } from './ends.ts'
import type { LlmFormat } from './formats/format.ts'
import { type Page, seriesOf } from './metrics.ts'

/**
 * Which token counters a page has shown, and for which servers. A server that is new on the page sells from its start; one whose
 * series stood there before under another server, or another family, brings the past of that one along.
 */
export class SeenSeries {
  /** of the last page that had token counters */
  #last: { format: string; servers: ReadonlySet<string>; series: ReadonlySet<string> } | undefined

  /** @returns for each server of the page, whether it is new while its counters are not, so that counting begins at this page */
  newOnes(servers: readonly Server[], format: LlmFormat): boolean[] {
    const last = this.#last
    const series = servers.map(({ page }) => tokenSeries(page, format))
    if (servers.length > 0)
      this.#last = {
        format: format.name,
        servers: new Set(servers.map(({ key }) => key)),
        series: new Set(series.flat()),
      }
    if (!last) return servers.map(() => false)
    return servers.map(
      ({ key }, i) =>
        last.format !== format.name ||
        (!last.servers.has(key) && series[i]?.some((id) => last.series.has(id)) === true),
    )
  }
}

const tokenSeries = (page: Page, { tokensIn, tokensOut }: LlmFormat): string[] =>
  [tokensIn, tokensOut].flatMap((figures) =>
    seriesOf(page, figures).map(({ spelt, labels }) => JSON.stringify([spelt, ...labels])),
  )
