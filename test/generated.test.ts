import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { agentConfigSchema } from '../agent/config/config.ts'
import { collectorConfigSchema } from '../collector/config/config.ts'

/**
 * Generated files. `npm run generate` (this test with PERWATT_GENERATE=1) writes them; otherwise this test fails where a file
 * is out of date.
 */
const ROOT = join(import.meta.dirname, '..')
const generate = process.env['PERWATT_GENERATE'] === '1'

function keep(file: string, text: string): void {
  const path = join(ROOT, file)
  if (generate) writeFileSync(path, text)
  else expect(readFileSync(path, 'utf8'), `${file} is out of date: npm run generate`).toBe(text)
}

/**
 * An index of the plug-ins in a folder: a plug-in is a file, or a folder with a main file of the same name.
 * @param contract the type of a plug-in, and its path relative to the index
 */
function indexOf(folder: string, contract: { name: string; from: string }, constant: string): string {
  const parts = readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || (entry.name.endsWith('.ts') && entry.name !== 'index.ts'))
    .map((entry) => entry.name.replace(/\.ts$/, ''))
    .sort()
    .map((name) => ({
      variable: name.replace(/-(\w)/g, (_, c: string) => c.toUpperCase()),
      path: existsSync(join(ROOT, folder, name)) ? `./${name}/${name}.ts` : `./${name}.ts`,
    }))
  return [
    '// Made by `npm run generate` from the parts in this folder; do not edit.',
    `import type { ${contract.name} } from '${contract.from}'`,
    ...parts.map(({ variable, path }) => `import ${variable} from '${path}'`),
    '',
    `export const ${constant}: readonly ${contract.name}[] = [`,
    ...parts.map(({ variable }) => `  ${variable},`),
    ']',
    '',
  ].join('\n')
}

const schemaText = (schema: z.ZodType, title: string): string =>
  `${JSON.stringify({ title, ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) }, null, 2)}\n`

describe('generated files are what their sources say', () => {
  it('lists every driver', () =>
    keep(
      'agent/drivers/index.ts',
      indexOf('agent/drivers', { name: 'Driver', from: '../plugin/driver.ts' }, 'DRIVERS'),
    ))
  it('lists every channel', () =>
    keep(
      'collector/channels/index.ts',
      indexOf(
        'collector/channels',
        { name: 'ChannelFactory', from: '../plugin/channel.ts' },
        'CHANNEL_FACTORIES',
      ),
    ))
  it('lists every pool', () =>
    keep(
      'collector/pools/index.ts',
      indexOf('collector/pools', { name: 'Pool', from: '../plugin/pool.ts' }, 'POOLS'),
    ))
  it('lists every feed', () =>
    keep(
      'collector/feeds/index.ts',
      indexOf('collector/feeds', { name: 'FeedKind', from: '../plugin/feed.ts' }, 'FEEDS'),
    ))
  it('lists every driver in the README', async () => {
    const { DRIVERS } = await import('../agent/drivers/index.ts')
    const lines = DRIVERS.map((d) => `- \`${d.name}\`: ${d.summary}`)
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
    const list = `<!-- drivers -->\n\n${lines.join('\n')}\n\n<!-- /drivers -->`
    keep(
      'README.md',
      readme.replace(/<!-- drivers -->[\s\S]*<!-- \/drivers -->/, () => list),
    )
  })
  it('has the JSON Schema of the agent’s configuration', async () => {
    const { DRIVERS } = await import('../agent/drivers/index.ts')
    keep('agent/agent.schema.json', schemaText(agentConfigSchema(DRIVERS), 'perwatt-agent configuration'))
  })
  it('has the JSON Schema of the collector’s configuration', async () => {
    const { CHANNEL_FACTORIES } = await import('../collector/channels/index.ts')
    const channels = CHANNEL_FACTORIES.map((create) => create({ version: '' }))
    keep(
      'collector/collector.schema.json',
      schemaText(collectorConfigSchema(channels), 'perwatt-collector configuration'),
    )
  })
})
