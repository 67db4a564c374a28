import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
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

/**
 * An index of the parts in a folder: a part is a file, or a folder whose main file has its name.
 * @param contract the type of a part, and where it stands relative to the index
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

// before the README and the schema, which are made from the drivers
describe('indexes of drivers’ declarative data are what their folders hold', () => {
  it.each([
    ['agent/drivers/llm-server/formats', 'LlmFormat', 'format', 'LLM_FORMATS'],
    ['agent/drivers/modbus-meter/maps', 'NamedMap', 'map', 'MODBUS_MAPS'],
    ['agent/drivers/snmp-pdu/tables', 'PduTable', 'table', 'PDU_TABLES'],
  ])('lists every file of data in %s', (folder, type, shape, constant) =>
    keep(`${folder}/index.ts`, dataIndexOf(folder, type, shape, constant)),
  )
})

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

/** The index of a driver's declarative data: one file for each format, map or table; `shape` names the file with their type. */
function dataIndexOf(folder: string, type: string, shape: string, constant: string): string {
  const parts = readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.ts') && name !== 'index.ts' && name !== `${shape}.ts`)
    .sort()
    .map((name) => ({
      name,
      variable: name.replace(/\.ts$/, '').replace(/-(\w)/g, (_, c: string) => c.toUpperCase()),
    }))
  const open = `export const ${constant}: readonly ${type}[] = [`
  const inline = `${open}${parts.map(({ variable }) => variable).join(', ')}]`
  // as the formatter breaks it
  const list =
    inline.length <= 110 ? inline : [open, ...parts.map(({ variable }) => `  ${variable},`), ']'].join('\n')
  return [
    '// Made by `npm run generate` from the files in this folder; do not edit.',
    ...[
      [`./${shape}.ts`, `import type { ${type} } from './${shape}.ts'`],
      ...parts.map(({ name, variable }) => [`./${name}`, `import ${variable} from './${name}'`]),
    ]
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
      .map(([, line]) => line),
    '',
    list,
    '',
  ].join('\n')
}
