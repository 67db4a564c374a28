import { describe, expect, test } from 'vitest'
import { llmRig } from './llm-rig.ts'

const { read } = llmRig()

const STORE = expect.stringMatching(/set end: decode; .*set end: whole; .*not sold until then/)

/** What one page sells, and its faults. */
async function seen(body: string, settings?: object) {
  const { counters, sample } = await read(body, settings)
  const sum = (of: 'tokensIn' | 'tokensInCached' | 'tokensOut') =>
    (counters?.byOwner ?? []).reduce((all, owner) => all + (owner[of] ?? 0), 0)
  return {
    tokensIn: sum('tokensIn'),
    tokensInCached: sum('tokensInCached'),
    tokensOut: sum('tokensOut'),
    faults: sample.faults,
  }
}

/** 300 requests of 2,000 tokens in and 100 out. Names: vllm/v1/metrics/loggers.py; by source since 0.16, v1/metrics/stats.py. */
const vllm = (end: 'prefill' | 'decode', { version = 16, labels = 'engine="0",model_name="m"' } = {}) => {
  const isDecode = end === 'decode'
  const source = (name: string, tokens: number) =>
    version < 16 ? '' : `vllm:prompt_tokens_by_source_total{${labels},source="${name}"} ${tokens}\n`
  return `vllm:prompt_tokens_total{${labels}} 600000
vllm:generation_tokens_total{${labels}} ${isDecode ? 30_000 : 300}
vllm:request_success_total{${labels},finished_reason="length"} 300
${source('local_compute', isDecode ? 400 : 600_000)}${source('local_cache_hit', isDecode ? 200 : 0)}${source('external_kv_transfer', isDecode ? 599_400 : 0)}`
}
/** pull request 26245 of vLLM */
const external = (hits: number) =>
  `vllm:external_prefix_cache_hits_total{engine="0",model_name="m"} ${hits}\n`

// LMCache/LMCache, lmcache/observability.py
const LMCACHE = 'lmcache:num_retrieve_requests_total{worker_id="0"} 300\n'
// vLLM, v1/kv_offload; names of the connector of Mooncake’s store: its benchmark's MOONCAKE_METRICS
const OFFLOAD = 'vllm:kv_offload_total_bytes_total{engine="0",model_name="m",transfer_type="CPU_to_GPU"} 9\n'
const MOONCAKE =
  'vllm:mooncake_store_operation_keys_total{engine="0",model_name="m",operation="load_get",status="ok"} 9\n'
// docs/features/nixl_connector_usage.md of vLLM
const NIXL = (transfers: number) =>
  `vllm:nixl_xfer_time_seconds_count{engine="0",model_name="m"} ${transfers}\n`
const backend = (component: string) => ({ labels: `dynamo_component="${component}",model_name="m"` })

/** Pairs whose decode end has a store on its page: vLLM's examples/disaggregated/lmcache, Dynamo's guide of LMCache. */
const PAIRS: readonly [string, string, string][] = [
  ['LMCache of vLLM 0.16', vllm('prefill') + LMCACHE, vllm('decode') + LMCACHE],
  [
    'LMCache of vLLM 0.10, which tells no sources',
    vllm('prefill', { version: 10 }) + LMCACHE,
    vllm('decode', { version: 10 }) + LMCACHE,
  ],
  [
    'LMCache of vLLM 0.12, which tells that something came',
    vllm('prefill', { version: 12 }) + external(0) + LMCACHE,
    vllm('decode', { version: 12 }) + external(599_400) + LMCACHE,
  ],
  [
    'LMCache below Dynamo, whose decode worker calls itself backend',
    vllm('prefill', backend('prefill')) + LMCACHE,
    vllm('decode', backend('backend')) + LMCACHE,
  ],
  [
    'NIXL beside memory of the computer',
    vllm('prefill') + NIXL(0) + OFFLOAD,
    vllm('decode') + NIXL(300) + OFFLOAD,
  ],
  [
    'a worker of Dynamo beside memory of the computer',
    vllm('prefill', backend('prefill')) + OFFLOAD,
    vllm('decode', backend('backend')) + OFFLOAD,
  ],
  ['Mooncake’s store', vllm('prefill') + MOONCAKE, vllm('decode') + MOONCAKE],
]

