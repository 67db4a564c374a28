import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { agentConfigSchema } from '../agent/config/config.ts'
import { collectorConfigSchema } from '../collector/config/config.ts'

/**
 * Files that are made from others. `npm run generate` (this test with PERWATT_GENERATE=1) writes them; without it, this test
 * fails where one is not what it would write.
 */
const ROOT = join(import.meta.dirname, '..')
const generate = process.env['PERWATT_GENERATE'] === '1'

function keep(file: string, text: string): void {
  const path = join(ROOT, file)
  if (generate) writeFileSync(path, text)
  else expect(readFileSync(path, 'utf8'), `${file} is out of date: npm run generate`).toBe(text)
}

function indexOf(folder: string, type: { name: string; from: string }, constant: string): string {
  const names = readdirSync(join(ROOT, folder))
    .filter((f) => f.endsWith('.ts'))
    .map((f) => f.slice(0, -3))
    .sort()
  const variable = (name: string) => name.replace(/-(\w)/g, (_, c: string) => c.toUpperCase())
  const leaf = folder.split('/').at(-1)
  const imports = [
    { from: type.from, line: `import type { ${type.name} } from '${type.from}'` },
    ...names.map((n) => ({
      from: `./${leaf}/${n}.ts`,
      line: `import ${variable(n)} from './${leaf}/${n}.ts'`,
    })),
  ].sort((a, b) => (a.from < b.from ? -1 : 1))
  return [
    '// Made by `npm run generate` from the files of the folder; do not edit.',
    ...imports.map((i) => i.line),
    '',
    `export const ${constant}: readonly ${type.name}[] = [`,
    ...names.map((n) => `  ${variable(n)},`),
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
      indexOf('agent/drivers', { name: 'Driver', from: './driver.ts' }, 'DRIVERS'),
    ))
  it('lists every channel', () =>
    keep(
      'collector/channels/index.ts',
      indexOf('collector/channels', { name: 'ChannelFactory', from: './channel.ts' }, 'CHANNEL_FACTORIES'),
    ))
  it('lists every pool', () =>
    keep('collector/pools/index.ts', indexOf('collector/pools', { name: 'Pool', from: './pool.ts' }, 'POOLS')))
  it('lists every feed', () =>
    keep(
      'collector/feeds/index.ts',
      indexOf('collector/feeds', { name: 'FeedKind', from: './feed.ts' }, 'FEEDS'),
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
