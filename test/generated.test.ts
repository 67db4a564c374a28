import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { sampleName } from '../protocol/kit/metrics/family.ts'
import { type PluginKind, PROGRAMS, type Program, pluginFiles, pluginsOf } from './plugin-kinds.ts'
import { markdownTable, pluginTable } from './plugin-table.ts'

/**
 * Files that are made from others: an index for each kind of plug-in, then the JSON Schemas, then the tables of the READMEs.
 * `npm run generate` (this test with PERWATT_GENERATE=1) writes them; without it, this test fails where one is out of date.
 */
const ROOT = join(import.meta.dirname, '..')
const generate = process.env['PERWATT_GENERATE'] === '1'
const KINDS = PROGRAMS.flatMap(({ kinds }) => kinds)

function keep(file: string, text: string): void {
  const path = join(ROOT, file)
  if (generate) writeFileSync(path, text)
  else expect(readFileSync(path, 'utf8'), `${file} is out of date: npm run generate`).toBe(text)
}

function indexOf(kind: PluginKind): string {
  const plugins = [...pluginFiles(ROOT, kind)].map(([name, path]) => ({
    variable: name.replace(/-(\w)/g, (_, c: string) => c.toUpperCase()),
    path,
  }))
  return [
    '// Made by `npm run generate` from the parts in this folder; do not edit.',
    `import type { ${kind.type} } from '${posix.relative(kind.folder, kind.contract)}'`,
    ...plugins.map(({ variable, path }) => `import ${variable} from '${path}'`),
    '',
    `export const ${kind.list}: readonly ${kind.type}[] = [`,
    ...plugins.map(({ variable }) => `  ${variable},`),
    ']',
    '',
  ].join('\n')
}

/** Imported when it is asked for: after the indexes that the configuration is made of. */
async function jsonSchema({ name }: Program): Promise<object> {
  const schema =
    name === 'perwatt-agent'
      ? (await import('../agent/config/config.ts')).agentConfigSchema(
          (await import('../agent/drivers/index.ts')).DRIVERS,
        )
      : (await import('../collector/config/config.ts')).CollectorConfigSchema
  return {
    title: `${name} configuration`,
    ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
  }
}

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

describe.each(KINDS)('the index of every $word', (kind) => {
  it('lists the files of its folder', () => keep(`${kind.folder}/index.ts`, indexOf(kind)))
})

describe.each(KINDS)('every $word', (kind) => {
  it('is called in YAML as its file is', async () => {
    expect((await pluginsOf(kind)).map(({ name }) => name)).toEqual([...pluginFiles(ROOT, kind).keys()])
  })
  it('has a name in kebab case, a summary of one line, and strict settings that are described', async () => {
    for (const { name, summary, settings } of await pluginsOf(kind)) {
      expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
      expect(summary, name).toMatch(/^\S.{9,160}[^.\s]$/)
      const { properties, additionalProperties } = z.toJSONSchema(settings, {
        io: 'input',
        unrepresentable: 'any',
      })
      expect(additionalProperties, `the settings of ${name} are strict`).toBe(false)
      for (const [setting, json] of Object.entries(properties ?? {}))
        expect
          .soft(
            (json as { description?: string }).description,
            `${kind.word} ${name}: ${setting} has a description`,
          )
          .toBeTruthy()
    }
  })
})

describe.each(PROGRAMS)('$name', (program) => {
  it('has the JSON Schema of its configuration', async () => {
    keep(program.schema, `${JSON.stringify(await jsonSchema(program), null, 2)}\n`)
  })
  it('has a table of each kind of plug-in in its README', async () => {
    const schema = await jsonSchema(program)
    let readme = readFileSync(join(ROOT, program.readme), 'utf8')
    for (const kind of program.kinds) {
      const own = new Map((await pluginsOf(kind)).map((p) => [p.name, Object.keys(p.settings.shape)]))
      const [begin, end] = [`<!-- ${kind.word}s -->`, `<!-- /${kind.word}s -->`]
      expect(readme, `${program.readme} has ${begin} and ${end}`).toMatch(
        new RegExp(`${begin}[\\s\\S]*${end}`),
      )
      const table = `${begin}\n\n${pluginTable(kind, schema, own)}\n\n${end}`
      readme = readme.replace(new RegExp(`${begin}[\\s\\S]*${end}`), () => table)
    }
    keep(program.readme, readme)
  })
})

describe('the metrics of the pages for Prometheus', () => {
  it.each([
    ['collector/README.md', async () => (await import('../collector/metrics/families.ts')).FAMILIES],
    ['agent/README.md', async () => (await import('../agent/metrics/agent-page.ts')).FAMILIES],
  ] as const)('are a table in %s', async (file, familiesOf) => {
    const rows = (await familiesOf()).map((family) => [
      `\`${family.type === 'histogram' ? family.name : sampleName(family)}\``,
      family.type,
      family.labels.map((label) => `\`${label}\``).join(' '),
      family.help,
    ])
    const table = markdownTable([['Metric', 'Type', 'Labels', 'What it is'], ...rows]).join('\n')
    const readme = readFileSync(join(ROOT, file), 'utf8')
    const marked = /<!-- metrics -->[\s\S]*<!-- \/metrics -->/
    expect(readme, `${file} has <!-- metrics -->`).toMatch(marked)
    keep(
      file,
      readme.replace(marked, () => `<!-- metrics -->\n\n${table}\n\n<!-- /metrics -->`),
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