describe('prefill and decode apart, with a store of KV blocks on the page', () => {
  test.each(PAIRS)('no token is sold twice, and a fault says what to set: %s', async (_, prefill, decode) => {
    const [first, second] = [await seen(prefill), await seen(decode)]
    expect(first.tokensIn + second.tokensIn).toBeLessThanOrEqual(600_000 + 600)
    expect(first.tokensOut).toBe(0)
    expect(second).toMatchObject({ tokensOut: 30_000, faults: [STORE] })
  })

  test.each(PAIRS)('with end set at both, each token is sold once: %s', async (_, prefill, decode) => {
    expect(await seen(prefill, { end: 'prefill' })).toMatchObject({ tokensIn: 600_000, tokensOut: 0 })
    const second = await seen(decode, { end: 'decode' })
    expect(second).toMatchObject({ tokensOut: 30_000, faults: undefined })
    expect(second.tokensIn).toBe(decode.includes('by_source') ? 600 : 0)
  })

  test('a worker that says it is the decode end sells what it computed, with a store too', async () => {
    expect(await seen(vllm('decode', backend('decode')) + LMCACHE)).toEqual({
      tokensIn: 600,
      tokensInCached: 200,
      tokensOut: 30_000,
      faults: undefined,
    })
  })

  test('a prefill end sells what it had in a store as well, because nobody else does', async () => {
    const page = `vllm:prompt_tokens_total{model_name="m"} 1000\nvllm:prompt_tokens_cached_total{model_name="m"} 600\nvllm:prompt_tokens_by_source_total{model_name="m",source="external_kv_transfer"} 600\n${LMCACHE}`
    expect(await seen(page, { end: 'prefill' })).toMatchObject({ tokensIn: 1000, tokensInCached: 600 })
  })
})

describe('a server that does both, with a store of KV blocks', () => {
  const whole = `${vllm('decode')}vllm:prompt_tokens_cached_total{engine="0",model_name="m"} 599600\n`

  test('tokens from the computer’s own memory are input from a cache', async () => {
    expect(await seen(whole + OFFLOAD)).toEqual({
      tokensIn: 600_000,
      tokensInCached: 599_600,
      tokensOut: 30_000,
      faults: undefined,
    })
    expect(await seen(vllm('decode', { version: 12 }) + external(599_400) + OFFLOAD)).toMatchObject({
      tokensIn: 600_000,
      faults: undefined,
    })
  })

  test('tokens from a store that others may fill are sold once end: whole says whose it is', async () => {
    expect(await seen(whole + LMCACHE)).toEqual({
      tokensIn: 600,
      tokensInCached: 200,
      tokensOut: 30_000,
      faults: [STORE],
    })
    expect(await seen(whole + LMCACHE, { end: 'whole' })).toEqual({
      tokensIn: 600_000,
      tokensInCached: 599_600,
      tokensOut: 30_000,
      faults: undefined,
    })
  })

  test('a store from which nothing came is no fault', async () => {
    const nothing = 'vllm:prompt_tokens_by_source_total{model_name="m",source="external_kv_transfer"} 0\n'
    for (const page of [
      `vllm:prompt_tokens_total{model_name="m"} 1000\nvllm:generation_tokens_total{model_name="m"} 90\n${nothing}`,
      vllm('decode', { version: 12 }) + external(0),
    ]) {
      const { faults, tokensIn } = await seen(page + LMCACHE)
      expect(faults).toBeUndefined()
      expect(tokensIn).toBeGreaterThanOrEqual(1000)
    }
  })
})
