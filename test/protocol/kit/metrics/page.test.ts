import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnLines, RowLabels } from '../../../../protocol/kit/metrics/columns.ts'
import { EventLoopDelay } from '../../../../protocol/kit/metrics/event-loop-delay.ts'
import { counter, gauge, histogram, info } from '../../../../protocol/kit/metrics/family.ts'
import { endOf, formatFor, takesGzip } from '../../../../protocol/kit/metrics/format.ts'
import { Histogram } from '../../../../protocol/kit/metrics/histogram.ts'
import { Page } from '../../../../protocol/kit/metrics/page.ts'
import { Counts } from '../../../../protocol/kit/metrics/tallies.ts'
import { hasPrometheus, promtoolFaults } from '../../../promtool.ts'

const power = gauge('x_power_watts', 'Power of "it"', { unit: 'watts', labels: ['device'] })
const sent = counter('x_sent', 'What was sent', { labels: ['channel'] })
const took = histogram('x_took_seconds', 'How long', { unit: 'seconds' })
const build = info('x_build', 'Which one', ['version'])

function filled(format: 'openmetrics' | 'prometheus'): string {
  const page = new Page(format)
  page.add(power, 1.5, 'a')
  page.add(power, undefined, 'b')
  page.add(power, Number.NaN, 'c')
  page.add(power, -2e21, 'd')
  const counts = new Counts()
  counts.add(3, 'live')
  page.counts(sent, counts)
  const times = new Histogram([0.5, 1])
  for (const s of [0.1, 0.5, 0.75, 7]) times.observe(s)
  page.histogram(took, times)
  page.info(build, '1.2')
  return page.text() + endOf(format)
}

describe('a page', () => {
  it('is OpenMetrics 1.0, with units, names without _total in its heads, and its end', () => {
    expect(filled('openmetrics')).toBe(`# TYPE x_power_watts gauge
# UNIT x_power_watts watts
# HELP x_power_watts Power of \\"it\\"
x_power_watts{device="a"} 1.5
x_power_watts{device="d"} -2e+21
# TYPE x_sent counter
# HELP x_sent What was sent
x_sent_total{channel="live"} 3
# TYPE x_took_seconds histogram
# UNIT x_took_seconds seconds
# HELP x_took_seconds How long
x_took_seconds_bucket{le="0.5"} 2
x_took_seconds_bucket{le="1.0"} 3
x_took_seconds_bucket{le="+Inf"} 4
x_took_seconds_sum 8.35
x_took_seconds_count 4
# TYPE x_build info
# HELP x_build Which one
x_build_info{version="1.2"} 1
# EOF
`)
  })

  it('is Prometheus’ text 0.0.4 for readers that know no other', () => {
    expect(filled('prometheus')).toBe(`# HELP x_power_watts Power of "it"
# TYPE x_power_watts gauge
x_power_watts{device="a"} 1.5
x_power_watts{device="d"} -2e+21
# HELP x_sent_total What was sent
# TYPE x_sent_total counter
x_sent_total{channel="live"} 3
# HELP x_took_seconds How long
# TYPE x_took_seconds histogram
x_took_seconds_bucket{le="0.5"} 2
x_took_seconds_bucket{le="1.0"} 3
x_took_seconds_bucket{le="+Inf"} 4
x_took_seconds_sum 8.35
x_took_seconds_count 4
# HELP x_build_info Which one
# TYPE x_build_info gauge
x_build_info{version="1.2"} 1
`)
  })

  it('has no family of which nothing is known', () => {
    const page = new Page('openmetrics')
    page.add(power, undefined, 'a')
    page.flag(power, undefined, 'a')
    page.counts(sent, new Counts())
    expect(page.text()).toBe('')
  })

  it.skipIf(!hasPrometheus)(
    'is taken by promtool (skipped where Debian’s prometheus is not installed)',
    () => {
      expect(promtoolFaults(filled('prometheus'))).toBe('')
    },
  )
})

