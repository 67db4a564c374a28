import { likeVllm } from '../vllm/like-vllm.ts'
import type { LlmFormat } from './format.ts'

/** NVIDIA NIM for LLMs and VLMs: vLLM's names without a prefix, at /v1/metrics (/metrics in 24.05). */
export default {
  ...likeVllm(''),
  name: 'nim',
  title: 'NIM',
  versions:
    'NIM for LLMs 24.05 and newer, docs.nvidia.com/nim/large-language-models/24.05.rc15/observability.html and .../1.5.0/observability.html',
  shared: true,
  requestsServed: [{ name: 'request_success_total' }, { name: 'request_finish_total' }],
} satisfies LlmFormat
