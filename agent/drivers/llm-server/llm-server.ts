import { z } from 'zod'
import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { HttpUrlSchema } from '../../../protocol/kit/fields.ts'
import { SecretSchema } from '../../../protocol/kit/secret.ts'
import type { Owner } from '../../../protocol/owner.ts'
import type { State } from '../../../protocol/sample.ts'
import { OneServer, type Standing } from '../../counting/one-server.ts'
import { Rate } from '../../counting/rate.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import type { Counters, OwnerCounters } from '../../plugin/reading.ts'
import { getText } from '../../wire/http.ts'
import { parseMetrics } from '../../wire/prometheus.ts'
import { type Unrepeated, unrepeated } from './copies.ts'
import type { LlmFormat } from './formats/format.ts'
import { LLM_FORMATS } from './formats/index.ts'
import {
  countsTokens,
  formatOf,
  hasFigures,
  hasObserved,
  isOn,
  type LlmCounters,
  llmCounters,
  type Page,
  pageOf,
} from './metrics.ts'
import type { SeriesTokens } from './series-tokens.ts'
import { contradiction, isOfOneProcess, originOf, severalFault } from './server-behind.ts'
import { TokenSale } from './sold-tokens.ts'

const NAMES = LLM_FORMATS.map(({ name }) => name)
const TITLES = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(
  LLM_FORMATS.map(({ title }) => title),
)

export default defineDriver({
  name: 'llm-server',
  summary: 'tokens served by LLM servers and the proxies before them, from their metrics page',
  kind: 'service',
  needsHost: false,
  requests: ['GET /metrics'],
  settings: z.strictObject({
    url: HttpUrlSchema.describe(
      "one server's metrics page, such as http://192.0.2.20:8000/metrics; not a Service or a proxy with several servers behind it, because each counts for itself",
    ),
    service: z
      .string()
      .min(1)
      .max(256)
      .describe('name under which it is sold: the fact `service`, which workload rules match'),
    format: z
      .enum(['auto', ...NAMES])
      .default('auto')
      .describe('the server family; auto recognises it by the counters on its page'),
    end: z
      .enum(['auto', 'whole', 'prefill', 'decode'])
      .default('auto')
      .describe(
        'where prefill and decode are apart, which end this is, so that no token is sold twice: prefill sells input, decode sells output; auto goes by what the page tells, and where that leaves it open a fault says so and nothing is sold that another server may sell',
      ),
    model: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe('the model, if the metrics name none (TGI, llama.cpp)'),
    token: SecretSchema.optional().describe('bearer token for the metrics page, if it needs one'),
  }),
  open({ options }): Session {
    const { url, service, token } = options
    const rateIn = new Rate()
    const rateOut = new Rate()
    const end = options.end === 'auto' ? undefined : options.end
    let sale = new TokenSale(end)
    const behind = new OneServer<Unrepeated>(
      (answer) => originOf(answer, formatNamed(options.format, answer.page)),
      () => Date.now(),
    )
    const ask = async (signal: AbortSignal) =>
      unrepeated(pageOf(parseMetrics(await getText(url, { signal, bearer: token })).samples))
    return {
      remembers: () => ({ server: behind.remembered, series: sale.remembered }),
      recall(known) {
        const { server, series } = (known ?? {}) as Record<string, unknown>
        behind.recall(server)
        sale.recall(series)
      },
      async read(signal) {
        const { answer, ...heard } = await behind.read(ask, signal)
        const { page } = answer
        const steadyMs = performance.now()
        const format = chosen(page, options.format, url)
        const twice = contradiction(answer, format)
        const use = twice === undefined ? heard.standing : 'contradicted'
        if (use === 'another' || use === 'contradicted') sale = new TokenSale(end)
        const isSure = use === 'goes-on' && heard.certain && isOfOneProcess(answer)
        const sold = (use === 'away' || use === 'contradicted' ? new TokenSale(end) : sale).read(
          page,
          format,
          isSure,
        )
        const isRead = use === 'goes-on' || use === 'began' || use === 'fell'
        const rateOf = (rate: Rate, of: 'tokensIn' | 'tokensOut') => {
          if (use === 'away') return undefined
          return rate.perS(isRead ? eachOf(sold.sold, of) : new Map(), steadyMs)
        }
        const tokensInPerS = rateOf(rateIn, 'tokensIn')
        const tokensOutPerS = rateOf(rateOut, 'tokensOut')
        const { requestsRunning: running, ...counted } = llmCounters(page, format)
        const requestsRunning = use === 'away' ? undefined : running
        // a busy server may have no request running at this moment, but its tokens have grown
        const activity = [requestsRunning, tokensInPerS, tokensOutPerS].filter((a) => a !== undefined)
        const sellsNothing = use === 'contradicted' || (heard.several && !heard.certain)
        const state = sellsNothing ? 'faulty' : stateOf(activity)
        const byOwner = ownersOf(sold.sold, service, options.model)
        const unsold = ownersOf(sold.unsold, service, options.model)
        // the live rates are the whole server's: they belong to its model, or to the service where it serves several models
        const models = sold.models.map((name) => name || options.model)
        const [model] = models.length === 1 ? models : []
        const holders = [{ owner: ownerOf(service, model), share: 1 }]
        const faults = [
          ...[severalFault(heard), sold.unsure.length > 0 ? undefined : twice].filter((f) => f !== undefined),
          ...(countsTokens(page, format) ? [] : doubted(page, format, options.format)),
          ...halfCounted(counted, format),
          ...sold.unsure,
          ...(sellsNothing ? [] : sold.faults),
        ]
        return [
          {
            identity: defined({
              kind: 'service' as const,
              model: model?.slice(0, 128),
              tags: sold.end === 'whole' ? undefined : { end: sold.end },
            }),
            sample: defined({
              state,
              holders,
              requestsRunning,
              tokensInPerS,
              tokensOutPerS,
              faults: faults.length > 0 ? faults : undefined,
            }),
            counters: COUNTERS[use](byOwner, unsold),
          },
        ]
      },
    }
  },
})

