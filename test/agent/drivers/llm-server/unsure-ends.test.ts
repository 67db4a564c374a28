import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { llmRig } from './llm-rig.ts'

const { read } = llmRig()

const ONE_TOKEN = expect.stringContaining('set end: prefill here and end: decode there')
const RECEIVED = expect.stringContaining('set end: decode')

/** What one page sells, and its faults. */
async function seen(body: string, settings?: object) {
  const { counters, sample } = await read(body, settings)
  const sum = (of: 'tokensIn' | 'tokensOut') =>
    (counters?.byOwner ?? []).reduce((all, owner) => all + (owner[of] ?? 0), 0)
  return { tokensIn: sum('tokensIn'), tokensOut: sum('tokensOut'), faults: sample.faults }
}

const lines = (series: Readonly<Record<string, number>>, labels = 'engine="0",model_name="m"') =>
  Object.entries(series)
    .map(([name, value]) => `${name}{${labels}} ${value}\n`)
    .join('')

/** A page of vLLM of no connector's metrics: names of vllm/v1/metrics/loggers.py. */
const vllm = (prompt: number, generated: number, requests: number, limit: number) => ({
  'vllm:prompt_tokens_total': prompt,
  'vllm:generation_tokens_total': generated,
  'vllm:request_success_total': requests,
  'vllm:request_params_max_tokens_sum': requests * limit,
  'vllm:request_params_max_tokens_count': requests,
})
/** vLLM 0.11.1 and newer (pull request 26245): on every page, above 0 where a connector brought KV blocks. */
const external = (queries: number, hits: number) => ({
  'vllm:external_prefix_cache_queries_total': queries,
  'vllm:external_prefix_cache_hits_total': hits,
})
const bySource = (computed: number, transfer: number) =>
  `vllm:prompt_tokens_by_source_total{engine="0",model_name="m",source="local_compute"} ${computed}\nvllm:prompt_tokens_by_source_total{engine="0",model_name="m",source="external_kv_transfer"} ${transfer}\n`

// 300 requests of 2,000 tokens in and 100 out; the proxy asks the prefill end for one token
// (vllm-project/vllm, tests/v1/kv_connector/nixl_integration/toy_proxy_server.py)
const PREFILL = vllm(600_000, 300, 300, 1)
const DECODE = vllm(600_000, 30_000, 300, 100)

/** Each generation of vLLM: what its two pages show, and what they sell together before `end:` is set. */
const PAIRS: readonly [string, string, string, { tokensIn: number; tokensOut: number }][] = [
  [
    'vLLM before 0.11.1, any connector: neither page shows a transfer',
    lines(PREFILL),
    lines(DECODE),
    { tokensIn: 600_000, tokensOut: 30_000 },
  ],
  [
    'vLLM 0.11.1 to 0.15 by Mooncake or P2pNccl: the decode end shows that something came, not how much',
    lines({ ...PREFILL, ...external(0, 0) }),
    lines({ ...DECODE, ...external(600_000, 599_700) }),
    { tokensIn: 600_000, tokensOut: 30_000 },
  ],
  [
    'vLLM 0.11.1 to 0.15 by NIXL',
    lines({ ...PREFILL, ...external(0, 0), 'vllm:nixl_xfer_time_seconds_count': 0 }),
    lines({ ...DECODE, ...external(600_000, 599_700), 'vllm:nixl_xfer_time_seconds_count': 300 }),
    { tokensIn: 600_000, tokensOut: 30_000 },
  ],
  [
    'vLLM 0.16 and newer by P2pNccl',
    lines({ ...PREFILL, ...external(0, 0) }) + bySource(600_000, 0),
    lines({ ...DECODE, ...external(600_000, 600_000) }) + bySource(0, 600_000),
    { tokensIn: 600_000, tokensOut: 30_000 },
  ],
  [
    'vLLM 0.16 and newer by Mooncake, whose metrics are on both pages',
    lines({ ...PREFILL, ...external(0, 0), 'vllm:mooncake_xfer_time_seconds_count': 300 }) +
      bySource(600_000, 0),
    lines({ ...DECODE, ...external(600_000, 600_000), 'vllm:mooncake_xfer_time_seconds_count': 300 }) +
      bySource(0, 600_000),
    { tokensIn: 600_000, tokensOut: 30_000 },
  ],
  [
    // lmdeploy/serve/proxy/proxy.py: prefill_request_dict['max_tokens'] = 1
    'LMDeploy',
    lines({
      'lmdeploy:prompt_tokens_total': 600_000,
      'lmdeploy:generation_tokens_total': 300,
      'lmdeploy:request_success_total': 300,
    }),
    lines({
      'lmdeploy:prompt_tokens_total': 600_000,
      'lmdeploy:generation_tokens_total': 30_000,
      'lmdeploy:request_success_total': 300,
    }),
    { tokensIn: 600_000, tokensOut: 30_000 },
  ],
  [
    // tensorrt_llm/serve/openai_disagg_server.py: context and generation servers; tensorrt_llm/metrics/collector.py
    'TensorRT-LLM by trtllm-serve',
    lines({
      trtllm_prompt_tokens_total: 600_000,
      trtllm_generation_tokens_total: 300,
      trtllm_request_success_total: 300,
    }),
    lines({
      trtllm_prompt_tokens_total: 600_000,
      trtllm_generation_tokens_total: 30_000,
      trtllm_request_success_total: 300,
    }),
    { tokensIn: 600_000, tokensOut: 30_000 },
  ],
  [
    // sgl-project/sglang, python/sglang/srt/metrics/collector.py; `unified` at both ends: issue 30406
    'SGLang that says unified at both ends',
    lines(
      {
        'sglang:prompt_tokens_total': 600_000,
        'sglang:generation_tokens_total': 300,
        'sglang:num_requests_total': 300,
        'sglang:kv_transfer_latency_ms': 12,
      },
      'engine_type="unified",model_name="m"',
    ),
    lines(
      {
        'sglang:prompt_tokens_total': 600_000,
        'sglang:generation_tokens_total': 30_000,
        'sglang:num_requests_total': 300,
        'sglang:kv_transfer_latency_ms': 0,
      },
      'engine_type="unified",model_name="m"',
    ),
    { tokensIn: 600_000, tokensOut: 30_000 },
  ],
]

