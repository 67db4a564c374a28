import { type Random, Wander } from '../base/random.ts'
import type { Job } from './host.ts'

const DAY_S = 86_400
/** UTC hour of the most traffic */
const BUSIEST_H = 15
const MAX_REQUESTS = 96
/** what the four GPUs generate together at full load */
const MAX_OUT_PER_S = 7200
/** chat prompts include the history, so about four tokens come in for each one out */
const IN_PER_OUT = 4

/** An LLM server whose traffic follows the hour of the day. Its `job` holds its GPUs. */
export class LlmServer {
  readonly model: string
  readonly job: Job = { namespace: 'inference', pod: 'llm-chat-0', container: 'vllm', load: 0 }
  requestsRunning = 0
  /** counters since the server's start, whole tokens */
  tokensIn: number
  tokensOut: number
  readonly startedS: number
  /** tokens since the simulation began */
  servedIn = 0
  servedOut = 0
  readonly #wave: Wander
  readonly #gust: Wander
  #owedIn = 0
  #owedOut = 0

  constructor(model: string, nowS: number, random: Random) {
    this.model = model
    const ranS = random.whole(6 * 3600, 5 * DAY_S)
    this.startedS = nowS - ranS
    this.tokensOut = Math.floor(ranS * MAX_OUT_PER_S * 0.5)
    this.tokensIn = this.tokensOut * IN_PER_OUT
    this.#wave = new Wander(random, 0.06, 240)
    this.#gust = new Wander(random, 0.04, 10)
  }

  /** @param nowS Unix time, s: gives the hour of the day */
  advance(dtS: number, nowS: number): void {
    const hourAngle = (2 * Math.PI * (nowS - BUSIEST_H * 3600)) / DAY_S
    const daily = 0.55 + 0.33 * Math.cos(hourAngle)
    const load = Math.min(1, Math.max(0.02, daily + this.#wave.step(dtS) + this.#gust.step(dtS)))
    this.job.load = load
    this.requestsRunning = Math.round(load * MAX_REQUESTS)
    this.#owedOut += load * MAX_OUT_PER_S * dtS
    this.#owedIn += load * MAX_OUT_PER_S * dtS * IN_PER_OUT
    const out = Math.floor(this.#owedOut)
    const input = Math.floor(this.#owedIn)
    this.#owedOut -= out
    this.#owedIn -= input
    this.tokensOut += out
    this.tokensIn += input
    this.servedOut += out
    this.servedIn += input
  }
}

/** The `/metrics` page of vLLM. Values are printed as Python floats, and each counter has a `_created` gauge. */
export function vllmText(server: LlmServer): string {
  const labels = `{engine="0",model_name="${server.model}"}`
  const metric = (name: string, type: string, help: string, value: number) =>
    `# HELP vllm:${name} ${help}\n# TYPE vllm:${name} ${type}\nvllm:${name}${labels} ${pythonFloat(value)}\n`
  const counter = (name: string, help: string, value: number) =>
    metric(`${name}_total`, 'counter', help, value) +
    metric(`${name}_created`, 'gauge', help, server.startedS)
  return (
    metric(
      'num_requests_running',
      'gauge',
      'Number of requests in model execution batches.',
      server.requestsRunning,
    ) +
    metric('num_requests_waiting', 'gauge', 'Number of requests waiting to be processed.', 0) +
    metric(
      'kv_cache_usage_perc',
      'gauge',
      'KV-cache usage. 1 means 100 percent usage.',
      Number((server.job.load * 0.8).toFixed(4)),
    ) +
    counter('prompt_tokens', 'Number of prefill tokens processed.', server.tokensIn) +
    counter('generation_tokens', 'Number of generation tokens processed.', server.tokensOut)
  )
}

/** A float as Python's repr prints it: `8.0`. From 1e16 on it would be `1e+16`, which no counter reaches. */
const pythonFloat = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value))
