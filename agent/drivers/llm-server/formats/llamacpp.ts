import type { LlmFormat } from './format.ts'

export default {
  name: 'llamacpp',
  title: 'llama.cpp',
  prefix: 'llamacpp:',
  tokensIn: 'llamacpp:prompt_tokens_total',
  // since August 2026; older versions don't count tokens from the cache at all
  tokensInCached: ['llamacpp:prompt_tokens_cached_total'],
  cachedApart: true,
  tokensOut: 'llamacpp:tokens_predicted_total',
  requestsRunning: 'llamacpp:requests_processing',
} satisfies LlmFormat
