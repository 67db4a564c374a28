// Made by `npm run generate` from the files of the folder; do not edit.
import type { Driver } from './driver.ts'
import amdSmi from './drivers/amd-smi.ts'
import amdgpuSysfs from './drivers/amdgpu-sysfs.ts'
import antminer from './drivers/antminer.ts'
import auradine from './drivers/auradine.ts'
import avalon from './drivers/avalon.ts'
import axeos from './drivers/axeos.ts'
import braiins from './drivers/braiins.ts'
import cgminer from './drivers/cgminer.ts'
import dcgm from './drivers/dcgm.ts'
import epic from './drivers/epic.ts'
import host from './drivers/host.ts'
import hwmon from './drivers/hwmon.ts'
import ipmi from './drivers/ipmi.ts'
import llmServer from './drivers/llm-server.ts'
import luxos from './drivers/luxos.ts'
import modbusMeter from './drivers/modbus-meter.ts'
import nvml from './drivers/nvml.ts'
import proto from './drivers/proto.ts'
import rapl from './drivers/rapl.ts'
import redfish from './drivers/redfish.ts'
import rocmSmi from './drivers/rocm-smi.ts'
import sealminer from './drivers/sealminer.ts'
import snmpPdu from './drivers/snmp-pdu.ts'
import vnish from './drivers/vnish.ts'
import whatsminerV3 from './drivers/whatsminer-v3.ts'
import whatsminer from './drivers/whatsminer.ts'
import xpuSmi from './drivers/xpu-smi.ts'

export const DRIVERS: readonly Driver[] = [
  amdSmi,
  amdgpuSysfs,
  antminer,
  auradine,
  avalon,
  axeos,
  braiins,
  cgminer,
  dcgm,
  epic,
  host,
  hwmon,
  ipmi,
  llmServer,
  luxos,
  modbusMeter,
  nvml,
  proto,
  rapl,
  redfish,
  rocmSmi,
  sealminer,
  snmpPdu,
  vnish,
  whatsminer,
  whatsminerV3,
  xpuSmi,
]
