import { likeVllm } from '../vllm-names.ts'
import type { LlmFormat } from './format.ts'

/** Ray Serve LLM: vLLM's metrics through Ray's own exporter, which puts `ray_` before them (`ray_vllm:` before Ray 2.50). */
export default {
  ...likeVllm('ray_vllm:'),
  name: 'ray-serve',
  title: 'Ray Serve',
  versions: 'Ray 2.44 and newer, ray/dashboard/modules/metrics/dashboards/serve_llm_dashboard_panels.py',
  begins: 'ray_vllm:',
} satisfies LlmFormat
