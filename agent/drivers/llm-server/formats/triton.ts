import type { LlmFormat } from './format.ts'

/**
 * Triton Inference Server. By itself it counts requests and no tokens (nv_inference_...). Its TensorRT-LLM backend has histograms of
 * tokens per request, and its vLLM backend shows vLLM's own counters on the same page.
 */
export default {
  name: 'triton',
  title: 'Triton',
  versions:
    'Triton with tensorrtllm_backend, inflight_batcher_llm/src/custom_metrics_reporter/custom_metrics_reporter.cc and all_models/inflight_batcher_llm/tensorrt_llm/1/model.py; vllm_backend, README (triton-inference-server/vllm_backend, pull request 53 of 2024)',
  begins: 'nv_',
  shared: true,
  tokensIn: [
    { name: 'nv_llm_input_token_len_sum', where: { response_metric_type: 'total_input_tokens' } },
    { name: 'vllm:prompt_tokens_total' },
  ],
  tokensInCached: [{ name: 'vllm:prompt_tokens_cached_total' }],
  tokensOut: [
    { name: 'nv_llm_output_token_len_sum', where: { response_metric_type: 'total_output_tokens' } },
    { name: 'vllm:generation_tokens_total' },
  ],
  requestsRunning: [
    { name: 'nv_trt_llm_request_metrics', where: { request_type: 'active' } },
    { name: 'vllm:num_requests_running' },
  ],
  requestsServed: [{ name: 'nv_inference_request_success' }],
  withoutTokens:
    'Triton itself counts requests and no tokens; its vLLM backend and newer releases of its TensorRT-LLM backend count them, if their metrics are on',
} satisfies LlmFormat
