import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { LLM_FORMATS } from '../../../../agent/drivers/llm-server/formats/index.ts'
import { sumByOwner } from '../../../../agent/metering/owner-quantities.ts'
import { llmRig } from './llm-rig.ts'

const llm = llmRig()
const { read } = llm

/** Pages in the shape of a named source; the figures are the source's where it has some, the models' names invented. */
const PAGES = {
  // docs.nvidia.com/nim/large-language-models/latest/observability.html: the metric names; labels as vLLM has them
  nim: `# TYPE num_requests_running gauge
num_requests_running{engine="0",model_name="example/chat-8b"} 1.0
# TYPE prompt_tokens_total counter
prompt_tokens_total{engine="0",model_name="example/chat-8b"} 4096.0
# TYPE generation_tokens_total counter
generation_tokens_total{engine="0",model_name="example/chat-8b"} 512.0
`,
  // ray-project/ray, serve_llm_dashboard_panels.py: names, and the label WorkerId of each replica
  'ray-serve': `ray_vllm_num_requests_running{WorkerId="w1",model_name="example/chat-8b"} 1
ray_vllm_prompt_tokens_total{WorkerId="w1",model_name="example/chat-8b"} 4000
ray_vllm_prompt_tokens_total{WorkerId="w2",model_name="example/chat-8b"} 96
ray_vllm_generation_tokens_total{WorkerId="w1",model_name="example/chat-8b"} 512
`,
  // NVIDIA/TensorRT-LLM, tensorrt_llm/metrics/collector.py: names; Dynamo, docs/backends/trtllm/prometheus.md: labels and layout
  'tensorrt-llm': `# HELP trtllm_request_success_total Count of successfully processed requests.
# TYPE trtllm_request_success_total counter
trtllm_request_success_total{model_name="example/chat-8b",engine_type="trtllm",finished_reason="stop"} 150.0
trtllm_num_requests_running{model_name="example/chat-8b",engine_type="trtllm"} 1.0
trtllm_prompt_tokens_total{model_name="example/chat-8b",engine_type="trtllm"} 4096.0
trtllm_generation_tokens_total{model_name="example/chat-8b",engine_type="trtllm"} 512.0
`,
  // docs.nvidia.com/dynamo, metrics catalog: names and types; a worker's metrics stand on the same page
  dynamo: `# TYPE dynamo_frontend_active_requests gauge
dynamo_frontend_active_requests{model="example/chat-8b"} 1
dynamo_frontend_requests_total{model="example/chat-8b"} 10000
# TYPE dynamo_frontend_input_sequence_tokens histogram
dynamo_frontend_input_sequence_tokens_bucket{model="example/chat-8b",le="+Inf"} 10000
dynamo_frontend_input_sequence_tokens_sum{model="example/chat-8b"} 4096
dynamo_frontend_input_sequence_tokens_count{model="example/chat-8b"} 10000
# TYPE dynamo_frontend_output_tokens_total counter
dynamo_frontend_output_tokens_total{model="example/chat-8b"} 512
vllm:prompt_tokens_total{dynamo_component="prefill",engine="0",model_name="example/chat-8b"} 4096
vllm:generation_tokens_total{dynamo_component="prefill",engine="0",model_name="example/chat-8b"} 10000
`,
  // triton-inference-server/tensorrtllm_backend, custom_metrics_reporter.cc and its CI's check_metrics: names and labels
  triton: `nv_inference_request_success{model="ensemble",version="1"} 161
nv_trt_llm_request_metrics{model="example/chat-8b",request_type="active",version="1"} 1
nv_trt_llm_request_metrics{model="example/chat-8b",request_type="max",version="1"} 512
nv_llm_input_token_len_sum{model="example/chat-8b",response_metric_type="total_input_tokens",version="1"} 4096
nv_llm_output_token_len_sum{model="example/chat-8b",response_metric_type="total_output_tokens",version="1"} 512
`,
  // InternLM/lmdeploy, lmdeploy/metrics/loggers.py: names, labels and help
  lmdeploy: `# HELP lmdeploy:num_requests_running Number of requests currently running on GPU.
lmdeploy:num_requests_running{engine="0",model_name="example/chat-8b"} 1.0
# HELP lmdeploy:prompt_tokens_total Number of prefill tokens processed.
lmdeploy:prompt_tokens_total{engine="0",model_name="example/chat-8b"} 4096.0
# HELP lmdeploy:generation_tokens_total Number of generation tokens processed.
lmdeploy:generation_tokens_total{engine="0",model_name="example/chat-8b"} 512.0
`,
  // aphrodite-engine, tests/endpoints/openai/test_metrics.py: names; labels as vLLM has them
  aphrodite: `aphrodite:num_requests_running{model_name="example/chat-8b"} 1.0
aphrodite:prompt_tokens_total{model_name="example/chat-8b"} 4096.0
aphrodite:generation_tokens_total{model_name="example/chat-8b"} 512.0
`,
  // docs.litellm.ai/docs/proxy/prometheus: names and labels; each key has a series of its own
  litellm: `litellm_in_flight_requests 1
litellm_input_tokens_metric_total{api_key_alias="a",hashed_api_key="h1",model="example/chat-8b",team="t1",user="u"} 4000
litellm_input_tokens_metric_total{api_key_alias="b",hashed_api_key="h2",model="example/chat-8b",team="t1",user="u"} 96
litellm_output_tokens_metric_total{api_key_alias="a",hashed_api_key="h1",model="example/chat-8b",team="t1",user="u"} 512
`,
}

