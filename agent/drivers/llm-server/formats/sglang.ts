import type { LlmFormat } from './format.ts'

export default {
  name: 'sglang',
  title: 'SGLang',
  prefix: 'sglang:',
  tokensIn: 'sglang:prompt_tokens_total',
  tokensInCached: ['sglang:cached_tokens_total'],
  tokensOut: 'sglang:generation_tokens_total',
  requestsRunning: 'sglang:num_running_reqs',
} satisfies LlmFormat
