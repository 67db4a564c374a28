import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMetrics } from '../../../agent/wire/prometheus.ts'

const only = (text: string) => {
  const page = parseMetrics(text)
  expect(page.malformedLines).toBe(0)
  expect(page.samples).toHaveLength(1)
  return page.samples[0]!
}

test('a line without labels is a name and a value', () => {
  expect(only('up 1')).toEqual({ name: 'up', labels: new Map(), value: 1 })
})

test('labels may have blanks around them, a comma behind them, and colons in the metric name', () => {
  const sample = only('vllm:tokens_total{ a = "1" , b="two", } 8.128902e+06')
  expect(sample.name).toBe('vllm:tokens_total')
  expect([...sample.labels]).toEqual([
    ['a', '1'],
    ['b', 'two'],
  ])
  expect(sample.value).toBe(8_128_902)
})

test('quotes, backslashes and line ends in a label are unescaped, braces and commas are text', () => {
  expect(only(String.raw`m{path="C:\\temp",say="\"hi\"",two="a\nb",odd="},#{",kept="\d"} 1`).labels).toEqual(
    new Map([
      ['path', 'C:\\temp'],
      ['say', '"hi"'],
      ['two', 'a\nb'],
      ['odd', '},#{'],
      ['kept', '\\d'],
    ]),
  )
})

test.each([
  ['NaN', Number.NaN],
  ['+Inf', Number.POSITIVE_INFINITY],
  ['-Inf', Number.NEGATIVE_INFINITY],
  ['-0.5', -0.5],
  ['1.', 1],
  ['.5', 0.5],
  ['9223372036854775794', 2 ** 63],
])('the value %s is read as %d', (text, value) => {
  expect(only(`m ${text}`).value).toBe(value)
})

test('a timestamp is kept, and an exemplar behind the value is passed over', () => {
  expect(only('m{a="1"} 3 1700000000123').timestampMs).toBe(1_700_000_000_123)
  expect(only('m_bucket{le="1"} 3 # {trace_id="x"} 0.5').value).toBe(3)
})

test('comments, HELP, TYPE, blank lines and carriage returns are no samples', () => {
  const page = parseMetrics('# HELP m help\r\n# TYPE m gauge\r\n\r\nm{a="1"} 2\r\n# EOF\r\n')
  expect(page).toEqual({
    samples: [{ name: 'm', labels: new Map([['a', '1']]), value: 2 }],
    malformedLines: 0,
  })
})

test.each([
  'm',
  'm{',
  'm{}',
  'm{a="1" 2',
  'm{a=1} 2',
  'm{a="1"b="2"} 3',
  'm{a="1}" 2',
  'm{,} 2',
  'm 0x10',
  'm 1 2 3',
  'm 1 soon',
  'm ',
  '1m 2',
  '<html>',
])('the malformed line %j is counted and the lines around it are read', (line) => {
  const page = parseMetrics(`before 1\n${line}\nafter 2\n`)
  expect(page.samples.map((s) => s.name)).toEqual(['before', 'after'])
  expect(page.malformedLines).toBe(1)
})

const label = fc.tuple(fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/), fc.string({ unit: 'grapheme' }))
const escaped = (value: string) =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

test('whatever labels and value a sample has, it is read back from its line', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,20}$/),
      fc.uniqueArray(label, { selector: ([name]) => name, maxLength: 5 }),
      fc.double({ noDefaultInfinity: true, noNaN: true }).map((v) => v || 0),
      (name, labels, value) => {
        const line = `${name}{${labels.map(([k, v]) => `${k}="${escaped(v)}"`).join(',')}} ${value}`
        const sample = only(line)
        expect(sample.name).toBe(name)
        expect(sample.labels).toEqual(new Map(labels))
        expect(sample.value).toBe(value)
      },
    ),
  )
})

const page = readFileSync('test/fixtures/gpu/dcgm-mig.prom', 'utf8')

test('a page with bytes cut, changed or put in never throws, and each line counts once at most', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(page.length), fc.nat(3), fc.string({ unit: 'binary', maxLength: 3 })), {
        minLength: 1,
        maxLength: 20,
      }),
      (edits) => {
        const broken = edits.reduce((t, [at, cut, put]) => t.slice(0, at) + put + t.slice(at + cut), page)
        const { samples, malformedLines } = parseMetrics(broken)
        const lines = broken.split('\n').filter((l) => l.trim() !== '' && !l.trim().startsWith('#'))
        expect(samples.length + malformedLines).toBe(lines.length)
      },
    ),
  )
})

test('a label of a million quotes that never ends is one malformed line', () => {
  expect(parseMetrics(`m{a="${'\\"'.repeat(1e6)}`).malformedLines).toBe(1)
})

const captures = ['dcgm-exporter', 'llm-metrics'].map((folder) => `../shared/captures/gpu/${folder}`)
test.skipIf(!captures.every(existsSync))(
  'captured pages of real exporters have no malformed line (skipped where the captures are not here)',
  () => {
    for (const folder of captures)
      for (const file of readdirSync(folder).filter((name) => name.endsWith('.prom'))) {
        const { samples, malformedLines } = parseMetrics(readFileSync(`${folder}/${file}`, 'utf8'))
        expect({ file, malformedLines }).toEqual({ file, malformedLines: 0 })
        expect(samples.length).toBeGreaterThan(0)
      }
  },
)