describe('a label’s value', () => {
  /** The text between the quotes, read as the specification of both formats says. */
  const read = (text: string) => text.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))
  const written = (line: string) => /^x_power_watts\{device="((?:[^"\\\n]|\\["\\n])*)"\} 1\n$/.exec(line)?.[1]

  const name = fc.string({ unit: 'binary', minLength: 1 })
  const pageOf = (names: readonly string[]) => {
    const page = new Page('openmetrics')
    for (const one of names) page.add(power, 1, one)
    return page.text()
  }

  it('comes back as it was, whatever a machine is called (property)', () => {
    fc.assert(
      fc.property(name, (one) => {
        const line = pageOf([one]).split('# HELP x_power_watts Power of \\"it\\"\n')[1] ?? ''
        expect(read(written(line) ?? 'not one line')).toBe(one)
      }),
    )
  })

  it('is the same bytes in the columns of devices (property)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(name, { minLength: 1, maxLength: 50 }), async (names) => {
        const labels = await RowLabels.of(names.length, ['device'], (i) => [names[i] as string])
        const values = new Float64Array(names.length).fill(1)
        const lines = [...columnLines([{ family: power, values }], labels, 'openmetrics')]
        expect(Buffer.concat(lines).toString()).toBe(Buffer.from(pageOf(names)).toString())
      }),
      { numRuns: 30 },
    )
  })

  it('from outside makes nothing grow without end', () => {
    const counts = new Counts(2)
    for (const name of ['a', 'b', 'c', 'd', 'a']) counts.add(1, name)
    expect([...counts.entries()].map(({ labels, value }) => [...labels, value.count])).toEqual([
      ['a', 2],
      ['b', 1],
      ['other', 2],
    ])
  })
})

describe('columns', () => {
  it('are the lines of a page, in pieces, without those that are unknown', async () => {
    const rows = 5_000
    const labels = await RowLabels.of(rows, ['device'], (i) => [`d${i}`])
    const values = Float64Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? Number.NaN : i / 7))
    const none = new Float64Array(rows).fill(Number.NaN)
    const columns = [
      { family: gauge('x_none', 'Nothing', { labels: ['device'] }), values: none },
      { family: power, values },
    ]
    const page = new Page('prometheus')
    for (const [i, value] of values.entries()) page.add(power, value, `d${i}`)
    const pieces = [...columnLines(columns, labels, 'prometheus')]
    expect(Buffer.concat(pieces).toString()).toBe(page.text())
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024)
  })
})

describe('what a reader accepts', () => {
  it.each([
    // Prometheus 2.42 and 3.0 by default
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
    ['text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.5', 'prometheus'],
    ['application/openmetrics-text;version=2.0.0,text/plain;q=0.1', 'prometheus'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'prometheus'],
    ['*/*', 'prometheus'],
    [undefined, 'prometheus'],
  ])('%s gets %s', (accept, format) => expect(formatFor(accept)).toBe(format))

  it.each([
    ['gzip', true],
    ['deflate, gzip;q=0.5', true],
    ['gzip;q=0', false],
    ['identity', false],
    ['*', true],
    [undefined, false],
  ])('%s: gzip %s', (header, yes) => expect(takesGzip(header)).toBe(yes))
})

describe('the delay of the event loop', () => {
  it('counts a halt once for each look that it covers: what came in it had to wait', () => {
    let now = 0
    const delay = new EventLoopDelay(() => now)
    delay.start()
    delay.stop()
    for (const ms of [20, 20, 120, 20]) {
      now += ms
      delay.look()
    }
    // a halt of 100 ms: late by 100, 80, 60, 40 and 20 ms
    expect(delay.histogram.count).toBe(3 + 5)
    expect(delay.histogram.sum).toBeCloseTo(0.3)
  })
})

describe('a family', () => {
  it('can’t be declared against the rules of OpenMetrics', () => {
    expect(() => gauge('x_power', 'Power', { unit: 'watts' })).toThrow('does not end with its unit')
    expect(() => counter('x_sent_total', 'Sent')).toThrow('_total by itself')
    expect(() => gauge('xPower', 'Power')).toThrow('snake case')
  })
})
