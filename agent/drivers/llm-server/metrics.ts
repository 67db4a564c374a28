import type { PrometheusSample } from '../../wire/prometheus.ts'

/** What a server family calls its counters. */
interface Names {
  /** how all of its metrics begin */
  prefix: string
  tokensIn: string
  /** of tokensIn what came from a cache; the first that the page has: names changed with versions */
  tokensInCached: readonly string[]
  /** true: tokensIn leaves those out */
  cachedApart?: boolean
  tokensOut: string
  requestsRunning: string
}

export const LLM_FORMATS = {
  // Triton's vLLM backend has the same names, with `model` for `model_name`
  vllm: {
    prefix: 'vllm:',
    tokensIn: 'vllm:prompt_tokens_total',
    // newest first
    tokensInCached: [
      'vllm:prompt_tokens_cached_total',
      'vllm:prefix_cache_hits_total',
      'vllm:gpu_prefix_cache_hits_total',
    ],
    tokensOut: 'vllm:generation_tokens_total',
    requestsRunning: 'vllm:num_requests_running',
  },
  sglang: {
    prefix: 'sglang:',
    tokensIn: 'sglang:prompt_tokens_total',
    tokensInCached: ['sglang:cached_tokens_total'],
    tokensOut: 'sglang:generation_tokens_total',
    requestsRunning: 'sglang:num_running_reqs',
  },
  // histograms of tokens a request; their sums are the counters
  tgi: {
    prefix: 'tgi_',
    tokensIn: 'tgi_request_input_length_sum',
    tokensInCached: [],
    tokensOut: 'tgi_request_generated_tokens_sum',
    requestsRunning: 'tgi_batch_current_size',
  },
  llamacpp: {
    prefix: 'llamacpp:',
    tokensIn: 'llamacpp:prompt_tokens_total',
    // since August 2026; before, what came from the cache was counted nowhere
    tokensInCached: ['llamacpp:prompt_tokens_cached_total'],
    cachedApart: true,
    tokensOut: 'llamacpp:tokens_predicted_total',
    requestsRunning: 'llamacpp:requests_processing',
  },
} as const satisfies Record<string, Names>
export type LlmFormat = keyof typeof LLM_FORMATS

export interface LlmCounters {
  /** by model; '' where the server names none */
  tokensIn: ReadonlyMap<string, number>
  tokensInCached: ReadonlyMap<string, number>
  tokensOut: ReadonlyMap<string, number>
  requestsRunning: number | undefined
}

/** The family that a page is of, by how its metrics begin. */
export const formatOf = (samples: readonly PrometheusSample[]): LlmFormat | undefined =>
  (Object.keys(LLM_FORMATS) as LlmFormat[]).find((format) =>
    samples.some((s) => nameOf(s).startsWith(LLM_FORMATS[format].prefix)),
  )

/** Tokens by model, summed over engines, replicas and whether the answer was streamed. */
export function llmCounters(samples: readonly PrometheusSample[], format: LlmFormat): LlmCounters {
  const names: Names = LLM_FORMATS[format]
  const own = samples
    .map((s) => ({ ...s, name: nameOf(s) }))
    .filter((s) => s.name.startsWith(names.prefix) && counts(s))
  const running = own.filter((s) => s.name === names.requestsRunning)
  const cached = names.tokensInCached.find((name) => own.some((s) => s.name === name))
  const tokensInCached = cached ? byModel(own, cached) : new Map<string, number>()
  const tokensIn = byModel(own, names.tokensIn)
  if (names.cachedApart)
    for (const [model, tokens] of tokensInCached) tokensIn.set(model, (tokensIn.get(model) ?? 0) + tokens)
  return {
    tokensIn,
    tokensInCached,
    tokensOut: byModel(own, names.tokensOut),
    requestsRunning: running.length === 0 ? undefined : running.reduce((sum, s) => sum + s.value, 0),
  }
}

/** Relays that take no colon write an underscore for it: `sglang_prompt_tokens_total`. */
const nameOf = ({ name }: PrometheusSample): string => name.replace(/^(vllm|sglang|llamacpp)_/, '$1:')

/** With tensor parallelism each rank of SGLang may repeat its group's figures. */
const counts = ({ labels, value }: PrometheusSample): boolean =>
  Number.isFinite(value) && value >= 0 && (labels.get('tp_rank') ?? '0') === '0'

function byModel(samples: readonly PrometheusSample[], name: string): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { name: own, labels, value } of samples) {
    if (own !== name) continue
    const model = labels.get('model_name') ?? labels.get('model') ?? ''
    sums.set(model, (sums.get(model) ?? 0) + value)
  }
  return sums
}
