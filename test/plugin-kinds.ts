import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from '../protocol/kit/plugin.ts'

/** A kind of plug-in: its word in YAML, where its files are, and what is generated from them. */
export interface PluginKind {
  /** driver, feed, pool, channel, rule or store: the key that names the plug-in in YAML */
  readonly word: string
  /** its files, and the generated index beside them */
  readonly folder: string
  /** the type of a plug-in, and the file of the contract */
  readonly type: string
  readonly contract: string
  /** what the index exports */
  readonly list: string
  /** where its entries are in the JSON Schema of the configuration: property names, `*` for the items of a list */
  readonly at: readonly string[]
  /** heading of its column of names in the README */
  readonly heading: string
}

export interface Program {
  readonly name: string
  readonly readme: string
  readonly schema: string
  readonly kinds: readonly PluginKind[]
}

const collectorKind = (word: string, type: string, at: readonly string[]): PluginKind => ({
  word,
  folder: `collector/${word}s`,
  type,
  contract: `collector/plugin/${word}.ts`,
  list: `${word.toUpperCase()}S`,
  at,
  heading: word[0]?.toUpperCase() + word.slice(1),
})

export const PROGRAMS: readonly Program[] = [
  {
    name: 'perwatt-agent',
    readme: 'agent/README.md',
    schema: 'agent/agent.schema.json',
    kinds: [
      {
        word: 'driver',
        folder: 'agent/drivers',
        type: 'Driver',
        contract: 'agent/plugin/driver.ts',
        list: 'DRIVERS',
        at: ['devices', '*'],
        heading: 'Driver',
      },
    ],
  },
  {
    name: 'perwatt-collector',
    readme: 'collector/README.md',
    schema: 'collector/collector.schema.json',
    kinds: [
      collectorKind('feed', 'Feed', ['feeds', '*']),
      collectorKind('pool', 'Pool', ['pools', '*']),
      collectorKind('channel', 'Channel', ['alerts', 'receivers', '*']),
      collectorKind('rule', 'Rule', ['alerts', 'rules', '*']),
      collectorKind('store', 'StorePlugin', ['store']),
    ],
  },
]

/** The plug-ins in a kind's folder, by name: each a file, or a folder whose main file has its name. Paths from the folder. */
export function pluginFiles(root: string, { folder }: PluginKind): Map<string, string> {
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || (entry.name.endsWith('.ts') && entry.name !== 'index.ts'))
    .map((entry) => entry.name.replace(/\.ts$/, ''))
    .sort()
  return new Map(
    entries.map((name) => [
      name,
      existsSync(join(root, folder, name)) ? `./${name}/${name}.ts` : `./${name}.ts`,
    ]),
  )
}

/** The plug-ins that a kind's index exports. */
export async function pluginsOf({ folder, list }: PluginKind): Promise<readonly Plugin[]> {
  const path = join(import.meta.dirname, '..', folder, 'index.ts')
  const index: Record<string, readonly Plugin[]> = await import(/* @vite-ignore */ path)
  return index[list] ?? []
}
