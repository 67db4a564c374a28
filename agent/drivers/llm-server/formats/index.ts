// Made by `npm run generate` from the files in this folder; do not edit.
import type { LlmFormat } from './format.ts'
import llamacpp from './llamacpp.ts'
import sglang from './sglang.ts'
import tgi from './tgi.ts'
import vllm from './vllm.ts'

export const LLM_FORMATS: readonly LlmFormat[] = [llamacpp, sglang, tgi, vllm]
