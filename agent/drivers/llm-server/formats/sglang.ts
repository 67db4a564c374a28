import type { LlmFormat } from './format.ts'

/** SGLang. With prefill and decode apart, `engine_type` says which end a server is; both count the prompt. */
export default {
  name: 'sglang',
  title: 'SGLang',
  versions:
    'SGLang with --enable-metrics, python/sglang/srt/metrics/collector.py (sgl-project/sglang, pull request 1853 of November 2024) and docs.sglang.io/references/production_metrics.html',
  begins: 'sglang:',
  tokensIn: [{ name: 'sglang:prompt_tokens_total' }],
  // one series for each cache_source, or one of all of them: sgl-project/sglang, pull request 26590
  tokensInCached: [{ name: 'sglang:cached_tokens_total' }],
  tokensOut: [{ name: 'sglang:generation_tokens_total' }],
  requestsRunning: [{ name: 'sglang:num_running_reqs' }],
  requestsServed: [{ name: 'sglang:num_requests_total' }],
  ends: {
    prefill: [{ engine_type: 'prefill' }, { dynamo_component: 'prefill' }],
    decode: [{ engine_type: 'decode' }, { dynamo_component: 'decode' }],
  },
  // older versions say `unified` at both ends, or nothing at the token counters (sgl-project/sglang, pull request 23978, issue 30406)
  apart: {
    received: [
      { name: 'sglang:kv_transfer_latency_ms_count' },
      { name: 'sglang:kv_transfer_latency_ms' },
      { name: 'sglang:kv_transfer_speed_gb_s' },
    ],
    workerLabel: 'dynamo_component',
  },
} satisfies LlmFormat
