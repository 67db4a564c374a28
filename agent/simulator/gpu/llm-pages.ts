import { type LlmServer, vllmText } from './llm.ts'

/** Mean tokens of a prompt, for pages that count requests. */
const PROMPT = 1000

/** A page's lines: names with their labels, and what of the server each shows. */
type Lines = readonly (readonly [series: string, value: (server: LlmServer) => number])[]

const requests = ({ tokensIn }: LlmServer): number => Math.floor(tokensIn / PROMPT)
const running = ({ requestsRunning }: LlmServer): number => requestsRunning
const tokensIn = ({ tokensIn: tokens }: LlmServer): number => tokens
const tokensOut = ({ tokensOut: tokens }: LlmServer): number => tokens
/** a part of the prompts is in the server's cache */
const cached = ({ tokensIn: tokens }: LlmServer): number => Math.floor(tokens / 4)

/** vLLM's names behind a prefix, with the labels of its engine. */
const likeVllm = (prefix: string, labels: string): Lines => [
  [`${prefix}num_requests_running{${labels}}`, running],
  [`${prefix}prompt_tokens_total{${labels}}`, tokensIn],
  [`${prefix}generation_tokens_total{${labels}}`, tokensOut],
]
const ENGINE = 'engine="0",model_name="MODEL"'

/** Where a server's input came from: none of it from a prefill end. */
const bySource = (prefix: string, labels: string): Lines => [
  [`${prefix}prompt_tokens_by_source_total{${labels},source="local_compute"}`, (s) => s.tokensIn - cached(s)],
  [`${prefix}prompt_tokens_by_source_total{${labels},source="local_cache_hit"}`, cached],
  [`${prefix}prompt_tokens_by_source_total{${labels},source="external_kv_transfer"}`, () => 0],
  [`${prefix}prompt_tokens_cached_total{${labels}}`, cached],
  [`${prefix}request_success_total{${labels},finished_reason="stop"}`, requests],
]

const worker = (id: number): string => `WorkerId="0${id}000000",model_name="MODEL"`
/** A prefill end as vLLM's proxies use it: each request is for one token, and NIXL hands its blocks on. */
const prefillEnd = (prefix: string, labels: string): Lines => [
  [`${prefix}num_requests_running{${labels}}`, running],
  [`${prefix}prompt_tokens_total{${labels}}`, tokensIn],
  [`${prefix}generation_tokens_total{${labels}}`, requests],
  [`${prefix}request_params_max_tokens_sum{${labels}}`, requests],
  [`${prefix}request_params_max_tokens_count{${labels}}`, requests],
  [`${prefix}nixl_xfer_time_seconds_count{${labels}}`, () => 0],
  ...bySource(prefix, labels),
]
/** The decode end of the same requests: it counts each prompt again, as having come from elsewhere. */
const decodeEnd = (prefix: string, labels: string): Lines => [
  ...likeVllm(prefix, labels),
  [`${prefix}prompt_tokens_by_source_total{${labels},source="local_compute"}`, () => 0],
  [`${prefix}prompt_tokens_by_source_total{${labels},source="local_cache_hit"}`, () => 0],
  [`${prefix}prompt_tokens_by_source_total{${labels},source="external_kv_transfer"}`, tokensIn],
  [`${prefix}nixl_xfer_time_seconds_count{${labels}}`, requests],
  [`${prefix}request_success_total{${labels},finished_reason="stop"}`, requests],
]
/** Lines of a part of a server's work: the first of two replicas, or the second. */
const half = (lines: Lines, which: 0 | 1): Lines =>
  lines.map(([series, value]) => [series, (s) => Math.floor((value(s) + which) / 2)])

