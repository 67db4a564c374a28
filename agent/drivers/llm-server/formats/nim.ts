import { likeVllm } from '../vllm-names.ts'
import type { LlmFormat } from './format.ts'

/** NVIDIA NIM for LLMs and VLMs: vLLM's names without a prefix, at /v1/metrics (/metrics before 1.8). */
export default {
  ...likeVllm(''),
  name: 'nim',
  title: 'NIM',
  versions: 'NIM 1.0 and newer, docs.nvidia.com/nim/large-language-models/latest/observability.html',
  shared: true,
  requestsServed: [{ name: 'request_success_total' }, { name: 'request_finish_total' }],
} satisfies LlmFormat
