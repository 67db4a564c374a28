// Made by `npm run generate` from the files of the folder; do not edit.
import type { Driver } from './driver.ts'
import antminer from './drivers/antminer.ts'
import auradine from './drivers/auradine.ts'
import avalon from './drivers/avalon.ts'
import axeos from './drivers/axeos.ts'
import braiins from './drivers/braiins.ts'
import cgminer from './drivers/cgminer.ts'
import dcgm from './drivers/dcgm.ts'
import epic from './drivers/epic.ts'
import host from './drivers/host.ts'
import llmServer from './drivers/llm-server.ts'
import luxos from './drivers/luxos.ts'
import modbusMeter from './drivers/modbus-meter.ts'
import proto from './drivers/proto.ts'
import sealminer from './drivers/sealminer.ts'
import vnish from './drivers/vnish.ts'
import whatsminerV3 from './drivers/whatsminer-v3.ts'
import whatsminer from './drivers/whatsminer.ts'

export const DRIVERS: readonly Driver[] = [
  antminer,
  auradine,
  avalon,
  axeos,
  braiins,
  cgminer,
  dcgm,
  epic,
  host,
  llmServer,
  luxos,
  modbusMeter,
  proto,
  sealminer,
  vnish,
  whatsminer,
  whatsminerV3,
]
