import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { agentConfigSchema } from '../../agent/config/config.ts'
import { DRIVERS } from '../../agent/drivers/index.ts'
import { CollectorConfigSchema } from '../../collector/config/config.ts'
import { parseConfig } from '../../protocol/kit/config.ts'

const page = (file: string): string => readFileSync(file, 'utf8')
const blocks = (file: string, language: string): string[] =>
  [...page(file).matchAll(new RegExp(`^ *\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, 'gm'))].map(
    ([, block]) => block as string,
  )

const PAGES_WITH_YAML = ['README.md', 'agent/README.md', 'collector/README.md']
const examples = PAGES_WITH_YAML.flatMap((file) =>
  blocks(file, 'yaml').map((text, i) => ({ name: `example ${i + 1} of ${file}`, text })),
)

describe('the YAML that the pages show', () => {
  it.each(examples)('$name is taken as it is', ({ text }) => {
    // an example shows a part of the file; secrets in files are not there
    const part = parse(text.replace(/\{ file: [^}]*\}/g, `whsec_${'A'.repeat(44)}`)) as Record<
      string,
      unknown
    >
    if ('devices' in part)
      parseConfig(agentConfigSchema(DRIVERS), stringify({ site: 'north', agent: 'a', ...part }), 'example')
    else
      parseConfig(
        CollectorConfigSchema,
        stringify({ site: { id: 'north' }, ...workloadsFor(part), ...part }),
        'example',
      )
  })
})

/** Receivers and pools name workloads and need no others here. */
const workloadsFor = (part: Record<string, unknown>): object => ('workloads' in part ? {} : { workloads: [] })

describe('the pages', () => {
  it('README is read in one sitting', () =>
    expect(page('README.md').split('\n').length).toBeLessThanOrEqual(200))

  it('CONTRIBUTING shows the very driver that a test adds to a copy of the project', () =>
    expect(blocks('CONTRIBUTING.md', 'ts')).toEqual([
      page('test/build/added-parts/agent/drivers/my-miner.ts.txt'),
    ]))

  it.each([
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'agent/README.md',
    'collector/README.md',
    'protocol/README.md',
    'systemd/README.md',
  ])('%s has a table of contents that names every chapter', (file) => {
    const text = page(file)
    const chapters = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title as string)
    const anchor = (title: string) =>
      title
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-')
    expect(chapters.length).toBeGreaterThan(0)
    for (const title of chapters) expect(text).toContain(`- [${title}](#${anchor(title)})`)
  })

  it.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'agent/README.md', 'collector/README.md'])(
    'the links of %s lead to files that are there',
    (file) => {
      const folder = file.includes('/') ? `${file.split('/')[0]}/` : ''
      for (const [, target] of page(file).matchAll(/\]\((?!https?:|#)([^)#]+)/g))
        expect(
          () => readFileSync(`${folder}${target}`.replace(/\/$/, '/README.md')),
          `${file} links ${target}`,
        ).not.toThrow()
    },
  )
})

/** Files of the source and of the tests in one folder, its subfolders left out. */
function filesByFolder(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const room of ['agent', 'collector', 'protocol', 'test'])
    for (const entry of readdirSync(room, { recursive: true, withFileTypes: true })) {
      const folder = entry.parentPath
      if (/\.tsx?$/.test(entry.name) && !folder.includes('added-parts'))
        counts.set(folder, (counts.get(folder) ?? 0) + 1)
    }
  return counts
}

it('a folder with more than five files says in a README what lives there', () => {
  const silent = [...filesByFolder()].filter(
    ([folder, files]) => files > 5 && !existsSync(join(folder, 'README.md')),
  )
  expect(silent.map(([folder]) => folder)).toEqual([])
})
