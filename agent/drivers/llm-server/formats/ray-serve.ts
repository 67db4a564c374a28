import { likeVllm } from '../vllm/like-vllm.ts'
import type { LlmFormat } from './format.ts'

/** Ray Serve LLM: vLLM's metrics through Ray's own exporter, which puts `ray_` before them (`ray_vllm:` with vLLM before its pull request 25439 of September 2025). */
export default {
  ...likeVllm('ray_vllm:'),
  name: 'ray-serve',
  title: 'Ray Serve',
  versions:
    'Ray with log_engine_metrics, python/ray/dashboard/modules/metrics/dashboards/serve_llm_dashboard_panels.py (ray-project/ray, pull request 52719 of May 2025); vllm/v1/metrics/ray_wrappers.py',
  begins: 'ray_vllm:',
} satisfies LlmFormat