const RAY = 'WorkerId="01000000",model_name="MODEL"'
const TRTLLM = 'engine_type="trtllm",model_name="MODEL"'
const LITELLM = 'api_key_alias="demo",model="MODEL",team="demo"'
const dynamo = (out: string, active: string): Lines => [
  [`dynamo_frontend_${active}{model="MODEL"}`, running],
  ['dynamo_frontend_requests_total{model="MODEL"}', requests],
  ['dynamo_frontend_input_sequence_tokens_sum{model="MODEL"}', tokensIn],
  ['dynamo_frontend_input_sequence_tokens_count{model="MODEL"}', requests],
  [`dynamo_frontend_${out}{model="MODEL"}`, tokensOut],
]

const DYNAMO_WORKER = 'dynamo_component="backend",model_name="MODEL"'
/** Its frontend's names up to 0.4. */
const dynamoBefore: Lines = dynamo('output_sequence_tokens_sum', 'inflight_requests').map(
  ([series, value]) => [series.replace('dynamo_frontend_', 'nv_llm_http_service_'), value],
)

/** A page that the emulated server can show: the driver's format, and what its maker's documents show, which the formats name too. */
interface LlmPage {
  format: string
  /** absent: vLLM's page with help and types, as vLLM writes it */
  lines?: Lines
}

