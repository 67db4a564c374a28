import { z } from 'zod'
import { defined } from '../../../protocol/kit/defined.ts'
import { HttpUrlSchema } from '../../../protocol/kit/fields.ts'
import { SecretSchema } from '../../../protocol/kit/secret.ts'
import type { State } from '../../../protocol/sample.ts'
import { Rate } from '../../counting/rate.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import type { OwnerCounters } from '../../plugin/reading.ts'
import { getText } from '../../wire/http.ts'
import { parseMetrics } from '../../wire/prometheus.ts'
import { LLM_FORMATS } from './formats/index.ts'
import { formatOf, type LlmCounters, llmCounters } from './metrics.ts'

const NAMES = LLM_FORMATS.map(({ name }) => name)
const TITLES = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(
  LLM_FORMATS.map(({ title }) => title),
)

export default defineDriver({
  name: 'llm-server',
  summary: `tokens served by ${TITLES}, from its metrics page`,
  kind: 'service',
  needsHost: false,
  requests: ['GET /metrics'],
  settings: z.strictObject({
    url: HttpUrlSchema.describe("the server's metrics page, such as http://192.0.2.20:8000/metrics"),
    service: z
      .string()
      .min(1)
      .max(256)
      .describe('name under which it is sold: the fact `service`, which workload rules match'),
    format: z
      .enum(['auto', ...NAMES])
      .default('auto')
      .describe('the server family; auto recognises it by its metrics'),
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
    return {
      async read(signal) {
        const { samples } = parseMetrics(await getText(url, { signal, bearer: token }))
        const steadyMs = performance.now()
        const format =
          options.format === 'auto' ? formatOf(samples) : LLM_FORMATS.find((f) => f.name === options.format)
        if (!format) throw new Error(`${url} shows no metrics of ${TITLES}; check the address`)
        const counters = llmCounters(samples, format)
        const tokensInPerS = rateIn.perS(counters.tokensIn, steadyMs)
        const tokensOutPerS = rateOut.perS(counters.tokensOut, steadyMs)
        const { requestsRunning } = counters
        // a busy server may have no request running at this moment, but its tokens have grown
        const activity = [requestsRunning, tokensInPerS, tokensOutPerS].filter((a) => a !== undefined)
        const state: State = activity.length === 0 ? 'unknown' : activity.some((a) => a > 0) ? 'busy' : 'idle'
        const byOwner = ownersOf(counters, service, options.model)
        // the live rates are the whole server's: they belong to its model, or to the service where it serves several models
        const [first, ...more] = byOwner
        const holders = [{ owner: first && more.length === 0 ? first.owner : { service }, share: 1 }]
        const models = [...new Set(byOwner.map(({ owner }) => owner['model']))]
        return [
          {
            identity: defined({
              kind: 'service' as const,
              model: models.length === 1 ? models[0]?.slice(0, 128) : undefined,
            }),
            sample: defined({ state, holders, requestsRunning, tokensInPerS, tokensOutPerS }),
            counters: { byOwner },
          },
        ]
      },
    }
  },
})

function ownersOf(counters: LlmCounters, service: string, fallback: string | undefined): OwnerCounters[] {
  const models = new Set([...counters.tokensIn.keys(), ...counters.tokensOut.keys()])
  return [...models].map((name) => {
    const model = name || fallback
    return defined({
      owner: model ? { service, model: model.slice(0, 256) } : { service },
      tokensIn: counters.tokensIn.get(name),
      tokensInCached: counters.tokensInCached.get(name),
      tokensOut: counters.tokensOut.get(name),
    })
  })
}
