import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { DeviceAccumulator } from '../../../../agent/metering/accumulator.ts'
import { text } from '../../page-server.ts'
import { llmRig } from './llm-rig.ts'

const llm = llmRig()
let accumulator: DeviceAccumulator
let steadyMs: number
beforeEach(() => {
  accumulator = new DeviceAccumulator('llm-01', 60_000)
  steadyMs = 0
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Polls that a session makes of these pages, 10 s apart. */
async function polls(pages: readonly string[], settings: object = {}): Promise<void> {
  const session = llm.open(settings)
  for (const page of pages) {
    llm.page.answer = text(page)
    const [reading] = await session.read(new AbortController().signal)
    accumulator.observe(reading!, { wallMs: 1_800_000_000_000 + steadyMs, steadyMs })
    steadyMs += 10_000
    vi.advanceTimersByTime(10_000)
  }
}
/** What a reload of the settings, and a restart of the agent, leave of it. */
const reload = () => {
  accumulator = new DeviceAccumulator('llm-01', 60_000, JSON.parse(JSON.stringify(accumulator.state)))
}
function sold() {
  const records = accumulator.closeAll()
  const sum = (of: 'tokensIn' | 'tokensInCached' | 'tokensOut') =>
    records.reduce((all, r) => all + (r[of] ?? 0), 0)
  return { tokensIn: sum('tokensIn'), tokensInCached: sum('tokensInCached'), tokensOut: sum('tokensOut') }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const L = 'engine="0",model_name="m"'

/** vllm/v1/metrics/loggers.py: names. It had served for days before the agent came. */
const vllm = (requests: number, perRequest: number, extra = '') =>
  `vllm:prompt_tokens_total{${L}} ${requests * 1000}\nvllm:generation_tokens_total{${L}} ${requests * perRequest}\nvllm:request_success_total{${L},finished_reason="length"} ${requests}\n${extra}`
const bySource = (computed: number, transfer: number) =>
  `vllm:prompt_tokens_by_source_total{${L},source="local_compute"} ${computed}\nvllm:prompt_tokens_by_source_total{${L},source="external_kv_transfer"} ${transfer}\n`

const PREFILL = (i: number) => vllm(20_000 + i, 1)
/** pull request 26245 of vLLM: hits above 0 where a connector brought KV blocks, and not how many tokens of the counted input */
const RECEIVED = (i: number) =>
  vllm(20_000 + i, 100, `vllm:external_prefix_cache_hits_total{${L}} ${19_000_000 + i * 900}\n`)
const DECODE = (i: number) => vllm(20_000 + i, 100, bySource((20_000 + i) * 100, (20_000 + i) * 900))

describe('a server’s past is never sold', () => {
  test.each([
    ['end: prefill', PREFILL, 'prefill', { tokensIn: 6000, tokensOut: 0 }],
    ['end: whole', PREFILL, 'whole', { tokensIn: 6000, tokensOut: 6 }],
    ['end: whole, after its output was sold', RECEIVED, 'whole', { tokensIn: 6000, tokensOut: 1100 }],
    ['end: decode', RECEIVED, 'decode', { tokensIn: 0, tokensOut: 1100 }],
    ['end: whole, after part of its input was sold', DECODE, 'whole', { tokensIn: 6500, tokensOut: 1100 }],
    ['end: prefill, after its output was sold', DECODE, 'prefill', { tokensIn: 6500, tokensOut: 500 }],
  ])('where a fault led to %s, its tokens count from then on', async (_, page, end, expected) => {
    await polls(range(0, 6).map(page))
    reload()
    await polls(range(6, 12).map(page), { end })
    expect(sold()).toMatchObject(expected)
  })

  test('nor where the page itself no longer looks like a prefill end', async () => {
    // 1,000,000 answers of one token; then 60,000 tokens in one go: 1.06 tokens a request
    const page = (requests: number, generated: number) =>
      `vllm:prompt_tokens_total{${L}} ${requests * 1000}\nvllm:generation_tokens_total{${L}} ${generated}\nvllm:request_success_total{${L},finished_reason="stop"} ${requests}\n`
    const held = range(0, 5).map((i) => page(1_000_000 + i, 1_000_000 + i))
    const open = range(5, 10).map((i) => page(1_000_000 + i, 1_060_000 + i * 100))
    await polls([...held, ...open])
    expect(sold()).toMatchObject({ tokensIn: 5000 })
  })

  test('nor where a second end appears on the page of the first', async () => {
    // sgl-project/sglang, pull request 23978: engine_type on token counters; a gateway shows both ends
    const end = (name: string, prompt: number, generated: number) =>
      `sglang:prompt_tokens_total{engine_type="${name}",model_name="m"} ${prompt}\nsglang:generation_tokens_total{engine_type="${name}",model_name="m"} ${generated}\n`
    const page = (i: number) =>
      end('prefill', 5_000_000 + i * 1000, 5000 + i) + (i < 3 ? '' : end('decode', i * 1000, i * 200))
    await polls(range(0, 6).map(page))
    // the first end's series go on; the second one does not say that it has just started
    expect(sold()).toMatchObject({ tokensIn: 5 * 1000, tokensOut: 2 * 200 })
  })

  test('nor where a frontend that served before appears on a worker’s page', async () => {
    const frontend = (i: number) =>
      `dynamo_frontend_input_sequence_tokens_sum{model="m"} ${9_000_000 + i * 1000}\ndynamo_frontend_output_tokens_total{model="m"} ${900_000 + i * 100}\n`
    const worker = (i: number) => vllm(1000 + i, 100)
    await polls(range(0, 6).map((i) => worker(i) + (i < 3 ? '' : frontend(i))))
    expect(sold()).toEqual({ tokensIn: 4000, tokensInCached: 0, tokensOut: 400 })
  })

  test('nor under another name, when settings rename the service or its model', async () => {
    const whole = (i: number) => vllm(20_000 + i, 100)
    await polls(range(0, 3).map(whole))
    reload()
    await polls(range(3, 6).map(whole), { service: 'chat-eu' })
    expect(sold()).toMatchObject({ tokensIn: 2000 + 2000, tokensOut: 200 + 200 })
  })

  test('nor that of a replica which the page did not show before, and that may have served for days', async () => {
    const replica = (id: string, tokens: number) =>
      `ray_vllm_prompt_tokens_total{WorkerId="${id}",model_name="m"} ${tokens}\n`
    await polls(
      range(0, 6).map(
        (i) => replica('a', i * 10) + (i < 3 ? '' : replica('old', 1e9 + i * 10) + replica('new', i * 10)),
      ),
    )
    expect(sold()).toMatchObject({ tokensIn: 50 + 20 + 20 })
  })

  test('a model that answers its first request is sold from its start', async () => {
    const model = (name: string, tokens: number) =>
      `vllm:generation_tokens_total{model_name="${name}"} ${tokens}\n`
    await polls([model('a', 500), model('a', 500) + model('b', 70), model('a', 500) + model('b', 90)])
    expect(sold()).toMatchObject({ tokensOut: 90 })
  })
})

test('whatever ends are set one after the other, no more is sold than was served since the agent came (property)', async () => {
  const step = fc.record({
    end: fc.constantFrom('auto', 'whole', 'prefill', 'decode'),
    polls: fc.integer({ min: 1, max: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(PREFILL, RECEIVED, DECODE),
      fc.array(step, { minLength: 1, maxLength: 5 }),
      async (page, steps) => {
        accumulator = new DeviceAccumulator('llm-01', 60_000)
        steadyMs = 0
        let at = 0
        for (const { end, polls: n } of steps) {
          if (at > 0) reload()
          await polls(range(at, at + n).map(page), { end })
          at += n
        }
        const { tokensIn, tokensInCached, tokensOut } = sold()
        expect(tokensIn).toBeLessThanOrEqual((at - 1) * 1000)
        expect(tokensInCached).toBeLessThanOrEqual(tokensIn)
        expect(tokensOut).toBeLessThanOrEqual((at - 1) * 100)
      },
    ),
    { numRuns: 60 },
  )
})
