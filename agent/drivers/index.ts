// Made by `npm run generate` from the parts in this folder; do not edit.
import type { Driver } from '../plugin/driver.ts'
import amdSmi from './amd-smi/amd-smi.ts'
import amdgpuSysfs from './amdgpu-sysfs/amdgpu-sysfs.ts'
import antminer from './antminer/antminer.ts'
import auradine from './auradine/auradine.ts'
import avalon from './avalon/avalon.ts'
import axeos from './axeos.ts'
import braiins from './braiins/braiins.ts'
import cgminer from './cgminer.ts'
import dcgm from './dcgm/dcgm.ts'
import epic from './epic.ts'
import host from './host.ts'
import hwmon from './hwmon.ts'
import ipmi from './ipmi/ipmi.ts'
import llmServer from './llm-server/llm-server.ts'
import luxos from './luxos.ts'
import modbusMeter from './modbus-meter/modbus-meter.ts'
import nvml from './nvml/nvml.ts'
import proto from './proto.ts'
import rapl from './rapl/rapl.ts'
import redfish from './redfish/redfish.ts'
import rocmSmi from './rocm-smi/rocm-smi.ts'
import sealminer from './sealminer.ts'
import snmpPdu from './snmp-pdu/snmp-pdu.ts'
import vnish from './vnish.ts'
import whatsminer from './whatsminer.ts'
import whatsminerV3 from './whatsminer-v3/whatsminer-v3.ts'
import xpuSmi from './xpu-smi/xpu-smi.ts'

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
