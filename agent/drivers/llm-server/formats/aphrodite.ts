import { likeVllm } from '../vllm/like-vllm.ts'
import type { LlmFormat } from './format.ts'

/** Aphrodite Engine: a relative of vLLM, with vLLM's metrics under its own prefix. */
export default {
  ...likeVllm('aphrodite:'),
  name: 'aphrodite',
  title: 'Aphrodite',
  versions:
    'aphrodite-engine 0.6 and newer, tests/endpoints/openai/test_metrics.py (aphrodite-engine/aphrodite-engine)',
  begins: 'aphrodite:',
} satisfies LlmFormat
