import type { LlmFormat } from './format.ts'

export default {
  name: 'llamacpp',
  title: 'llama.cpp',
  versions:
    'llama-server with --metrics, tools/server/README.md and server-context.cpp (ggml-org/llama.cpp, pull request 5708); tokens from the cache since 13 August 2026 (commit decaf508b)',
  begins: 'llamacpp:',
  tokensIn: [{ name: 'llamacpp:prompt_tokens_total' }],
  // older versions don't count tokens from the cache at all
  tokensInCached: [{ name: 'llamacpp:prompt_tokens_cached_total' }],
  cachedApart: true,
  tokensOut: [{ name: 'llamacpp:tokens_predicted_total' }],
  requestsRunning: [{ name: 'llamacpp:requests_processing' }],
} satisfies LlmFormat
