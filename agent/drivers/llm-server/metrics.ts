import type { PrometheusSample } from '../../wire/prometheus.ts'
import type { LlmFormat } from './formats/format.ts'
import { LLM_FORMATS } from './formats/index.ts'

/** What a server has counted since its start. */
export interface LlmCounters {
  /** by model; the key is '' where the server names no model */
  tokensIn: ReadonlyMap<string, number>
  tokensInCached: ReadonlyMap<string, number>
  tokensOut: ReadonlyMap<string, number>
  requestsRunning: number | undefined
}

/** The server family of a metrics page, by how its metrics begin. */
export const formatOf = (samples: readonly PrometheusSample[]): LlmFormat | undefined =>
  LLM_FORMATS.find(({ prefix }) => samples.some((s) => nameOf(s).startsWith(prefix)))

/** Tokens by model, summed over all other labels: engines, replicas, streamed or not. */
export function llmCounters(samples: readonly PrometheusSample[], names: LlmFormat): LlmCounters {
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

/** A metric's own name. A relay that allows no colon has written an underscore instead: `sglang_prompt_tokens_total`. */
function nameOf({ name }: PrometheusSample): string {
  const relayed = RELAYED.find(({ written }) => name.startsWith(written))
  return relayed ? relayed.prefix + name.slice(relayed.written.length) : name
}

const RELAYED = LLM_FORMATS.filter(({ prefix }) => prefix.endsWith(':')).map(({ prefix }) => ({
  prefix,
  written: `${prefix.slice(0, -1)}_`,
}))

/** With tensor parallelism each rank of SGLang may repeat the figures of its group, so only rank 0 counts. */
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
