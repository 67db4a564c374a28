import type { LlmFormat } from './format.ts'

export default {
  name: 'lmdeploy',
  title: 'LMDeploy',
  versions: 'LMDeploy 0.10 and newer with --enable-metrics, lmdeploy/metrics/loggers.py',
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
