import type { LlmFormat } from './format.ts'

/** Ray Serve LLM: vLLM's metrics through Ray's own exporter, which puts `ray_` before them (`ray_vllm:` before Ray 2.50). */
export default {
  name: 'ray-serve',
  title: 'Ray Serve',
  versions: 'Ray 2.44 and newer, ray/dashboard/modules/metrics/dashboards/serve_llm_dashboard_panels.py',
  begins: 'ray_vllm:',
  tokensIn: [{ name: 'ray_vllm:prompt_tokens_total' }],
  tokensInCached: [
    { name: 'ray_vllm:prompt_tokens_cached_total' },
    { name: 'ray_vllm:prompt_tokens_by_source_total', where: { source: 'local_cache_hit' } },
  ],
  tokensInElsewhere: [
    { name: 'ray_vllm:prompt_tokens_by_source_total', where: { source: 'external_kv_transfer' } },
  ],
  tokensInCachedHere: [
    { name: 'ray_vllm:prompt_tokens_by_source_total', where: { source: 'local_cache_hit' } },
  ],
  tokensOut: [{ name: 'ray_vllm:generation_tokens_total' }],
  requestsRunning: [{ name: 'ray_vllm:num_requests_running' }],
  requestsServed: [{ name: 'ray_vllm:request_success_total' }],
  oneTokenEach: {
    transfers: 'ray_vllm:nixl_',
    sum: 'ray_vllm:request_params_max_tokens_sum',
    count: 'ray_vllm:request_params_max_tokens_count',
  },
  cacheStores: ['lmcache:', 'ray_vllm:kv_offload'],
} satisfies LlmFormat
