import { Command } from 'commander'
import { UsageError } from '../../protocol/kit/errors.ts'
import { ASIC_FAMILIES, type AsicFamily } from '../simulator/asic/models.ts'
import { DEFAULT_FAMILIES } from '../simulator/layout.ts'
import { simulate } from '../simulator/run-site.ts'

const whole = (name: string, text: string, least: number): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least)
    throw new UsageError([`--${name}: expected a whole number of at least ${least}, got ${text}`])
  return value
}

function familiesOf(text: string): AsicFamily[] {
  if (text === 'all') return [...ASIC_FAMILIES]
  return text.split(',').map((name) => {
    const family = ASIC_FAMILIES.find((f) => f === name.trim())
    if (family) return family
    throw new UsageError([`--families: expected ${ASIC_FAMILIES.join(', ')} or all, got ${name}`])
  })
}

/** `perwatt-agent simulate`: a small emulated site on loopback, for trying rules and screens. */
export const simulateCommand = (): Command =>
  new Command('simulate')
    .description(
      'run a small emulated site on loopback: miners, GPUs, an LLM server and a site meter that answer their real protocols',
    )
    .option('--seed <number>', 'what happens, and when, follows from it', '1')
    .option('--asics <number>', 'miners', '42')
    .option(
      '--families <names>',
      `whose miners, a container for each: ${ASIC_FAMILIES.join(', ')}, or all`,
      DEFAULT_FAMILIES.join(),
    )
    .option('--gpu-hosts <number>', 'hosts of 8 GPUs', '2')
    .option('--base <address>', 'loopback address of the first miner', '127.10.0.1')
    .option('--write <folder>', 'write the agents’ configurations that read this site here')
    .option('--mqtt-url <url>', 'broker for those configurations', 'mqtt://127.0.0.1:1883')
    .option(
      '--truth <file>',
      'write here, each second, what really happened, to compare with what was read (JSON)',
    )
    .option('--paused', 'begin with a world that stands still; SIGUSR2 lets it move on, or stand still again')
    .action(
      async (o: {
        seed: string
        asics: string
        families: string
        gpuHosts: string
        base: string
        write?: string
        mqttUrl: string
        truth?: string
        paused?: true
      }) => {
        const ended = new AbortController()
        let paused = o.paused ?? false
        process.on('SIGUSR2', () => {
          paused = !paused
        })
        for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ended.abort())
        await simulate({
          seed: whole('seed', o.seed, 0),
          asics: whole('asics', o.asics, 1),
          families: familiesOf(o.families),
          gpuHosts: whole('gpu-hosts', o.gpuHosts, 0),
          base: o.base,
          mqttUrl: o.mqttUrl,
          signal: ended.signal,
          paused: () => paused,
          out: (line) => process.stdout.write(`${line}\n`),
          ...(o.write === undefined ? {} : { write: o.write }),
          ...(o.truth === undefined ? {} : { truth: o.truth }),
        })
      },
    )
