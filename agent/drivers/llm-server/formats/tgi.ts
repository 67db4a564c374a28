import type { LlmFormat } from './format.ts'

/** TGI has no token counters but histograms of tokens per request; their sums serve as counters. */
export default {
  name: 'tgi',
  title: 'TGI',
  prefix: 'tgi_',
  tokensIn: 'tgi_request_input_length_sum',
  tokensInCached: [],
  tokensOut: 'tgi_request_generated_tokens_sum',
  requestsRunning: 'tgi_batch_current_size',
} satisfies LlmFormat
