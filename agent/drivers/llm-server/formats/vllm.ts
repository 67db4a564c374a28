import { likeVllm } from '../vllm-names.ts'
import type { LlmFormat } from './format.ts'

export default {
  ...likeVllm('vllm:'),
  name: 'vllm',
  title: 'vLLM',
  versions:
    'vLLM 0.4 and newer, vllm/v1/metrics/loggers.py; by source and cached since 0.16, vllm/v1/metrics/stats.py',
  begins: 'vllm:',
  ends: { prefill: [{ dynamo_component: 'prefill' }], decode: [{ dynamo_component: 'decode' }] },
} satisfies LlmFormat
