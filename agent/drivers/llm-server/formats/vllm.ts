import type { LlmFormat } from './format.ts'

/** vLLM. Triton's vLLM backend has the same names, with the label `model` instead of `model_name`. */
export default {
  name: 'vllm',
  title: 'vLLM',
  prefix: 'vllm:',
  tokensIn: 'vllm:prompt_tokens_total',
  // newest first
  tokensInCached: [
    'vllm:prompt_tokens_cached_total',
    'vllm:prefix_cache_hits_total',
    'vllm:gpu_prefix_cache_hits_total',
  ],
  tokensOut: 'vllm:generation_tokens_total',
  requestsRunning: 'vllm:num_requests_running',
} satisfies LlmFormat
