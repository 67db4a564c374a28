/**
 * vLLM's names behind a prefix, as vLLM and the systems around it show them. Sources: vllm/v1/metrics/loggers.py; tokens by source and
 * cached since 0.16 (vllm-project/vllm, pull request 33290); external_prefix_cache since 0.11.1 (pull request 26245); the connectors'
 * metrics from vllm/distributed/kv_transfer/kv_connector/v1/nixl/stats.py and mooncake/.
 *
 * `prefix_cache_hits_total` and `gpu_prefix_cache_hits_total` are left out on purpose: the scheduler counts them again each time that it
 * tries a request, up to thirty times the prompt's tokens, and nothing on the page says how often. Where a version has no other counter
 * (before 0.16), cached tokens are unknown and all input is sold as input.
 */
export const likeVllm = (prefix: string) => ({
  tokensIn: [{ name: `${prefix}prompt_tokens_total` }],
  tokensInCached: [
    { name: `${prefix}prompt_tokens_cached_total` },
    { name: `${prefix}prompt_tokens_by_source_total`, where: { source: 'local_cache_hit' } },
  ],
  tokensInElsewhere: [
    { name: `${prefix}prompt_tokens_by_source_total`, where: { source: 'external_kv_transfer' } },
  ],
  tokensInCachedHere: [
    { name: `${prefix}prompt_tokens_by_source_total`, where: { source: 'local_cache_hit' } },
  ],
  tokensOut: [{ name: `${prefix}generation_tokens_total` }],
  requestsRunning: [{ name: `${prefix}num_requests_running` }],
  requestsServed: [{ name: `${prefix}request_success_total` }],
  // a prefill end may hand its blocks on through LMCache (vLLM, examples/disaggregated/lmcache; Dynamo's LMCache guide) and Mooncake's store
  stores: { own: [`${prefix}kv_offload`], shared: ['lmcache:', `${prefix}mooncake_store`] },
  apart: {
    // proxies limit what they send to the prefill end to one token: tests/v1/kv_connector/nixl_integration/toy_proxy_server.py
    limits: {
      sum: `${prefix}request_params_max_tokens_sum`,
      count: `${prefix}request_params_max_tokens_count`,
    },
    transfers: [`${prefix}nixl_`, `${prefix}mooncake_xfer`, `${prefix}mooncake_bytes_transferred`],
    received: [
      { name: `${prefix}external_prefix_cache_hits_total` },
      { name: `${prefix}nixl_xfer_time_seconds_count` },
    ],
    decodeTells: [`${prefix}prompt_tokens_by_source`, `${prefix}external_prefix_cache`],
    // Dynamo passes its workers' metrics on with the label of the component
    workerLabel: 'dynamo_component',
  },
})
