import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from './run.ts'

const BIOME = resolve('node_modules/.bin/biome')

/** Files that break a rule, by what is wrong with them. */
const REFUSED = {
  'the protocol importing the agent': ['protocol/x.ts', '../agent/plugin/driver.ts'],
  'the protocol importing the collector': ['protocol/kit/x.ts', '../../collector/plugin/store.ts'],
  'the protocol importing MQTT': ['protocol/x.ts', 'mqtt'],
  'the agent importing the collector': ['agent/x.ts', '../collector/plugin/store.ts'],
  'an agent command importing the collector': ['agent/commands/x.ts', '../../collector/plugin/store.ts'],
  'the collector importing the agent': ['collector/x.ts', '../agent/plugin/driver.ts'],
  'a screen importing the agent': ['collector/screens/x.ts', '../../agent/plugin/driver.ts'],
  'a driver importing MQTT': ['agent/drivers/x.ts', 'mqtt'],
  'a driver importing the publisher': ['agent/drivers/x.ts', '../publisher.ts'],
  'a driver importing the collector': ['agent/drivers/x.ts', '../../collector/plugin/store.ts'],
  'a driver importing another driver': ['agent/drivers/x.ts', './y.ts'],
  'economics reading a file': ['collector/economics/x.ts', 'node:fs'],
  'economics importing a store': ['collector/economics/x.ts', '../stores/duckdb.ts'],
  'a feed importing MQTT': ['collector/feeds/x.ts', 'mqtt'],
  'a feed importing another feed': ['collector/feeds/x.ts', './y.ts'],
  'a channel importing another channel': ['collector/channels/x.ts', './y.ts'],
  'a pool importing another pool': ['collector/pools/x.ts', './y.ts'],
  'a store importing the screens': ['collector/stores/x.ts', '../screens/server.ts'],
} as const

/** Imports that each part lives by. */
const ALLOWED = {
  'a driver importing its contract': ['agent/drivers/x.ts', '../driver.ts'],
  'a driver importing the protocol': ['agent/drivers/x.ts', '../../protocol/units.ts'],
  'economics importing the protocol': ['collector/economics/x.ts', '../../protocol/units.ts'],
  'the publisher importing MQTT': ['agent/uplink/publisher.ts', 'mqtt'],
  'a store importing its contract': ['collector/stores/x.ts', '../store.ts'],
} as const

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perwatt-rules-'))
  await copyFile('biome.json', join(folder, 'biome.json'))
})
afterAll(() => rm(folder, { recursive: true }))

async function refusals(path: string, imported: string): Promise<string[]> {
  const file = join(folder, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `export * from '${imported}'\n`)
  const { stdout } = await run(BIOME, ['lint', '--vcs-enabled=false', '--reporter=json', path], {
    cwd: folder,
  })
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string }[] }
  return diagnostics.map((diagnostic) => diagnostic.category)
}

it.each(Object.entries(REFUSED))('the linter refuses %s', async (_, [path, imported]) => {
  expect(await refusals(path, imported)).toEqual(['lint/style/noRestrictedImports'])
})

it.each(Object.entries(ALLOWED))('the linter allows %s', async (_, [path, imported]) => {
  expect(await refusals(path, imported)).toEqual([])
})
