import type { LlmFormat } from './format.ts'

/**
 * vLLM. `prefix_cache_hits_total` and `gpu_prefix_cache_hits_total` are left out on purpose: the scheduler counts them again each time
 * that it tries a request, up to thirty times the prompt's tokens, and nothing on the page says how often. Where a version has no
 * other counter (before 0.16), cached tokens are unknown and all input is sold as input.
 */
export default {
  name: 'vllm',
  title: 'vLLM',
  versions:
    'vLLM 0.4 and newer, vllm/v1/metrics/loggers.py; by source and cached since 0.16, vllm/v1/metrics/stats.py',
  begins: 'vllm:',
  tokensIn: [{ name: 'vllm:prompt_tokens_total' }],
  tokensInCached: [
    { name: 'vllm:prompt_tokens_cached_total' },
    { name: 'vllm:prompt_tokens_by_source_total', where: { source: 'local_cache_hit' } },
  ],
  tokensInElsewhere: [
    { name: 'vllm:prompt_tokens_by_source_total', where: { source: 'external_kv_transfer' } },
  ],
  tokensInCachedHere: [{ name: 'vllm:prompt_tokens_by_source_total', where: { source: 'local_cache_hit' } }],
  tokensOut: [{ name: 'vllm:generation_tokens_total' }],
  requestsRunning: [{ name: 'vllm:num_requests_running' }],
  requestsServed: [{ name: 'vllm:request_success_total' }],
  // Dynamo passes its workers' metrics on with the label of the component
  ends: { prefill: [{ dynamo_component: 'prefill' }], decode: [{ dynamo_component: 'decode' }] },
  oneTokenEach: {
    transfers: 'vllm:nixl_',
    sum: 'vllm:request_params_max_tokens_sum',
    count: 'vllm:request_params_max_tokens_count',
  },
  cacheStores: ['lmcache:', 'vllm:kv_offload'],
} satisfies LlmFormat
