import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ENERGY_ALONE, GPU_TWICE } from '../../../collector/plugin/held.ts'

test('the table of collector/README.md has every check of a doubt', () => {
  const readme = readFileSync('collector/README.md', 'utf8')
  const [, section = ''] = /## Doubtful records\n([\s\S]*?)\n## /.exec(readme) ?? []
  const told = new Set([...section.matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name))
  const files = ['collector/doubts', 'collector/settling'].flatMap((folder) =>
    readdirSync(folder).map((file) => `${folder}/${file}`),
  )
  const checks = files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/\bcheck: '([\w-]+)'/g)].map(([, name]) => name),
    )
  // those of which other parts speak have a name in the code
  expect(new Set([...checks, ENERGY_ALONE, GPU_TWICE])).toEqual(told)
})
