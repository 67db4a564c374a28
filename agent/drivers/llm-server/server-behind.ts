import { UNPAID_FAULTS } from '../../../protocol/unpaid-faults.ts'
import type { Heard } from '../../counting/one-server.ts'
import type { Origin } from '../../counting/origin.ts'
import { seriesId, type Unrepeated } from './copies.ts'
import type { LlmFormat } from './formats/format.ts'
import { type Page, seriesOf } from './metrics.ts'

/** Later than this, in s, a number that ends in `_created` is a time, and not how many were created. */
const A_TIME_S = 1e9

/**
 * What a page shows of the process that made it: when it started (process_start_time_seconds), when its counters were made (`_created` of
 * prometheus_client), and what it counts: tokens, requests and its processor's seconds.
 */
export function originOf({ page, contradicted }: Unrepeated, format: LlmFormat | undefined): Origin {
  const times = page.filter(
    (one) =>
      !contradicted.has(one) &&
      one.value > A_TIME_S &&
      (one.spelt.endsWith('process_start_time_seconds') || one.spelt.endsWith('_created')),
  )
  const counted = [
    ...(format ? [...tokenSeries(page, format), ...seriesOf(page, format.requestsServed)] : []),
    ...seriesOf(page, [{ name: 'process_cpu_seconds_total' }]),
  ].filter((one) => !contradicted.has(one))
  const byId = (series: Page) => new Map(series.map((one) => [seriesId(one), one.value] as const))
  return { marks: byId(times), counters: byId(counted) }
}

/**
 * Whether a page's start times tell its process from every other one: as prometheus_client shows them, to the hundredth of a second. Processes
 * that are started together often have the same whole second.
 */
export function isOfOneProcess({ page, contradicted }: Unrepeated): boolean {
  const [start, ...others] = page.filter(
    ({ value, spelt }) => value > A_TIME_S && spelt.endsWith('process_start_time_seconds'),
  )
  return (
    start !== undefined && others.length === 0 && !contradicted.has(start) && !Number.isInteger(start.value)
  )
}

const tokenSeries = (page: Page, format: LlmFormat): Page =>
  [format.tokensIn, format.tokensInCached, format.tokensInElsewhere, format.tokensOut].flatMap((figures) =>
    seriesOf(page, figures),
  )

/** What to do where several servers answer at one address; undefined: one does. */
export function severalFault({
  several,
  certain,
}: Pick<Heard<unknown>, 'several' | 'certain'>): string | undefined {
  if (!several) return undefined
  const sold = certain ? 'one is read on, and the others’ tokens are not sold' : 'no token is sold'
  return `${UNPAID_FAULTS.severalServers} (a Service, a proxy, or worker processes): name each one on its own, by its own url; for workers of one program set PROMETHEUS_MULTIPROC_DIR. Until then ${sold}`
}

/** What to do where a page has token counters twice and with different values; undefined: it has not. */
export function contradiction({ page, contradicted }: Unrepeated, format: LlmFormat): string | undefined {
  const twice = tokenSeries(page, format).find((one) => contradicted.has(one))
  if (!twice) return undefined
  return `shows ${twice.name.slice(0, 64)} ${UNPAID_FAULTS.contradictingCounters}, as where pages of several servers are put together: read each server's own page, or give each a label. Until then no token is sold`
}
