// Made by `npm run generate` from the files in this folder; do not edit.
import aphrodite from './aphrodite.ts'
import dynamo from './dynamo.ts'
import type { LlmFormat } from './format.ts'
import litellm from './litellm.ts'
import llamacpp from './llamacpp.ts'
import lmdeploy from './lmdeploy.ts'
import nim from './nim.ts'
import rayServe from './ray-serve.ts'
import sglang from './sglang.ts'
import tensorrtLlm from './tensorrt-llm.ts'
import tgi from './tgi.ts'
import triton from './triton.ts'
import vllm from './vllm.ts'

export const LLM_FORMATS: readonly LlmFormat[] = [
  aphrodite,
  dynamo,
  litellm,
  llamacpp,
  lmdeploy,
  nim,
  rayServe,
  sglang,
  tensorrtLlm,
  tgi,
  triton,
  vllm,
]
