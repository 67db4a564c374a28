import { describe, expect, test } from 'vitest'
import { text } from '../../page-server.ts'
import { llmRig } from './llm-rig.ts'

const llm = llmRig()
const { open, read } = llm
const { signal } = new AbortController()
const sold = async (body: string, settings?: object) => (await read(body, settings)).counters?.byOwner?.[0]

const L = 'engine="0",model_name="m"'
/** vLLM's sources of prompt tokens: vllm/v1/metrics/stats.py, PromptTokenStats.ALL_SOURCES; computed + hit + transfer = total. */
const bySource = (computed: number, hit: number, transfer: number) =>
  [
    ['local_compute', computed],
    ['local_cache_hit', hit],
    ['external_kv_transfer', transfer],
  ]
    .map(([source, tokens]) => `vllm:prompt_tokens_by_source_total{${L},source="${source}"} ${tokens}\n`)
    .join('')
const vllm = (prompt: number, generated: number) =>
  `vllm:prompt_tokens_total{${L}} ${prompt}\nvllm:generation_tokens_total{${L}} ${generated}\n`
// docs/features/nixl_connector_usage.md of vLLM: shown where the NIXL connector is on
const NIXL = `vllm:nixl_xfer_time_seconds_count{${L}} 300\n`
const limits = (sum: number, count: number) =>
  `vllm:request_params_max_tokens_sum{${L}} ${sum}\nvllm:request_params_max_tokens_count{${L}} ${count}\n`

/** 300 requests of 2,000 tokens in and 100 out, of which 300 × 400 tokens were in the prefill end's cache. */
const PREFILL = vllm(600_000, 300) + bySource(480_000, 120_000, 0) + NIXL + limits(300, 300)
const DECODE = vllm(600_000, 30_000) + bySource(0, 0, 600_000) + NIXL + limits(30_000, 300)

describe('vLLM with prefill and decode apart', () => {
  test('600,000 real input tokens are sold once, and the prefill’s one token a request is no sale', async () => {
    const prefill = await sold(PREFILL)
    const decode = await sold(DECODE)
    expect(prefill).toMatchObject({ tokensIn: 600_000, tokensInCached: 120_000 })
    expect(prefill).not.toHaveProperty('tokensOut')
    expect(decode).toMatchObject({ tokensIn: 0, tokensInCached: 0, tokensOut: 30_000 })
  })

  test('which end a server is stands in its tags where the page tells, and settings win', async () => {
    expect((await read(PREFILL)).identity.tags).toEqual({ end: 'prefill' })
    expect((await read(DECODE, { end: 'decode' })).identity.tags).toEqual({ end: 'decode' })
    expect(await sold(PREFILL, { end: 'whole' })).toMatchObject({ tokensOut: 300 })
  })

  test('what the decode end computes itself, or has in its own cache, is its own sale', async () => {
    expect(await sold(vllm(1000, 50) + bySource(100, 250, 650) + NIXL)).toMatchObject({
      tokensIn: 350,
      tokensInCached: 250,
      tokensOut: 50,
    })
  })

  test('a decode end of a version that tells no sources sells its output only', async () => {
    const owner = await sold(vllm(600_000, 30_000), { end: 'decode' })
    expect(owner).toMatchObject({ tokensOut: 30_000 })
    expect(owner).not.toHaveProperty('tokensIn')
  })

  test('counters that are read in the middle of a request never make the sold input fall', async () => {
    const session = open()
    const tokensIn = async (prompt: number, transfer: number) => {
      llm.page.answer = text(vllm(prompt, 1) + bySource(prompt - transfer, 0, transfer))
      return (await session.read(signal))[0]?.counters?.byOwner?.[0]?.tokensIn
    }
    expect([await tokensIn(1000, 900), await tokensIn(1000, 950), await tokensIn(1200, 1050)]).toEqual([
      100, 100, 150,
    ])
  })
})

describe('servers that say which end they are', () => {
  test.each([
    // sgl-project/sglang, test_disaggregation: `sglang:num_running_reqs{...engine_type="prefill"...}`
    [
      'SGLang',
      'sglang:',
      'sglang:num_running_reqs{engine_type="END",model_name="m",pp_rank="0",tp_rank="0"} 1\n',
      '',
    ],
    // Dynamo passes a worker's metrics on with the label dynamo_component (lib/runtime/src/metrics/prometheus_names.rs)
    ['a worker of Dynamo', 'vllm:', '', 'dynamo_component="END",'],
  ])('%s', async (_, prefix, running, label) => {
    const at = (end: string) =>
      `${running}${prefix}prompt_tokens_total{${label}model_name="m"} 600000\n${prefix}generation_tokens_total{${label}model_name="m"} 300\n`.replaceAll(
        'END',
        end,
      )
    expect(await sold(at('prefill'))).toEqual({ owner: { service: 'chat', model: 'm' }, tokensIn: 600_000 })
    expect(await sold(at('decode'))).toEqual({ owner: { service: 'chat', model: 'm' }, tokensOut: 300 })
  })
})

describe('input from a cache', () => {
  test('vLLM’s hits are counted again at each try of the scheduler, so they are no figure', async () => {
    // prompt +1000/s, hits +30000/s under load: all input would be sold at the cached price
    const owner = await sold(
      `${vllm(1_000_000, 5)}vllm:prefix_cache_queries_total{${L}} 31000000\nvllm:prefix_cache_hits_total{${L}} 30000000\nvllm:gpu_prefix_cache_hits_total{${L}} 30000000\n`,
    )
    expect(owner).toEqual({ owner: { service: 'chat', model: 'm' }, tokensIn: 1_000_000, tokensOut: 5 })
  })

  test('a part never grows by more than its whole, whatever the page says', async () => {
    const session = open()
    const cached = async (tokensIn: number, tokensInCached: number) => {
      // the sums of the example in Dynamo's guide have more cached than input tokens
      llm.page.answer = text(
        `dynamo_frontend_input_sequence_tokens_sum{model="m"} ${tokensIn}\ndynamo_frontend_cached_tokens_sum{model="m"} ${tokensInCached}\n`,
      )
      return (await session.read(signal))[0]?.counters?.byOwner?.[0]?.tokensInCached
    }
    expect([await cached(1000, 400), await cached(2000, 30_400), await cached(3000, 30_400)]).toEqual([
      400, 1400, 2400,
    ])
    // the server starts again
    expect([await cached(10, 5), await cached(20, 5)]).toEqual([5, 5])
  })
})
