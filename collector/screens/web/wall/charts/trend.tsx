import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import type { Trend } from '../../../../views/frame.ts'
import type { SiteView } from '../../../../views/site.ts'
import type { WorkloadView } from '../../../../views/workload.ts'
import { fixed, zone } from '../../parts/format.ts'
import { mwhDigits, useMoney } from '../../parts/money.ts'
import { canvasFont, type Theme, useTheme } from './canvas-theme.ts'
import { lastOf, logTicks, seriesOf, spreadLabels, type TrendSeries } from './trend-series.ts'

/** Below this price the logarithmic scale is linear, because prices can be zero or negative. USD/MWh. */
const LINEAR_BELOW = 20
/** Dash patterns, so that lines differ by more than colour. */
const DASHES = [[], [8, 3], [2, 3], [10, 3, 2, 3], [5, 5], [14, 4]]

/** What a MWh earned in each workload over 24 h, with the price of energy. */
export function TrendPanel(props: {
  trend: Trend | undefined
  site: SiteView
  workloads: readonly WorkloadView[]
}) {
  const { trend, site, workloads } = props
  const kinds = workloads.map((w) => `${w.workload} ${w.kind}`).join()
  const { code, perUsd } = useMoney()
  const series = useMemo(() => seriesOf(trend, workloads, perUsd), [trend, kinds, perUsd])
  return (
    <section class="panel trend" aria-label="Trend of revenue per MWh">
      <h2>
        {code}/MWh, 24 h
        <small>
          {code === 'USD' ? '' : 'at the present rate · '}
          {series?.logarithmic ? 'logarithmic · ' : ''}settled minutes · {zone(site.atMs, site.timeZone)}
        </small>
      </h2>
      {series ? (
        <Chart series={series} code={code} timeZone={site.timeZone} />
      ) : (
        <p class="empty">
          No settled minute yet. A minute is settled a short while after it ends; the first one appears here
          by itself.
        </p>
      )}
    </section>
  )
}

