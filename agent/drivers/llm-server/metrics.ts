import type { PrometheusSample } from '../../wire/prometheus.ts'
import type { Figures, LlmFormat } from './formats/format.ts'
import { LLM_FORMATS } from './formats/index.ts'

/** The series of a page with their names in one spelling. */
export type Page = readonly (PrometheusSample & { spelt: string })[]

/** A counter by model; the key is '' where the server names no model. */
export type ByModel = ReadonlyMap<string, number>

/** What a server has counted since its start. */
export interface LlmCounters {
  tokensIn: ByModel
  /** the part of tokensIn that came from a cache */
  tokensInCached: ByModel
  /** the part of tokensIn that another server has counted as its own */
  tokensInElsewhere: ByModel
  tokensOut: ByModel
  requestsRunning: number | undefined
  requestsServed: number | undefined
}

/** A colon and an underscore are the same: relays that allow no colon write an underscore (`sglang_prompt_tokens_total`). */
const spelling = (name: string): string => name.replaceAll(':', '_')

/** @returns the series that count. With tensor parallelism each rank of SGLang may repeat the figures of its group: rank 0 counts. */
export const pageOf = (samples: readonly PrometheusSample[]): Page =>
  samples
    .filter(
      ({ labels, value }) => Number.isFinite(value) && value >= 0 && (labels.get('tp_rank') ?? '0') === '0',
    )
    .map((s) => ({ ...s, spelt: spelling(s.name) }))

/**
 * The server family of a page, by the counters on it. A server in front of others comes before them, and a family whose names others
 * may have comes last.
 */
export function formatOf(page: Page): LlmFormat | undefined {
  const rank = ({ inFront, shared }: LlmFormat): number => (inFront ? 0 : shared ? 2 : 1)
  const families = [...LLM_FORMATS].sort((a, b) => rank(a) - rank(b))
  return families.find((f) => countsTokens(page, f)) ?? families.find((f) => isOn(page, f))
}

/** Whether the page has a token counter of this family. */
export const countsTokens = (page: Page, { tokensIn, tokensOut }: LlmFormat): boolean =>
  [tokensIn, tokensOut].some((figures) => seriesOf(page, figures).length > 0)

/** Whether the page is of this family at all, also before its first request. */
export const isOn = (page: Page, format: LlmFormat): boolean =>
  countsTokens(page, format) ||
  seriesOf(page, format.requestsRunning).length > 0 ||
  (format.begins !== undefined && has(page, format.begins))

/** Whether the page has a figure of this family, and not names alone that begin as its own do. */
export const hasFigures = (page: Page, format: LlmFormat): boolean =>
  countsTokens(page, format) ||
  [format.requestsRunning, format.requestsServed].some((figures) => seriesOf(page, figures).length > 0)

/** Whether a histogram of this family has seen anything, or a counter answered requests: before its first one a server has none above 0. */
export const hasObserved = (page: Page, { begins }: LlmFormat): boolean =>
  begins !== undefined &&
  page.some(
    ({ spelt, value }) =>
      value > 0 && spelt.startsWith(spelling(begins)) && SEEN.test(spelt) && !FAILED.test(spelt),
  )

const SEEN = /_(?:count|sum)$|(?:request|response)\w*_total$/
const FAILED = /fail|error/

/** Whether the page shows a store of KV blocks outside the GPUs, and whether other servers may fill it. */
export const storeOn = (page: Page, { stores }: LlmFormat): 'own' | 'shared' | undefined =>
  (['shared', 'own'] as const).find((kind) => stores?.[kind].some((begins) => has(page, begins)))

/** Tokens by model, summed over all other labels: engines, replicas, streamed or not. */
export function llmCounters(page: Page, format: LlmFormat): LlmCounters {
  const sums = (figures: Figures = []) => byModel(seriesOf(page, figures), format)
  const tokensInCached = new Map(sums(format.tokensInCached))
  const tokensInElsewhere = sums(format.tokensInElsewhere)
  const tokensIn = new Map(sums(format.tokensIn))
  if (format.cachedApart)
    for (const [model, tokens] of tokensInCached) tokensIn.set(model, (tokensIn.get(model) ?? 0) + tokens)
  return {
    tokensIn,
    tokensInCached,
    tokensInElsewhere,
    tokensOut: sums(format.tokensOut),
    requestsRunning: total(seriesOf(page, format.requestsRunning)),
    requestsServed: total(seriesOf(page, format.requestsServed)),
  }
}

/** The series of the first of a meaning's names that is on the page. */
export function seriesOf(page: Page, figures: Figures = []): Page {
  for (const { name, where = {} } of figures) {
    const series = page.filter((s) => s.spelt === spelling(name) && fits(s.labels, where))
    if (series.length > 0) return series
  }
  return []
}

/** Whether a metric of the page begins so. */
export const has = (page: Page, begins: string): boolean =>
  page.some((s) => s.spelt.startsWith(spelling(begins)))

/** Whether the labels have all of these values. */
export const fits = (labels: ReadonlyMap<string, string>, where: Readonly<Record<string, string>>): boolean =>
  Object.entries(where).every(([label, value]) => labels.get(label) === value)

/** The sum over all labels; undefined: not on the page. */
export const total = (series: Page): number | undefined =>
  series.length === 0 ? undefined : series.reduce((sum, s) => sum + s.value, 0)

const MODEL_LABELS = ['model_name', 'model']

/** The labels that may name the model, first the one that counts. A Prometheus renames the server's label where its target has one of that name. */
export const modelLabelsOf = ({ modelLabels = MODEL_LABELS }: LlmFormat): string[] =>
  modelLabels.flatMap((label) => [`exported_${label}`, label])

/** The model that a series is of; '' where it names none. */
export const modelOf = ({ labels }: Pick<Page[number], 'labels'>, format: LlmFormat): string =>
  modelLabelsOf(format)
    .map((label) => labels.get(label))
    .find(Boolean) ?? ''

function byModel(series: Page, format: LlmFormat): Map<string, number> {
  const sums = new Map<string, number>()
  for (const one of series) {
    const model = modelOf(one, format)
    sums.set(model, (sums.get(model) ?? 0) + one.value)
  }
  return sums
}
