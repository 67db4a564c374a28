import { join } from 'node:path'
import type { Location } from '../../protocol/device.ts'
import type { AsicModel } from './asic/asic-model.ts'
import { type AsicFamily, driverOf } from './asic/families.ts'
import { WITH_LOGIN } from './asic/family-servers.ts'
import { DEMO_PASSWORD, DEMO_USER } from './asic/web-server.ts'
import { feederOf } from './feeders.ts'
import { isAmd } from './gpu/host.ts'
import { readingOf } from './gpu/llm-pages.ts'
import type { GpuPlace, SiteLayout } from './layout.ts'
import { OWN_NODE } from './power/bmc.ts'
import { EM24_E1, RAW_SCALE } from './power/meter-faces.ts'
import type { Site } from './site.ts'

/** One entry of an agent's `devices:`, as plain data ready for YAML. */
export interface DeviceEntry {
  id: string
  driver: AsicFamily | 'dcgm' | 'amd-smi' | 'redfish' | 'llm-server' | 'modbus-meter' | 'snmp-pdu'
  host?: string
  port?: number
  location: Location
  meteredBy?: string
  [setting: string]: unknown
}

/** An agent's whole configuration, as plain data ready for YAML. */
export interface AgentConfigFile {
  site: string
  agent: string
  simulated: true
  mqtt: { url: string }
  spool?: { folder: string }
  devices: DeviceEntry[]
}

/**
 * The configurations of the two agents that read an open site. `mining` reads the ASICs and is absent where the site has none; `gpu`
 * reads the GPU hosts, the LLM server and the meters.
 * @param folder where the configurations will be, with the agents' spools and AMD's programs; absent: the agents' default spools
 */
export function siteConfigs(
  site: Site,
  mqttUrl: string,
  folder?: string,
): { mining?: AgentConfigFile; gpu: AgentConfigFile } {
  const { layout } = site
  const ports = site.ports()
  const meteredBy = layout.meter.id
  const agent = (name: string, devices: DeviceEntry[]): AgentConfigFile => ({
    site: 'demo',
    agent: name,
    simulated: true,
    mqtt: { url: mqttUrl },
    ...(folder === undefined ? {} : { spool: { folder: join(folder, 'spool', name) } }),
    devices,
  })

  const asics = layout.asics.map(
    ({ id, model, host, location }, i): DeviceEntry => ({
      id,
      driver: driverOf(model.family),
      host,
      ...ports.asicSettings[i],
      ...(WITH_LOGIN.has(model.family) ? { web: { username: DEMO_USER, password: DEMO_PASSWORD } } : {}),
      ...(model.family === 'cgminer' ? namePlate(model) : {}),
      location,
      meteredBy: feederOf(layout.feeders, i) ?? meteredBy,
    }),
  )
  const gpus = layout.gpuHosts.flatMap((place, i): DeviceEntry[] => {
    const { id, host, location, model, bmc } = place
    const outlet = outletOf(layout, i) ?? meteredBy
    const behind = { location, meteredBy: bmc ? `${id}-bmc` : outlet }
    const page = metricsUrl(place, ports.dcgm[i])
    return [
      isAmd(model)
        ? { id, driver: 'amd-smi', program: amdProgram(folder, id), ...behind }
        : { id, driver: 'dcgm', url: page, ...behind },
      ...(bmc
        ? [
            {
              id: `${id}-bmc`,
              driver: 'redfish' as const,
              url: `http://${host}:${ports.bmc[i]}`,
              ...(bmc === 'multi-node' && { resource: OWN_NODE }),
              location,
              meteredBy: outlet,
            },
          ]
        : []),
    ]
  })
  const llm = layout.llm && {
    id: layout.llm.id,
    driver: 'llm-server' as const,
    url: `http://${layout.llm.host}:${ports.llm}/metrics`,
    service: layout.llm.service,
    format: readingOf(layout.llm.page).format,
    ...(readingOf(layout.llm.page).namesNoModel ? { model: layout.llm.model } : {}),
    location: layout.llm.location,
  }
  const { id, host, location } = layout.meter
  const meter: DeviceEntry = {
    id,
    driver: 'modbus-meter',
    host,
    port: ports.meter,
    unit: 1,
    map: 'schneider-iem3000',
    location,
  }
  const pdus = layout.pdus.map(
    ({ id: pduId, host: pduHost, location: pduLocation }, i): DeviceEntry => ({
      id: pduId,
      driver: 'snmp-pdu',
      host: pduHost,
      port: ports.snmp[i] ?? 0,
      version: '2c',
      location: pduLocation,
      meteredBy,
    }),
  )
  const sources = layout.sources.map(
    (source, i): DeviceEntry => ({
      id: source.id,
      driver: 'modbus-meter',
      host: source.host,
      port: ports.sources[i] ?? 0,
      map: (source.generates === 'solar' ? EM24_E1 : RAW_SCALE).map,
      generates: source.generates,
      location: source.location,
    }),
  )
  const feeders = layout.feeders.map((feeder, i): DeviceEntry => {
    const common = { id: feeder.id, host: feeder.host, port: ports.feeders[i] ?? 0 }
    const made =
      feeder.kind === 'pdu'
        ? ({ driver: 'snmp-pdu', version: '2c' } as const)
        : ({ driver: 'modbus-meter', map: feeder.face.map } as const)
    return { ...common, ...made, location: feeder.location, meteredBy }
  })
  return {
    ...(asics.length > 0 && { mining: agent('mining', asics) }),
    gpu: agent('gpu', [...gpus, ...(llm ? [llm] : []), ...pdus, ...feeders, meter, ...sources]),
  }
}

