// Made by `npm run generate` from the files of the folder; do not edit.
import type { Driver } from './driver.ts'
import antminer from './drivers/antminer.ts'
import avalon from './drivers/avalon.ts'
import dcgm from './drivers/dcgm.ts'
import host from './drivers/host.ts'
import llmServer from './drivers/llm-server.ts'
import modbusMeter from './drivers/modbus-meter.ts'
import whatsminer from './drivers/whatsminer.ts'

export const DRIVERS: readonly Driver[] = [
  antminer,
  avalon,
  dcgm,
  host,
  llmServer,
  modbusMeter,
  whatsminer,
]
