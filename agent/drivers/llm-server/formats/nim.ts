import type { LlmFormat } from './format.ts'

/** NVIDIA NIM for LLMs and VLMs: vLLM's names without a prefix, at /v1/metrics (/metrics before 1.8). */
export default {
  name: 'nim',
  title: 'NIM',
  versions: 'NIM 1.0 and newer, docs.nvidia.com/nim/large-language-models/latest/observability.html',
  shared: true,
  tokensIn: [{ name: 'prompt_tokens_total' }],
  tokensInCached: [{ name: 'prompt_tokens_cached_total' }],
  tokensOut: [{ name: 'generation_tokens_total' }],
  requestsRunning: [{ name: 'num_requests_running' }],
  requestsServed: [{ name: 'request_success_total' }, { name: 'request_finish_total' }],
} satisfies LlmFormat