function Chart({ series, code, timeZone }: { series: TrendSeries; code: string; timeZone: string }) {
  const box = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ width: 0, height: 0, rem: 16 })
  const theme = useTheme()
  useEffect(() => {
    const element = box.current
    if (!element) return
    const observer = new ResizeObserver(() =>
      setSize({
        width: element.clientWidth,
        height: element.clientHeight,
        rem: Number.parseFloat(getComputedStyle(document.documentElement).fontSize),
      }),
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  // data changes once a minute: building a new chart is simpler than updating the old one
  useEffect(() => {
    if (!box.current || size.width < 50 || size.height < 50) return
    const data = [series.x, ...series.lines.map((l) => l.perMwh)] as uPlot.AlignedData
    const plot = new uPlot(optionsOf(series, size, timeZone, theme), data, box.current)
    return () => plot.destroy()
  }, [series, size, timeZone, theme])
  const spoken = series.lines.map((l) => `${l.name} ${mwhDigits(lastOf(l.perMwh))}`).join(', ')
  return <div class="chart" ref={box} role="img" aria-label={`${code} per MWh now: ${spoken}`} />
}

function optionsOf(
  series: TrendSeries,
  size: { width: number; height: number; rem: number },
  timeZone: string,
  theme: Theme,
): uPlot.Options {
  const { width, height, rem } = size
  const font = canvasFont(theme.font, rem * 0.9)
  const labels = labelsOf(series, theme, rem, width < 600)
  const axis = {
    stroke: theme.muted,
    font,
    grid: { stroke: theme.line, width: 1 },
    ticks: { show: false },
  }
  const low = Math.min(series.min, series.logarithmic ? series.min * 0.8 : 0)
  const high = series.max * (series.logarithmic ? 1.25 : 1.08)
  const [from = 0, to = from] = [series.x[0], series.x.at(-1)]
  return {
    width,
    height,
    padding: [rem * 0.4, labels.width + rem * 0.8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    tzDate: (s) => uPlot.tzDate(new Date(s * 1000), timeZone),
    scales: {
      // at least an hour: a new site's few minutes stay at the right end
      x: { time: true, range: [Math.min(from, to - 3600), to] },
      y: {
        range: [low, high],
        ...(series.logarithmic ? { distr: 4 as const, asinh: LINEAR_BELOW } : {}),
      },
    },
    axes: [
      { ...axis, space: rem * (width < 600 ? 3.2 : 5), size: rem * 1.7, gap: rem * 0.3, values: '{HH}:{mm}' },
      {
        ...axis,
        size: rem * 3.4,
        gap: rem * 0.4,
        ...(series.logarithmic
          ? { splits: (u: uPlot) => thin(logTicks(low, high), u, rem) }
          : { space: rem * 2.4 }),
        filter: (_: uPlot, splits: number[]) => splits,
        values: (_: uPlot, splits: number[]) => splits.map((v) => fixed(v, 0)),
      },
    ],
    series: [
      {},
      ...series.lines.map((line, i) => ({
        label: line.name,
        stroke: line.price ? theme.price : (theme.series[i] ?? theme.text),
        width: rem * (line.price ? 0.1 : 0.14),
        dash: line.price ? [rem * 0.15, rem * 0.2] : (DASHES[i] ?? []).map((d) => (d * rem) / 16),
        points: { show: series.x.length === 1 },
        ...(line.price && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
        spanGaps: false,
      })),
    ],
    hooks: { draw: [labels.draw] },
  }
}

/** Drops ticks whose labels would touch. */
function thin(ticks: readonly number[], plot: uPlot, rem: number): number[] {
  const kept: number[] = []
  let lastY = Number.POSITIVE_INFINITY
  for (const tick of ticks) {
    const y = plot.valToPos(tick, 'y')
    if (lastY - y < rem * 1.3) continue
    kept.push(tick)
    lastY = y
  }
  return kept
}

/**
 * Names and newest values at the ends of the lines: a legend would send the eye to and fro. A narrow chart has the name below its
 * value.
 */
function labelsOf(series: TrendSeries, theme: Theme, rem: number, narrow: boolean) {
  const px = devicePixelRatio
  const g = document.createElement('canvas').getContext('2d')
  const font = canvasFont(theme.font, rem * (narrow ? 0.8 : 0.9) * px, 600)
  if (g) g.font = font
  const widthOf = (text: string) => (g?.measureText(text).width ?? 0) / px
  const shortened = (text: string): string =>
    widthOf(text) > rem * (narrow ? 8.6 : 13.5) ? shortened(`${text.slice(0, -2)}…`) : text
  const texts = series.lines.map((l) => {
    const value = mwhDigits(lastOf(l.perMwh))
    return (narrow ? [value, l.name] : [`${value} ${l.name}`]).map(shortened)
  })
  const lineHeight = rem * (narrow ? 0.9 : 1.15) * px
  const height = Math.max(...texts.map((t) => t.length)) * lineHeight
  const draw = (plot: uPlot) => {
    const g = plot.ctx
    const { left, top, height: plotHeight, width: plotWidth } = plot.bbox
    const wanted = series.lines.map((l) => plot.valToPos(lastOf(l.perMwh), 'y', true))
    const half = (height - lineHeight) / 2
    const ys = spreadLabels(
      wanted,
      height,
      top + half + rem * 0.4 * px,
      top + plotHeight - half - rem * 0.3 * px,
    )
    g.save()
    g.font = font
    g.textAlign = 'left'
    g.textBaseline = 'middle'
    texts.forEach((lines, i) => {
      g.fillStyle = series.lines[i]?.price ? theme.price : (theme.series[i] ?? theme.text)
      lines.forEach((text, k) => {
        g.fillText(text, left + plotWidth + rem * 0.5 * px, (ys[i] ?? 0) - half + k * lineHeight)
      })
    })
    g.restore()
  }
  return { width: Math.max(...texts.flat().map(widthOf)), draw }
}
