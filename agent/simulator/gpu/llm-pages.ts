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

/** By the family's name; each page is in the shape of its maker's documents, which the drivers' formats name too. */
const PAGES: Readonly<Record<string, Lines>> = {
  nim: likeVllm('', ENGINE),
  'ray-serve': likeVllm('ray_vllm_', 'WorkerId="01000000",model_name="MODEL"'),
  lmdeploy: likeVllm('lmdeploy:', ENGINE),
  sglang: [
    ['sglang:num_running_reqs{engine_type="unified",model_name="MODEL",pp_rank="0",tp_rank="0"}', running],
    ['sglang:prompt_tokens_total{model_name="MODEL"}', tokensIn],
    ['sglang:cached_tokens_total{model_name="MODEL"}', cached],
    ['sglang:generation_tokens_total{model_name="MODEL"}', tokensOut],
  ],
  tgi: [
    ['tgi_batch_current_size', running],
    ['tgi_request_input_length_sum', tokensIn],
    ['tgi_request_input_length_count', requests],
    ['tgi_request_generated_tokens_sum', tokensOut],
  ],
  llamacpp: [
    ['llamacpp:requests_processing', running],
    ['llamacpp:prompt_tokens_total', (server) => server.tokensIn - cached(server)],
    ['llamacpp:prompt_tokens_cached_total', cached],
    ['llamacpp:tokens_predicted_total', tokensOut],
  ],
  'tensorrt-llm': [
    ...likeVllm('trtllm_', 'engine_type="trtllm",model_name="MODEL"'),
    ['trtllm_prompt_cached_tokens_total{engine_type="trtllm",model_name="MODEL"}', cached],
    [
      'trtllm_request_success_total{engine_type="trtllm",finished_reason="stop",model_name="MODEL"}',
      requests,
    ],
  ],
  dynamo: [
    ['dynamo_frontend_active_requests{model="MODEL"}', running],
    ['dynamo_frontend_requests_total{model="MODEL"}', requests],
    ['dynamo_frontend_input_sequence_tokens_sum{model="MODEL"}', tokensIn],
    ['dynamo_frontend_input_sequence_tokens_count{model="MODEL"}', requests],
    ['dynamo_frontend_cached_tokens_sum{model="MODEL"}', cached],
    ['dynamo_frontend_output_tokens_total{model="MODEL"}', tokensOut],
  ],
  triton: [
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
  litellm: [
    ['litellm_in_flight_requests', running],
    ['litellm_input_tokens_metric_total{api_key_alias="demo",model="MODEL",team="demo"}', tokensIn],
    ['litellm_input_cached_tokens_metric_total{api_key_alias="demo",model="MODEL",team="demo"}', cached],
    ['litellm_output_tokens_metric_total{api_key_alias="demo",model="MODEL",team="demo"}', tokensOut],
  ],
}

/** The families whose pages the emulated server can show. */
export const LLM_FAMILIES: readonly string[] = ['vllm', ...Object.keys(PAGES)]

/** The same server's page as another family writes it. @returns undefined for a family that is not in LLM_FAMILIES */
export function llmPage(server: LlmServer, family: string): string | undefined {
  if (family === 'vllm') return vllmText(server)
  return PAGES[family]
    ?.map(([series, value]) => `${series.replace('MODEL', server.model)} ${value(server)}\n`)
    .join('')
}