describe('prefill and decode apart, on pages that do not say which end they are', () => {
  test.each(PAIRS)('no token is sold twice by %s', async (_, prefill, decode, both) => {
    const [first, second] = [await seen(prefill), await seen(decode)]
    expect(first.tokensOut).toBe(0)
    expect(first.tokensIn + second.tokensIn).toBeLessThanOrEqual(both.tokensIn)
    expect(second.tokensOut).toBe(both.tokensOut)
    // whatever is held back, a fault says what to set
    if (first.tokensIn + second.tokensIn < both.tokensIn)
      expect([...(first.faults ?? []), ...(second.faults ?? [])]).not.toEqual([])
  })

  test.each(PAIRS)(
    'with end set at both, each token is sold once by %s',
    async (_, prefill, decode, both) => {
      const [first, second] = [await seen(prefill, { end: 'prefill' }), await seen(decode, { end: 'decode' })]
      expect(first).toEqual({ tokensIn: both.tokensIn, tokensOut: 0, faults: undefined })
      expect(second).toEqual({ tokensIn: 0, tokensOut: both.tokensOut, faults: undefined })
    },
  )

  test('a page of one token a request is a fault that says what to set, until it is set', async () => {
    const page = lines(PREFILL)
    expect(await seen(page)).toEqual({ tokensIn: 0, tokensOut: 0, faults: [ONE_TOKEN] })
    expect(await seen(page, { end: 'whole' })).toEqual({
      tokensIn: 600_000,
      tokensOut: 300,
      faults: undefined,
    })
  })

  test('where the decode end tells what it received, the prefill end’s input is sold at once', async () => {
    expect(await seen(lines(PREFILL) + bySource(600_000, 0))).toEqual({
      tokensIn: 600_000,
      tokensOut: 0,
      faults: [ONE_TOKEN],
    })
  })

  test('input that came from elsewhere is held back where the page does not tell how much', async () => {
    const page = lines({ ...DECODE, ...external(600_000, 1) })
    expect(await seen(page)).toEqual({ tokensIn: 0, tokensOut: 30_000, faults: [RECEIVED] })
  })

  test('no ordinary page is a fault: answers of many tokens, no request yet, or a family that does both', async () => {
    for (const page of [
      lines({ ...DECODE, ...external(0, 0) }),
      lines(vllm(0, 0, 0, 0)),
      'tgi_request_input_length_sum 600000\ntgi_request_generated_tokens_sum 300\ntgi_request_success 300\n',
      'dynamo_frontend_input_sequence_tokens_sum{model="m"} 600000\ndynamo_frontend_output_tokens_total{model="m"} 300\ndynamo_frontend_requests_total{model="m"} 300\n',
    ])
      expect((await seen(page)).faults).toBeUndefined()
  })
})

