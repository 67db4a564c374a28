import { z } from 'zod'
import { antminerFacts } from '../asic/antminer-stats.ts'
import { cgminerFacts } from '../asic/cgminer-facts.ts'
import { poolFacts } from '../asic/cgminer-pools.ts'
import { type AsicFacts, mergedFacts } from '../asic/facts.ts'
import { cgminerSession } from '../asic/session.ts'
import { minerPort } from '../asic/settings.ts'
import { defineDriver } from '../plugin/driver.ts'
import type { CgminerReply } from '../wire/cgminer/reply.ts'
import { rowsOf, textOf } from '../wire/loose-json/fields.ts'

export default defineDriver({
  name: 'cgminer',
  summary: 'any other SHA-256 miner with the cgminer API (Hiveon, mskminer and unknown ones), TCP 4028',
  kind: 'asic',
  settings: z.strictObject({ port: minerPort(4028) }),
  needsHost: true,
  requests: ['version', 'devdetails', 'coin', 'summary', 'stats', 'devs', 'pools'],
  fallback: true,
  recognises: ({ version4028, devdetails4028, stats4028, summary4028 }) =>
    [version4028, devdetails4028, stats4028, summary4028].some((text) => /\bSTATUS\b/.test(text ?? '')),
  open: ({ host, options: { port } }) =>
    cgminerSession({ host, port }, async (client, signal) => {
      const { version, devdetails, coin, summary, stats, devs, pools } = await client.askEach(
        {
          first: ['summary', 'pools'],
          always: ['stats', 'devs'],
          once: ['version', 'devdetails', 'coin'],
        },
        signal,
      )
      return {
        ...mergedFacts(
          cgminerFacts({ summary, devs, devdetails }),
          stats && isAntminer(stats) ? antminerFacts({ version, summary, stats }) : {},
          identity({ version, devdetails, stats, devs, summary }),
        ),
        aftermarket: true,
        algorithm:
          textOf(rowsOf(coin?.body, 'COIN')[0], 'Hash Method') ??
          // StrongU: the coin, `sc`
          textOf(rowsOf(summary?.body, 'SUMMARY')[0], 'Miner type'),
        pools: pools && poolFacts(pools),
      }
    }),
})

/** Aftermarket firmware for Antminers keeps Bitmain's form of `stats`, which has more than `devs`. */
const isAntminer = (stats: CgminerReply): boolean =>
  rowsOf(stats.body, 'STATS').some((row) => 'chain_acn1' in row || 'chain_acn6' in row || 'chain' in row)

const PROGRAMS = ['CGMiner', 'BMMiner', 'SGMiner', 'BFGMiner', 'Miner', 'Firmware']

type Replies = Partial<
  Record<'version' | 'devdetails' | 'stats' | 'devs' | 'summary', CgminerReply | undefined>
>

function identity({ version, devdetails, stats, devs, summary }: Replies): AsicFacts {
  const program = rowsOf(version?.body, 'VERSION')[0]
  const [device] = rowsOf(devdetails?.body, 'DEVDETAILS')
  const type = rowsOf(stats?.body, 'STATS').map((row) => textOf(row, 'Type'))
  return {
    model:
      textOf(program, 'Type', 'PROD', 'MODEL') ??
      type.find((text) => text) ??
      innosilicon(summary) ??
      textOf(device, 'Model', 'Name', 'Driver') ??
      // StrongU names its machine here alone: `u6`
      textOf(rowsOf(devs?.body, 'DEVS')[0], 'Name'),
    firmware: PROGRAMS.flatMap((name) => {
      const number = textOf(program, name)
      return number ? [`${name} ${number}`] : []
    }).join(' '),
  }
}

/** Innosilicon names its program for the machine: `innominer a9-1.1.0` in the reply's description. */
function innosilicon(summary: CgminerReply | undefined): string | undefined {
  const words = textOf(rowsOf(summary?.body, 'STATUS')[0], 'Description')
  const name = /^innominer ([a-z]\d+[a-z+]*)-/i.exec(words ?? '')?.[1]
  return name && `Innosilicon ${name.toUpperCase()}`
}