const stateOf = (activity: readonly number[]): State =>
  activity.length === 0 ? 'unknown' : activity.some((a) => a > 0) ? 'busy' : 'idle'

/**
 * What of a page's counters is sold, by how it goes on from the last page. What another server may have served is in no difference; how much
 * of a sum of two is whose is never known.
 */
const COUNTERS: Readonly<
  Record<Standing | 'contradicted', (sold: OwnerCounters[], unsold: OwnerCounters[]) => Counters>
> = {
  'goes-on': (byOwner, unsold) => defined({ byOwner, unsold: unsold.length > 0 ? unsold : undefined }),
  began: (byOwner, unsold) => COUNTERS['goes-on'](byOwner, unsold),
  fell: (byOwner, unsold) => COUNTERS['goes-on'](byOwner, unsold),
  another: (sold, unsold) => ({ refused: ['tokens'], unsold: [...sold, ...unsold] }),
  away: () => ({ byOwner: [] }),
  contradicted: () => ({ refused: ['tokens'] }),
}

const formatNamed = (setting: string, page: Page): LlmFormat | undefined =>
  setting === 'auto' ? formatOf(page) : LLM_FORMATS.find((f) => f.name === setting)

/**
 * The format of a page.
 * @throws PerwattError `no-token-counters` where the page is of another family than the settings say, or counts no tokens
 */
function chosen(page: Page, setting: string, url: string): LlmFormat {
  const found = formatOf(page)
  const format = formatNamed(setting, page)
  const fault = (words: string) => new PerwattError('no-token-counters', `${url} ${words}`)
  if (!format) throw fault(`shows no metrics of ${TITLES}; check the address`)
  if (!isOn(page, format))
    throw fault(
      `shows none of the counters of ${format.title} (${namesOf(format)}); ${
        found
          ? `its counters are those of ${found.title}: set format: ${found.name}, or auto`
          : 'check the address'
      }`,
    )
  const { requestsRunning = 0, requestsServed = 0 } = llmCounters(page, format)
  // most servers show a counter only after their first request
  if (!countsTokens(page, format) && (requestsRunning + requestsServed > 0 || hasObserved(page, format)))
    throw fault(
      `has requests of ${format.title} and no token counter (${namesOf(format)}); ${
        format.withoutTokens ?? 'check its version and that its metrics are on'
      }`,
    )
  return format
}

const namesOf = ({ tokensIn, tokensOut }: LlmFormat): string =>
  [tokensIn, tokensOut].flatMap(([newest]) => (newest ? [newest.name] : [])).join(', ')

/** Nothing on the page shows that it has served anybody, so this may be a server that has just started, or the wrong one. */
function doubted(page: Page, format: LlmFormat, setting: string): string[] {
  if (setting !== 'auto') return [notYet(format)]
  return hasFigures(page, format)
    ? []
    : [`${notYet(format)} (only the names of its metrics begin as ${format.title}’s)`]
}

const notYet = (format: LlmFormat): string =>
  `shows no token counter of ${format.title} (${namesOf(format)}) yet; if it has served requests, check its version, its settings and format:`

/** A page that counts one direction and not the other: half of the tokens would be missing without a word. */
function halfCounted(
  { tokensIn, tokensOut }: Pick<LlmCounters, 'tokensIn' | 'tokensOut'>,
  format: LlmFormat,
): string[] {
  const served = (tokens: ReadonlyMap<string, number>) => [...tokens.values()].some((n) => n > 0)
  if (tokensIn.size === 0 && served(tokensOut))
    return [`counts no input tokens (${format.tokensIn[0]?.name})`]
  if (tokensOut.size === 0 && served(tokensIn))
    return [`counts no output tokens (${format.tokensOut[0]?.name})`]
  return []
}

/** The tokens of each series: a rate adds nothing of one that was not sold before. */
const eachOf = (sold: readonly SeriesTokens[], quantity: 'tokensIn' | 'tokensOut'): Map<string, number> =>
  new Map(
    sold.flatMap(({ key, model, [quantity]: n }) =>
      n === undefined ? [] : [[`${key}\n${model}`, n] as const],
    ),
  )

const ownerOf = (service: string, model: string | undefined): Owner =>
  model ? { service, model: model.slice(0, 256) } : { service }

/** One for each set of labels: the counters of replicas begin and end by themselves. */
function ownersOf(
  tokens: readonly SeriesTokens[],
  service: string,
  fallback: string | undefined,
): OwnerCounters[] {
  const owners = new Map<string, OwnerCounters>()
  for (const { key, model, ...counts } of tokens) {
    const id = `${key}\n${model}`
    const owner = ownerOf(service, model || fallback)
    owners.set(id, { owner, ...(key && { counter: key }), ...owners.get(id), ...counts })
  }
  return [...owners.values()]
}
