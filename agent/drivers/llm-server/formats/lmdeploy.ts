import type { LlmFormat } from './format.ts'

export default {
  name: 'lmdeploy',
  title: 'LMDeploy',
  versions:
    'LMDeploy with --enable-metrics, lmdeploy/metrics/loggers.py (InternLM/lmdeploy, pull request 3534 of 2025); on without the flag since November 2025 (4108)',
  begins: 'lmdeploy:',
  tokensIn: [{ name: 'lmdeploy:prompt_tokens_total' }],
  // none of its counters tells tokens from the cache
  tokensInCached: [],
  tokensOut: [{ name: 'lmdeploy:generation_tokens_total' }],
  requestsRunning: [{ name: 'lmdeploy:num_requests_running' }],
  requestsServed: [{ name: 'lmdeploy:request_success_total' }],
  // lmdeploy/serve/proxy/proxy.py: the proxy asks the prefill end for one token
  apart: {},
} satisfies LlmFormat
