import type { LlmFormat } from './format.ts'

/** TensorRT-LLM by trtllm-serve (at /prometheus/metrics) or as a worker of Dynamo; a request is counted when it finishes. */
export default {
  name: 'tensorrt-llm',
  title: 'TensorRT-LLM',
  versions:
    'TensorRT-LLM, tensorrt_llm/metrics/collector.py; token counters since pull request 12545 of NVIDIA/TensorRT-LLM (2026), cached ones since 12636; `trtllm:` by Dynamo 0.7 (docs.nvidia.com/dynamo/archive/0.7.0/backends/trtllm/prometheus.html)',
  begins: 'trtllm:',
  tokensIn: [{ name: 'trtllm:prompt_tokens_total' }],
  tokensInCached: [{ name: 'trtllm:prompt_cached_tokens_total' }],
  tokensOut: [{ name: 'trtllm:generation_tokens_total' }],
  requestsRunning: [{ name: 'trtllm:num_requests_running' }, { name: 'trtllm:num_active_requests' }],
  requestsServed: [{ name: 'trtllm:request_success_total' }],
  ends: { prefill: [{ dynamo_component: 'prefill' }], decode: [{ dynamo_component: 'decode' }] },
  // trtllm-serve's disaggregated server gives the context server one token a request, and labels neither end
  apart: { workerLabel: 'dynamo_component' },
  withoutTokens:
    'token counters came to TensorRT-LLM in 2026, after 1.1 (pull request 12545), and need return_perf_metrics on',
} satisfies LlmFormat