describe.each(Object.entries(PAGES))('a page of %s', (format, body) => {
  test.each(['auto', format])('is read with format %s', async (setting) => {
    const { sample, counters, identity } = await read(body, { format: setting })
    // each worker of Ray has counters of its own
    expect([...sumByOwner((counters?.byOwner ?? []).map(({ counter: _, ...own }) => own)).values()]).toEqual([
      { owner: { service: 'chat', model: 'example/chat-8b' }, tokensIn: 4096, tokensOut: 512 },
    ])
    expect(sample).toMatchObject({ state: 'busy', requestsRunning: 1 })
    expect(identity).toEqual({ kind: 'service', model: 'example/chat-8b' })
  })

  test('is a fault at once where another format is set, and the right one is named', async () => {
    await expect(read(body, { format: 'tgi' })).rejects.toMatchObject({
      code: 'no-token-counters',
      message: expect.stringMatching(
        new RegExp(`shows none of the counters of TGI .* set format: ${format}, or auto$`),
      ),
    })
  })
})

test('behind a Prometheus whose target has a label of the same name, the server’s own names the model', async () => {
  const labels = 'exported_model_name="example/chat-8b",model_name="llm-pool"'
  const body = `vllm:prompt_tokens_total{${labels}} 4096\nvllm:generation_tokens_total{${labels}} 512\n`
  expect((await read(body)).counters?.byOwner).toEqual([
    { owner: { service: 'chat', model: 'example/chat-8b' }, tokensIn: 4096, tokensOut: 512 },
  ])
})

test('vLLM set on a page of NIM is a fault that names the counters and NIM', async () => {
  await expect(read(PAGES.nim, { format: 'vllm' })).rejects.toThrow(
    'shows none of the counters of vLLM (vllm:prompt_tokens_total, vllm:generation_tokens_total); its counters are those of NIM',
  )
})

test('Ray with a vLLM before September 2025 writes a colon, and Dynamo 0.7 does for TensorRT-LLM', async () => {
  for (const body of [
    PAGES['ray-serve'].replaceAll('ray_vllm_', 'ray_vllm:'),
    PAGES['tensorrt-llm'].replaceAll('trtllm_', 'trtllm:'),
  ])
    expect([
      ...sumByOwner(
        ((await read(body)).counters?.byOwner ?? []).map(({ counter: _, ...own }) => own),
      ).values(),
    ]).toMatchObject([{ tokensIn: 4096, tokensOut: 512 }])
})

// triton-inference-server/server, docs/user_guide/metrics.md: Triton's own counters
const TRITON_ALONE = 'nv_inference_request_success{model="my_model",version="1"} 161\n'

test.each(['auto', 'triton'])(
  'Triton without a backend that counts tokens says so plainly (%s)',
  async (format) => {
    await expect(read(TRITON_ALONE, { format })).rejects.toThrow(
      'Triton itself counts requests and no tokens',
    )
  },
)

test('Triton with its vLLM backend is read by vLLM’s counters, whichever of the two is set', async () => {
  // triton-inference-server/vllm_backend, README: a page of its metrics
  const body = `${TRITON_ALONE}vllm:prompt_tokens_total{model="vllm_model",version="1"} 10\nvllm:generation_tokens_total{model="vllm_model",version="1"} 16\n`
  for (const format of ['auto', 'triton', 'vllm'])
    expect((await read(body, { format })).counters?.byOwner).toEqual([
      { owner: { service: 'chat', model: 'vllm_model' }, tokensIn: 10, tokensOut: 16 },
    ])
})

test('earlier releases of LiteLLM leave out `_metric`', async () => {
  // LiteLLM, litellm/integrations/prometheus.py: Counter("litellm_input_tokens"), Counter("litellm_output_tokens")
  const body = 'litellm_input_tokens_total{model="m"} 400000\nlitellm_output_tokens_total{model="m"} 7\n'
  expect((await read(body, { format: 'litellm' })).counters?.byOwner).toEqual([
    { owner: { service: 'chat', model: 'm' }, tokensIn: 400_000, tokensOut: 7 },
  ])
})

test('a server that has served requests and shows no token counter is a fault, not an idle one', async () => {
  // Dynamo, docs/backends/trtllm/prometheus.md: TensorRT-LLM 1.1.0rc5 has five metrics, none of tokens
  await expect(
    read('trtllm_request_success_total{model_name="m",engine_type="trtllm",finished_reason="stop"} 150.0\n'),
  ).rejects.toThrow('token counters came to TensorRT-LLM in 2026')
})