/** By family; an older or other version of a family has a name of its own behind it. */
const PAGES: Readonly<Record<string, LlmPage>> = {
  vllm: { format: 'vllm' },
  'vllm-0.16': { format: 'vllm', lines: [...likeVllm('vllm:', ENGINE), ...bySource('vllm:', ENGINE)] },
  'vllm-prefill': { format: 'vllm', lines: prefillEnd('vllm:', ENGINE) },
  'vllm-decode': { format: 'vllm', lines: decodeEnd('vllm:', ENGINE) },
  nim: { format: 'nim', lines: likeVllm('', ENGINE) },
  'ray-serve': { format: 'ray-serve', lines: [...likeVllm('ray_vllm_', RAY), ...bySource('ray_vllm_', RAY)] },
  'ray-serve-replicas': {
    format: 'ray-serve',
    lines: ([0, 1] as const).flatMap((i) => half(likeVllm('ray_vllm_', worker(i + 1)), i)),
  },
  'ray-serve-apart': {
    format: 'ray-serve',
    lines: [...prefillEnd('ray_vllm_', worker(1)), ...decodeEnd('ray_vllm_', worker(2))],
  },
  'ray-serve-vllm-0.10': { format: 'ray-serve', lines: likeVllm('ray_vllm:', RAY) },
  aphrodite: { format: 'aphrodite', lines: likeVllm('aphrodite:', ENGINE) },
  lmdeploy: { format: 'lmdeploy', lines: likeVllm('lmdeploy:', ENGINE) },
  sglang: {
    format: 'sglang',
    lines: [
      ['sglang:num_running_reqs{engine_type="unified",model_name="MODEL",pp_rank="0",tp_rank="0"}', running],
      ['sglang:prompt_tokens_total{engine_type="unified",model_name="MODEL"}', tokensIn],
      ['sglang:cached_tokens_total{cache_source="device",engine_type="unified",model_name="MODEL"}', cached],
      ['sglang:generation_tokens_total{engine_type="unified",model_name="MODEL"}', tokensOut],
    ],
  },
  'sglang-0.4': {
    format: 'sglang',
    lines: [
      ['sglang:num_running_reqs{model_name="MODEL"}', running],
      ['sglang:prompt_tokens_total{model_name="MODEL"}', tokensIn],
      ['sglang:generation_tokens_total{model_name="MODEL"}', tokensOut],
    ],
  },
  tgi: {
    format: 'tgi',
    lines: [
      ['tgi_batch_current_size', running],
      ['tgi_request_input_length_sum', tokensIn],
      ['tgi_request_input_length_count', requests],
      ['tgi_request_generated_tokens_sum', tokensOut],
    ],
  },
  llamacpp: {
    format: 'llamacpp',
    lines: [
      ['llamacpp:requests_processing', running],
      ['llamacpp:prompt_tokens_total', (server) => server.tokensIn - cached(server)],
      ['llamacpp:prompt_tokens_cached_total', cached],
      ['llamacpp:tokens_predicted_total', tokensOut],
    ],
  },
  'llamacpp-2025': {
    format: 'llamacpp',
    lines: [
      ['llamacpp:requests_processing', running],
      ['llamacpp:prompt_tokens_total', tokensIn],
      ['llamacpp:tokens_predicted_total', tokensOut],
    ],
  },
  'tensorrt-llm': {
    format: 'tensorrt-llm',
    lines: [
      ...likeVllm('trtllm_', TRTLLM),
      [`trtllm_prompt_cached_tokens_total{${TRTLLM}}`, cached],
      [`trtllm_request_success_total{${TRTLLM},finished_reason="stop"}`, requests],
    ],
  },
  dynamo: {
    format: 'dynamo',
    lines: [
      ...dynamo('output_tokens_total', 'active_requests'),
      ['dynamo_frontend_cached_tokens_sum{model="MODEL"}', cached],
    ],
  },
  'dynamo-0.6': { format: 'dynamo', lines: dynamo('output_sequence_tokens_sum', 'inflight_requests') },
  'dynamo-0.4': { format: 'dynamo', lines: dynamoBefore },
  'dynamo-worker': {
    format: 'vllm',
    lines: [
      ['dynamo_component_requests_total{dynamo_component="backend",dynamo_endpoint="generate"}', requests],
      ...likeVllm('vllm:', DYNAMO_WORKER),
      ...bySource('vllm:', DYNAMO_WORKER),
    ],
  },
  triton: {
    format: 'triton',
    lines: [
      ['nv_inference_request_success{model="MODEL",version="1"}', requests],
      ['nv_trt_llm_request_metrics{model="MODEL",request_type="active",version="1"}', running],
      [
        'nv_llm_input_token_len_sum{model="MODEL",response_metric_type="total_input_tokens",version="1"}',
        tokensIn,
      ],
      [
        'nv_llm_output_token_len_sum{model="MODEL",response_metric_type="total_output_tokens",version="1"}',
        tokensOut,
      ],
    ],
  },
  'triton-vllm': {
    format: 'triton',
    lines: [
      ['nv_inference_request_success{model="MODEL",version="1"}', requests],
      ...likeVllm('vllm:', 'model="MODEL",version="1"'),
    ],
  },
  litellm: {
    format: 'litellm',
    lines: [
      ['litellm_in_flight_requests', running],
      [`litellm_input_tokens_metric_total{${LITELLM}}`, tokensIn],
      [`litellm_input_cached_tokens_metric_total{${LITELLM}}`, cached],
      [`litellm_output_tokens_metric_total{${LITELLM}}`, tokensOut],
    ],
  },
  'litellm-2024': {
    format: 'litellm',
    lines: [
      ['litellm_in_flight_requests', running],
      [`litellm_input_tokens_total{${LITELLM}}`, tokensIn],
      [`litellm_output_tokens_total{${LITELLM}}`, tokensOut],
    ],
  },
}

/** The page without an option. */
export const DEFAULT_LLM_PAGE = 'vllm'

/** The pages that the emulated server can show, by family and version. */
export const LLM_PAGES: readonly string[] = Object.keys(PAGES)

/** What an agent sets to read a page: its format, and whether the page leaves the model's name out. */
export function readingOf(name: string): { format: string; namesNoModel: boolean } {
  const { format = name, lines } = PAGES[name] ?? {}
  return { format, namesNoModel: lines?.every(([series]) => !series.includes('MODEL')) ?? false }
}

/** The same server's page as another family or version writes it. @returns undefined for a name that is not in LLM_PAGES */
export function llmPage(server: LlmServer, name: string): string | undefined {
  const page = PAGES[name]
  if (!page?.lines) return page && vllmText(server)
  return page.lines
    .map(([series, value]) => `${series.replace('MODEL', server.model)} ${value(server)}\n`)
    .join('')
}
