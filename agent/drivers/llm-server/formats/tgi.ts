import type { LlmFormat } from './format.ts'

/** TGI has no token counters but histograms of tokens per request; their sums serve as counters. */
export default {
  name: 'tgi',
  title: 'TGI',
  versions:
    'TGI, huggingface.co/docs/text-generation-inference/reference/metrics (docs/source/reference/metrics.md)',
  begins: 'tgi_',
  tokensIn: [{ name: 'tgi_request_input_length_sum' }],
  tokensInCached: [],
  tokensOut: [{ name: 'tgi_request_generated_tokens_sum' }],
  requestsRunning: [{ name: 'tgi_batch_current_size' }],
  requestsServed: [{ name: 'tgi_request_success' }],
} satisfies LlmFormat
