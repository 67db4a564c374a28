import type { LlmFormat } from './format.ts'

/** TensorRT-LLM by trtllm-serve (at /prometheus/metrics) or as a worker of Dynamo; a request is counted when it finishes. */
export default {
  name: 'tensorrt-llm',
  title: 'TensorRT-LLM',
  versions: 'TensorRT-LLM 1.1 and newer, tensorrt_llm/metrics/collector.py; `trtllm:` by Dynamo before 0.7',
  begins: 'trtllm:',
  tokensIn: [{ name: 'trtllm:prompt_tokens_total' }],
  tokensInCached: [{ name: 'trtllm:prompt_cached_tokens_total' }],
  tokensOut: [{ name: 'trtllm:generation_tokens_total' }],
  requestsRunning: [{ name: 'trtllm:num_requests_running' }, { name: 'trtllm:num_active_requests' }],
  requestsServed: [{ name: 'trtllm:request_success_total' }],
  ends: { prefill: [{ dynamo_component: 'prefill' }], decode: [{ dynamo_component: 'decode' }] },
  // trtllm-serve's disaggregated server gives the context server one token a request, and labels neither end
  apart: { workerLabel: 'dynamo_component' },
  withoutTokens: 'token counters need TensorRT-LLM 1.1 or newer with return_perf_metrics on',
} satisfies LlmFormat
