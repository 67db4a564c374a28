import type { LlmFormat } from './format.ts'

/**
 * The frontend of NVIDIA Dynamo: each request once, whatever prefill and decode workers stand behind it. Histograms of tokens per
 * request, whose sums serve as counters.
 */
export default {
  name: 'dynamo',
  title: 'Dynamo',
  versions: 'Dynamo 0.5 and newer, docs.nvidia.com/dynamo/reference/observability/metrics-catalog',
  begins: 'dynamo_frontend_',
  inFront: true,
  tokensIn: [{ name: 'dynamo_frontend_input_sequence_tokens_sum' }],
  tokensInCached: [{ name: 'dynamo_frontend_cached_tokens_sum' }],
  tokensOut: [
    { name: 'dynamo_frontend_output_tokens_total' },
    { name: 'dynamo_frontend_output_sequence_tokens_sum' },
  ],
  requestsRunning: [
    { name: 'dynamo_frontend_active_requests' },
    { name: 'dynamo_frontend_inflight_requests' },
    { name: 'dynamo_frontend_inflight_requests_total' },
  ],
  requestsServed: [{ name: 'dynamo_frontend_requests_total' }],
} satisfies LlmFormat
