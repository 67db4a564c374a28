import type { LlmFormat } from './format.ts'

/**
 * LiteLLM's proxy. It counts the tokens of every provider that it forwards to: match only the models that the site itself serves.
 */
export default {
  name: 'litellm',
  title: 'LiteLLM',
  versions:
    'LiteLLM with the prometheus callback, litellm/integrations/prometheus.py and docs.litellm.ai/docs/proxy/prometheus; input and output tokens since September 2024 (BerriAI/litellm, pull request 5780), cached ones since May 2026 (28372), and only where a provider tells them',
  begins: 'litellm_',
  inFront: true,
  // the counters without `_metric` are those of earlier 1.x releases (litellm/integrations/prometheus.py)
  tokensIn: [{ name: 'litellm_input_tokens_metric_total' }, { name: 'litellm_input_tokens_total' }],
  tokensInCached: [{ name: 'litellm_input_cached_tokens_metric_total' }],
  tokensOut: [{ name: 'litellm_output_tokens_metric_total' }, { name: 'litellm_output_tokens_total' }],
  requestsRunning: [{ name: 'litellm_in_flight_requests' }],
  requestsServed: [
    { name: 'litellm_proxy_total_requests_metric_total' },
    { name: 'litellm_requests_metric_total' },
    { name: 'litellm_deployment_success_responses_total' },
  ],
  modelLabels: ['model', 'requested_model'],
} satisfies LlmFormat
