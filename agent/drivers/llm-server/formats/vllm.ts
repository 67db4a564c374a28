import { likeVllm } from '../vllm/like-vllm.ts'
import type { LlmFormat } from './format.ts'

export default {
  ...likeVllm('vllm:'),
  name: 'vllm',
  title: 'vLLM',
  versions:
    'vLLM, vllm/engine/metrics.py, and vllm/v1/metrics/loggers.py of its V1 engine; by source and cached since 0.16, vllm/v1/metrics/stats.py (vllm-project/vllm, pull request 33290)',
  begins: 'vllm:',
  ends: { prefill: [{ dynamo_component: 'prefill' }], decode: [{ dynamo_component: 'decode' }] },
} satisfies LlmFormat
