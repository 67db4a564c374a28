import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { ASIC_FAMILIES } from '../simulator/asic/models.ts'
import { Site } from '../simulator/site.ts'
import { type AgentConfigFile, siteConfigs } from '../simulator/site-config.ts'

export interface SimulateOptions {
  seed: number
  asics: number
  gpuHosts: number
  /** first loopback address */
  base: string
  /** folder for the agents' configurations; absent: none are written */
  write?: string
  mqttUrl: string
  signal: AbortSignal
  /** one line for the operator */
  out: (line: string) => void
}

/**
 * Runs an emulated site until the signal aborts. The line `ready` comes last, when everything listens and the
 * configurations are written.
 * @throws UsageError on a wrong count or base address, PerwattError where an address is taken or a file can't be written
 */
export async function simulate(options: SimulateOptions): Promise<void> {
  const { seed, asics, gpuHosts, base, write, mqttUrl, signal, out } = options
  const site = new Site({ seed, asics, gpuHosts, baseAddress: base }, Date.now, (error) =>
    out(reasonOf(error)),
  )
  await site.open()
  try {
    for (const line of description(site)) out(line)
    const { mining, gpu } = siteConfigs(site, mqttUrl)
    if (write === undefined) out('no configurations written; name a folder to have them')
    else
      for (const config of [mining, gpu]) {
        if (!config) continue
        const file = join(write, `${config.agent}.yaml`)
        await writeConfig(write, file, config)
        out(`read it with: perwatt-agent run --config ${file}`)
      }
    out('ready')
    await site.run(signal)
  } finally {
    await site.close()
  }
}

function description(site: Site): string[] {
  const { asics, gpuHosts, llm, meter } = site.layout
  const { ports } = site.layout
  const families = ASIC_FAMILIES.map((family) => asics.filter((a) => a.model.family === family))
  return [
    ...families.flatMap((machines) => {
      const [first] = machines
      const range = `${first?.host} to ${machines.at(-1)?.host}, TCP ${ports.asic}`
      return first ? [`${machines.length} ${first.model.family}: ${range}`] : []
    }),
    ...gpuHosts.map(
      (h) => `8 ${h.model.name} in ${h.id}: http://${h.host}:${ports.dcgm}/metrics (dcgm-exporter)`,
    ),
    ...(llm ? [`LLM server ${llm.model}: http://${llm.host}:${ports.llm}/metrics (vLLM)`] : []),
    `site meter: ${meter.host}:${ports.meter} (Modbus TCP, Schneider iEM3000)`,
  ]
}

const HEADER = `# Written by "perwatt-agent simulate": these machines are SIMULATED, and everything that is read from them is marked so.
# They exist only while that command runs.
`

async function writeConfig(folder: string, file: string, config: AgentConfigFile): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(file, HEADER + stringify(config, { aliasDuplicateObjects: false }))
  } catch (error) {
    throw new PerwattError('simulator', `${file}: ${reasonOf(error)}; name a folder that can be written`, {
      cause: error,
    })
  }
}