describe('a worker of Dynamo that calls itself backend, as decode and whole ones do', () => {
  // Dynamo, deploy/observability: dynamo_component="prefill" and dynamo_component="backend"
  const labels = 'dynamo_component="backend",model_name="m"'
  test.each(['sglang:', 'trtllm_'])('sells output only until it is set (%s)', async (prefix) => {
    const page = lines(
      { [`${prefix}prompt_tokens_total`]: 600_000, [`${prefix}generation_tokens_total`]: 30_000 },
      labels,
    )
    expect(await seen(page)).toEqual({
      tokensIn: 0,
      tokensOut: 30_000,
      faults: [expect.stringMatching(/set end: decode .* else end: whole; or read the page of the frontend/)],
    })
    expect(await seen(page, { end: 'whole' })).toMatchObject({ tokensIn: 600_000, faults: undefined })
  })
})

describe('one page with the metrics of several servers', () => {
  // ray-project/ray, serve_llm_dashboard_panels.py: the label WorkerId; vLLM's own names behind `ray_`
  const worker = (id: string, series: Readonly<Record<string, number>>, transfer: number) =>
    lines(
      Object.fromEntries(Object.entries(series).map(([name, n]) => [`ray_${name.replace(':', '_')}`, n])),
      `WorkerId="${id}",model_name="m"`,
    ) +
    `ray_vllm_prompt_tokens_by_source_total{WorkerId="${id}",model_name="m",source="external_kv_transfer"} ${transfer}\nray_vllm_nixl_xfer_time_seconds_count{WorkerId="${id}",model_name="m"} 1\n`

  test('Ray’s page with both ends sells each token once', async () => {
    const page = worker('p', PREFILL, 0) + worker('d', DECODE, 600_000)
    expect(await seen(page)).toEqual({ tokensIn: 600_000, tokensOut: 30_000, faults: undefined })
    expect((await read(page)).identity.tags).toBeUndefined()
  })

  test('any number of pairs and whole servers sell what was asked and answered', async () => {
    const server = fc.record({
      kind: fc.constantFrom('pair', 'whole'),
      requests: fc.integer({ min: 1, max: 1000 }),
      prompt: fc.integer({ min: 1, max: 5000 }),
      out: fc.integer({ min: 2, max: 500 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(server, { minLength: 1, maxLength: 5 }), async (servers) => {
        const page = servers.map(({ kind, requests: n, prompt, out }, i) =>
          kind === 'whole'
            ? worker(`w${i}`, vllm(n * prompt, n * out, n, out), 0)
            : worker(`p${i}`, vllm(n * prompt, n, n, 1), 0) +
              worker(`d${i}`, vllm(n * prompt, n * out, n, out), n * prompt),
        )
        const sum = (of: 'prompt' | 'out') => servers.reduce((all, s) => all + s.requests * s[of], 0)
        expect(await seen(page.join(''))).toEqual({
          tokensIn: sum('prompt'),
          tokensOut: sum('out'),
          faults: undefined,
        })
      }),
      { numRuns: 30 },
    )
  })

  // sgl-project/sglang: the gateway shows its workers' metrics with worker_addr; pull request 23978: engine_type on token counters
  const ends = (labels: (end: string) => string) =>
    ['prefill', 'decode']
      .map((end) =>
        lines(
          {
            'sglang:prompt_tokens_total': 600_000,
            'sglang:generation_tokens_total': end === 'decode' ? 30_000 : 300,
          },
          labels(end),
        ),
      )
      .join('')

  test.each([
    ['worker_addr', (end: string) => `engine_type="${end}",model_name="m",worker_addr="grpc://${end}:8001"`],
    ['engine_type alone', (end: string) => `engine_type="${end}",model_name="m"`],
  ])('SGLang’s gateway with both ends sells each token once, by %s', async (_, labels) => {
    expect(await seen(ends(labels))).toEqual({ tokensIn: 600_000, tokensOut: 30_000, faults: undefined })
  })

  test('counters that say of neither end that they are its own are not sold, and a fault says so', async () => {
    const running = (end: string) =>
      lines({ 'sglang:num_running_reqs': 1 }, `engine_type="${end}",model_name="m"`)
    expect(await seen(running('prefill') + running('decode') + ends(() => 'model_name="m"'))).toEqual({
      tokensIn: 0,
      tokensOut: 0,
      faults: [expect.stringContaining('read each end by its own page')],
    })
  })
})
