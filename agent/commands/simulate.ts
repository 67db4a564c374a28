import { Command, Option } from 'commander'
import { UsageError } from '../../protocol/kit/errors.ts'
import { createLog } from '../../protocol/kit/log.ts'
import { serve } from '../../protocol/kit/service.ts'
import { printLine } from '../../protocol/kit/terminal.ts'
import { ASIC_FAMILIES, type AsicFamily } from '../simulator/asic/families.ts'
import { GPU_MODELS, type GpuModelName } from '../simulator/gpu/host.ts'
import { DEFAULT_LLM_PAGE, LLM_PAGES } from '../simulator/gpu/llm-pages.ts'
import { DEFAULT_FAMILIES, DEFAULT_GPU_MODELS, FACES, type Faces } from '../simulator/layout.ts'
import { simulate } from '../simulator/run-site.ts'
import { wholeNumber } from './whole-number.ts'

function familiesOf(text: string): AsicFamily[] {
  if (text === 'all') return [...ASIC_FAMILIES]
  return text.split(',').map((name) => {
    const family = ASIC_FAMILIES.find((f) => f === name.trim())
    if (family) return family
    throw new UsageError([`--families: expected ${ASIC_FAMILIES.join(', ')} or all, got ${name}`])
  })
}

const GPU_NAMES = Object.keys(GPU_MODELS) as GpuModelName[]

const gpuModelsOf = (text: string): GpuModelName[] =>
  text.split(',').map((name) => {
    const model = GPU_NAMES.find((known) => known === name.trim())
    if (model) return model
    throw new UsageError([`--gpu-models: expected ${GPU_NAMES.join(', ')}, got ${name}`])
  })

/** `perwatt-agent simulate`: a small emulated site on loopback, for trying rules and screens. */
export const simulateCommand = (): Command =>
  new Command('simulate')
    .description(
      'run a small emulated site on loopback: miners, GPUs, an LLM server, rack PDUs and a site meter that speak their real protocols',
    )
    .option(
      '--seed <number>',
      'seed of everything random; the same seed gives the same events at the same times',
      '1',
    )
    .option('--asics <number>', 'number of miners', '42')
    .option(
      '--families <names>',
      `families of miners, one container for each: ${ASIC_FAMILIES.join(', ')}, or all`,
      DEFAULT_FAMILIES.join(),
    )
    .option('--gpu-hosts <number>', 'number of hosts with 8 GPUs each', '2')
    .option('--solar-kw <number>', "peak of the site's own solar panels, kW", '0')
    .option('--generator-kw <number>', "set power of the site's own generator, kW", '0')
    .addOption(
      new Option('--llm <page>', 'page of the LLM server, by its family and version')
        .choices(LLM_PAGES)
        .default(DEFAULT_LLM_PAGE),
    )
    .option(
      '--gpu-models <names>',
      `models of those GPUs, host by host: ${GPU_NAMES.join(', ')}`,
      DEFAULT_GPU_MODELS.join(),
    )
    .option(
      '--bmcs',
      'give each GPU host a BMC with Redfish: a plain one, one with an HGX baseboard, one of two nodes, in turn',
    )
    .addOption(
      new Option(
        '--faces <which>',
        'all: feed the miners through a rack PDU of every family and a meter of every model that perwatt reads',
      )
        .choices(FACES)
        .default('few'),
    )
    .option('--base <address>', 'loopback address of the first miner; the others follow it', '127.10.0.1')
    .option('--write <folder>', 'folder in which to write configurations for agents that read this site')
    .option('--mqtt-url <url>', 'broker in those configurations', 'mqtt://127.0.0.1:1883')
    .option(
      '--truth <file>',
      'JSON file in which to write, each second, what really happened, to compare with what the agents read',
    )
    .option('--paused', 'start with the emulated site paused; signal SIGUSR2 resumes it, or pauses it again')
    .action(
      async (o: {
        seed: string
        asics: string
        families: string
        gpuHosts: string
        solarKw: string
        generatorKw: string
        llm: string
        gpuModels: string
        bmcs?: true
        faces: Faces
        base: string
        write?: string
        mqttUrl: string
        truth?: string
        paused?: true
      }) => {
        let paused = o.paused ?? false
        process.on('SIGUSR2', () => {
          paused = !paused
        })
        const settings = {
          seed: wholeNumber('seed', 0)(o.seed),
          asics: wholeNumber('asics', 1)(o.asics),
          families: familiesOf(o.families),
          gpuHosts: wholeNumber('gpu-hosts', 0)(o.gpuHosts),
          solarKw: wholeNumber('solar-kw', 0)(o.solarKw),
          generatorKw: wholeNumber('generator-kw', 0)(o.generatorKw),
          llm: o.llm,
          gpuModels: gpuModelsOf(o.gpuModels),
          bmcs: o.bmcs ?? false,
          faces: o.faces,
          base: o.base,
          mqttUrl: o.mqttUrl,
          paused: () => paused,
          out: (line: string) => printLine(line),
          ...(o.write === undefined ? {} : { write: o.write }),
          ...(o.truth === undefined ? {} : { truth: o.truth }),
        }
        await serve({
          log: createLog({ fields: { program: 'perwatt-agent' } }),
          reloads: false,
          load: () => settings,
          async start(site, _previous, ending) {
            await simulate({ ...site, signal: ending })
            return { stop: async () => {} }
          },
        })
      },
    )
