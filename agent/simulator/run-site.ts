import { renameSync, writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { defined } from '../../protocol/kit/defined.ts'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { ASIC_FAMILIES, type AsicFamily } from './asic/families.ts'
import { FAMILY_SERVERS } from './asic/family-servers.ts'
import { type GpuModelName, isAmd } from './gpu/host.ts'
import type { Faces } from './layout.ts'
import { Site, type SiteTruth } from './site.ts'
import { hostPrograms, siteConfigs } from './site-config.ts'

export interface SimulateOptions {
  seed: number
  asics: number
  /** families of miners; absent: Antminer, Whatsminer and Avalon */
  families?: readonly AsicFamily[]
  gpuHosts: number
  /** page of the LLM server, by family and version; absent: vLLM's */
  llm?: string
  /** absent: H100 and L40S */
  gpuModels?: readonly GpuModelName[]
  /** true: each GPU host has a BMC */
  bmcs?: boolean
  /** absent: few */
  faces?: Faces
  /** first loopback address */
  base: string
  /** folder for the agents' configurations; absent: none are written */
  write?: string
  mqttUrl: string
  /** file for a `WrittenTruth`, replaced each second; absent: none is written */
  truth?: string
  /** polled each second; while it returns true, nothing in the emulated site changes */
  /** own generation, kW; default none */
  solarKw?: number
  generatorKw?: number
  paused?: () => boolean
  signal: AbortSignal
  /** one line for the operator */
  out: (line: string) => void
}

/** What really happened in the emulated site, to compare with what the agents read. */
export interface WrittenTruth extends SiteTruth {
  /** Unix ms */
  atMs: number
  /** true: the emulated site is paused */
  paused: boolean
}

/**
 * Runs an emulated site until the signal aborts. Once everything listens and the configurations are written, it prints the line
 * `ready`.
 * @throws UsageError on a wrong count or base address, PerwattError where an address is taken or a file can't be written
 */
export async function simulate(options: SimulateOptions): Promise<void> {
  const {
    seed,
    asics,
    families,
    gpuHosts,
    solarKw,
    generatorKw,
    llm,
    gpuModels,
    bmcs = false,
    faces,
    base,
    write,
    mqttUrl,
    truth,
    paused = () => false,
    signal,
    out,
  } = options
  const site = new Site(
    {
      seed,
      asics,
      gpuHosts,
      bmcs,
      baseAddress: base,
      ...defined({ families, gpuModels, llm, solarKw, generatorKw, faces }),
    },
    Date.now,
    (error) => out(reasonOf(error)),
  )
  await site.open()
  try {
    for (const line of description(site)) out(line)
    const { mining, gpu } = siteConfigs(site, mqttUrl, write === undefined ? undefined : resolve(write))
    if (write === undefined) out('no configurations written; name a folder with --write to get them')
    else {
      for (const config of [mining, gpu]) {
        if (!config) continue
        const file = join(write, `${config.agent}.yaml`)
        await writeOrSay(file, HEADER + stringify(config, { aliasDuplicateObjects: false }))
        out(`read it with: perwatt-agent run --config ${file}`)
      }
      for (const [file, text] of hostPrograms(site, resolve(write))) await writeOrSay(file, text, 0o755)
    }
    const beat = () => {
      site.paused = paused()
      if (truth !== undefined) writeTruth(truth, site)
    }
    beat()
    out('ready')
    await site.run(signal, beat)
  } finally {
    await site.close()
  }
}

function description(site: Site): string[] {
  const { asics, gpuHosts, llm, meter, pdus, sources, feeders } = site.layout
  const { ports } = site.layout
  const families = ASIC_FAMILIES.map((family) => asics.filter((a) => a.model.family === family))
  return [
    ...families.flatMap((machines) => {
      const [first] = machines
      const tcpPorts = first ? FAMILY_SERVERS[first.model.family].map(({ at }) => ports[at]) : []
      const range = `${first?.host} to ${machines.at(-1)?.host}, TCP ${tcpPorts.join(', ').replace(/, (?=\d+$)/, ' and ')}`
      return first ? [`${machines.length} ${first.model.family}: ${range}`] : []
    }),
    ...gpuHosts.map(
      (h) =>
        `8 ${h.model.name} in ${h.id}: http://${h.host}:${ports.dcgm}/metrics${isAmd(h.model) ? '/rocm-smi and /amd-smi-metric (in CPX), /rocm-smi-dies (as MI250X)' : ' (dcgm-exporter; also /mig, /time-slicing, /pod-labels, /slurm, /slurm-relabelled, /relabelled, /module, /glitches, /hung, /nvidia-smi-log, /nvidia-smi-mig and /xpu-smi-dump)'}`,
    ),
    ...gpuHosts.flatMap((h) =>
      h.bmc
        ? [
            `BMC of ${h.id}: http://${h.host}:${ports.bmc}/redfish/v1 (${h.bmc}); by ipmitool: ${h.id}-ipmitool beside the configurations`,
          ]
        : [],
    ),
    ...(llm ? [`LLM server ${llm.model}: http://${llm.host}:${ports.llm}/metrics (${llm.page})`] : []),
    ...pdus.map(
      (p) => `rack PDU ${p.id} with ${p.outlets.length} hosts: ${p.host}:${ports.snmp} (SNMP, Raritan PX3)`,
    ),
    ...feeders.map(
      ({ id, kind, face, host, asics: { length } }) =>
        `${id} with ${length} miner${length === 1 ? '' : 's'}: ${host}:${kind === 'pdu' ? ports.snmp : ports.meter} (${kind === 'pdu' ? 'SNMP' : 'Modbus TCP'}, ${face.name})`,
    ),
    `site meter: ${meter.host}:${ports.meter} (Modbus TCP, Schneider iEM3000)`,
    ...sources.map((s) => `meter of the ${s.generates}: ${s.host}:${ports.meter} (Modbus TCP)`),
  ]
}

const HEADER = `# Written by "perwatt-agent simulate". These machines are SIMULATED, and everything read from them is marked as simulated.
# They exist only while that command runs.
`

async function writeOrSay(file: string, text: string, mode = 0o666): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text, { mode })
  } catch (error) {
    throw new PerwattError('simulator', `${file}: ${reasonOf(error)}; name a folder that can be written`, {
      cause: error,
    })
  }
}

/** Replaces the file in one step, so that a reader never finds half of it. */
function writeTruth(file: string, site: Site): void {
  const written: WrittenTruth = { atMs: Date.now(), paused: site.paused, ...site.truth() }
  try {
    writeFileSync(`${file}.new`, JSON.stringify(written))
    renameSync(`${file}.new`, file)
  } catch (error) {
    throw new PerwattError('simulator', `${file}: ${reasonOf(error)}; name a file that can be written`, {
      cause: error,
    })
  }
}
