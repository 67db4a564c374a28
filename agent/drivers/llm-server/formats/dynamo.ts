import type { LlmFormat } from './format.ts'

/**
 * The frontend of NVIDIA Dynamo: each request once, whatever prefill and decode workers stand behind it. Histograms of tokens per
 * request, whose sums serve as counters.
 */
export default {
  name: 'dynamo',
  title: 'Dynamo',
  versions:
    'Dynamo, lib/llm/src/http/service/metrics.rs and docs.nvidia.com/dynamo/reference/observability/metrics-catalog; the counter of output tokens since 0.7 (ai-dynamo/dynamo, pull requests 4202 and 4231), cached tokens of answers that are not streamed since January 2026 (5197); up to 0.4, and by DYN_METRICS_PREFIX (2432), the names begin with nv_llm_http_service_',
  begins: 'dynamo_frontend_',
  inFront: true,
  tokensIn: [
    { name: 'dynamo_frontend_input_sequence_tokens_sum' },
    { name: 'nv_llm_http_service_input_sequence_tokens_sum' },
  ],
  tokensInCached: [
    { name: 'dynamo_frontend_cached_tokens_sum' },
    { name: 'nv_llm_http_service_cached_tokens_sum' },
  ],
  tokensOut: [
    { name: 'dynamo_frontend_output_tokens_total' },
    { name: 'dynamo_frontend_output_sequence_tokens_sum' },
    { name: 'nv_llm_http_service_output_tokens_total' },
    { name: 'nv_llm_http_service_output_sequence_tokens_sum' },
  ],
  requestsRunning: [
    { name: 'dynamo_frontend_active_requests' },
    { name: 'dynamo_frontend_inflight_requests' },
    { name: 'dynamo_frontend_inflight_requests_total' },
    { name: 'nv_llm_http_service_inflight_requests' },
    { name: 'nv_llm_http_service_inflight_requests_total' },
  ],
  requestsServed: [
    { name: 'dynamo_frontend_requests_total' },
    { name: 'nv_llm_http_service_requests_total' },
  ],
} satisfies LlmFormat