const metricsUrl = ({ host }: GpuPlace, port: number | undefined): string => `http://${host}:${port}/metrics`

const amdProgram = (folder = '.', host: string): string => join(folder, `${host}-amd-smi`)

/**
 * AMD's tool and ipmitool are programs, and an emulated host is an address: scripts that print what the host would. `gpu-01-ipmitool`
 * is what the driver ipmi can read with its setting `program`, for each host with a BMC.
 * @returns each script's text by its path
 */
export function hostPrograms(site: Site, folder: string): Map<string, string> {
  const { dcgm } = site.ports()
  return new Map(
    site.layout.gpuHosts.flatMap((place, i): [string, string][] => {
      const page = metricsUrl(place, dcgm[i])
      return [
        ...(isAmd(place.model) ? [[amdProgram(folder, place.id), script(page, AMD_PAGE)] as const] : []),
        ...(place.bmc ? [[join(folder, `${place.id}-ipmitool`), script(page, IPMI_PAGE)] as const] : []),
      ].map(([file, text]) => [file, text])
    }),
  )
}

/** `amd-smi metric --json` asks for the page `amd-smi-metric`. */
const AMD_PAGE = "'amd-smi-' + process.argv[2]"
/** `ipmitool ... dcmi power reading` asks for the page `ipmi-dcmi`. */
const IPMI_PAGE = "process.argv.includes('dcmi') ? 'ipmi-dcmi' : 'ipmi-sdr'"

/** @param name of the page, as an expression of the program's arguments */
const script = (page: string, name: string): string => `#!${process.execPath}
fetch('${page}/' + (${name})).then(async (answer) => {
  require('node:fs').writeSync(1, await answer.text())
  process.exitCode = answer.ok ? 0 : 1
})
`

/** The outlet into which a GPU host is plugged. */
function outletOf({ pdus }: SiteLayout, gpuHost: number): string | undefined {
  const pdu = pdus.find(({ outlets }) => outlets.includes(gpuHost))
  return pdu && `${pdu.id}/outlet${pdu.outlets.indexOf(gpuHost) + 1}`
}

/** An unknown miner reports no power, so its configuration has the figures of its name plate. */
const namePlate = ({ hashrateHs, efficiencyJPerTh }: AsicModel) => ({
  ratedPowerW: Math.round((hashrateHs / 1e12) * efficiencyJPerTh),
  expectedHashrateHs: hashrateHs,
})