test.each([
  // sgl-project/sglang, python/sglang/srt/metrics/collector.py; TGI, docs/source/reference/metrics.md; lmdeploy/metrics/loggers.py
  ['sglang', 'sglang:e2e_request_latency_seconds_count{model_name="m"} 5\nsglang:num_running_reqs 0\n'],
  ['tgi', 'tgi_request_inference_duration_sum 4.5\ntgi_batch_current_size 0\n'],
  ['lmdeploy', 'lmdeploy:e2e_request_latency_seconds_count{model_name="m"} 5\n'],
])(
  '%s whose histograms have seen requests, without a token counter, is a fault at once',
  async (format, page) => {
    for (const setting of ['auto', format])
      await expect(read(page, { format: setting })).rejects.toMatchObject({ code: 'no-token-counters' })
  },
)

test('a format that is set and shows no token counter is a fault at once, also before the first request', async () => {
  const page =
    'sglang:num_running_reqs{model_name="m",tp_rank="0"} 0\nsglang:e2e_request_latency_seconds_count 0\n'
  expect((await read(page, { format: 'sglang' })).sample).toMatchObject({
    state: 'idle',
    faults: [
      expect.stringContaining(
        'no token counter of SGLang (sglang:prompt_tokens_total, sglang:generation_tokens_total) yet',
      ),
    ],
  })
  expect((await read(page)).sample).not.toHaveProperty('faults')
})

test.each([
  // triton-inference-server/server, docs/user_guide/metrics.md: GPU and CPU metrics, which other exporters of NVIDIA resemble
  ['Triton', 'nv_gpu_power_usage{gpu_uuid="GPU-0000"} 300\nnv_cpu_utilization 0.5\n'],
  // LiteLLM, litellm/integrations/prometheus.py: 0 is healthy
  ['LiteLLM', 'litellm_deployment_state{litellm_model_name="m"} 0\n'],
])('auto says so where only names begin as those of %s', async (title, page) => {
  const { sample, counters } = await read(page)
  expect(counters?.byOwner).toEqual([])
  expect(sample.faults).toEqual([
    expect.stringMatching(new RegExp(`no token counter of ${title} .*begin as ${title}’s`)),
  ])
})

test.each([
  // LiteLLM, litellm/integrations/prometheus.py
  'litellm_deployment_success_responses_total{litellm_model_name="m"} 5000\n',
  'litellm_deployment_state{litellm_model_name="m"} 0\nlitellm_deployment_total_requests_total{litellm_model_name="m"} 5000\n',
])('requests that were served and no token counter are a fault under auto too (%#)', async (page) => {
  for (const format of ['auto', 'litellm'])
    await expect(read(page, { format })).rejects.toThrow('has requests of LiteLLM and no token counter')
})

test('requests that failed alone are no reason to refuse a page', async () => {
  const page = 'litellm_deployment_failure_responses_total{litellm_model_name="m"} 3\n'
  expect((await read(page)).counters?.byOwner).toEqual([])
})

test('Dynamo up to 0.4 called its frontend’s metrics nv_llm_http_service_, which is no Triton', async () => {
  // ai-dynamo/dynamo, docs/guides/metrics.md: the names; labels of lib/llm/src/http/service/metrics.rs
  const model = 'model="example/chat-8b"'
  const page = `nv_llm_http_service_inflight_requests{${model}} 1
nv_llm_http_service_requests_total{${model},endpoint="chat_completions",request_type="stream",status="success"} 20
nv_llm_http_service_input_sequence_tokens_sum{${model}} 4096
nv_llm_http_service_input_sequence_tokens_count{${model}} 20
nv_llm_http_service_output_sequence_tokens_sum{${model}} 512
`
  for (const format of ['auto', 'dynamo'])
    expect(await read(page, { format })).toMatchObject({
      sample: { requestsRunning: 1, state: 'busy' },
      counters: {
        byOwner: [{ owner: { service: 'chat', model: 'example/chat-8b' }, tokensIn: 4096, tokensOut: 512 }],
      },
    })
})

test('a page that counts one direction alone is sold, and says what is missing', async () => {
  const { sample, counters } = await read('vllm:generation_tokens_total{model_name="m"} 5\n')
  expect(counters?.byOwner).toEqual([{ owner: { service: 'chat', model: 'm' }, tokensOut: 5 }])
  expect(sample.faults).toEqual(['counts no input tokens (vllm:prompt_tokens_total)'])
})

test('every format names its source: a file of a repository, or a page of documents; and what it counts', () => {
  for (const { name, versions, tokensIn, tokensOut } of LLM_FORMATS) {
    expect(versions, name).toMatch(/[\w.-]+\/[\w./-]+\.(?:py|rs|cc|md|html)\b|docs\.[\w.-]+\/\S+/)
    expect(tokensIn.length * tokensOut.length, name).toBeGreaterThan(0)
  }
})

test('every page of the test data names its source in its first line', () => {
  const pages = readdirSync('test/fixtures/llm')
  expect(pages.length).toBeGreaterThan(3)
  for (const page of pages)
    expect(readFileSync(`test/fixtures/llm/${page}`, 'utf8'), page).toMatch(/^# Source: \S+\/\S+.*\n/)
})
