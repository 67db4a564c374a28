import type { LlmFormat } from './format.ts'

export default {
  name: 'llamacpp',
  title: 'llama.cpp',
  versions: 'llama-server with --metrics, tools/server/README.md; tokens from the cache since August 2026',
  begins: 'llamacpp:',
  tokensIn: [{ name: 'llamacpp:prompt_tokens_total' }],
  // older versions don't count tokens from the cache at all
  tokensInCached: [{ name: 'llamacpp:prompt_tokens_cached_total' }],
  cachedApart: true,
  tokensOut: [{ name: 'llamacpp:tokens_predicted_total' }],
  requestsRunning: [{ name: 'llamacpp:requests_processing' }],
} satisfies LlmFormat
