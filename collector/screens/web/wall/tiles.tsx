import type { ComponentChildren } from 'preact'
import type { AlertView } from '../../../views/alert.ts'
import type { SiteView } from '../../../views/site.ts'
import type { WorkloadView } from '../../../views/workload.ts'
import type { DataAge } from '../parts/data-age.ts'
import { drawsEstimated, ESTIMATED, earnsEstimated } from '../parts/estimated.ts'
import { clock, count, hashrate, percent, power, span, UNKNOWN } from '../parts/format.ts'
import { isUnknown, useKnownAt } from '../parts/last-known.tsx'
import { type Money, useMoney } from '../parts/money.ts'
import { SEVERITY_SHAPES } from './severity-shapes.ts'

function Tile(props: {
  name: string
  title: string
  class?: string
  /** when its figure was known last, `◷ 12:31`; absent: now */
  known?: string | undefined
  children: ComponentChildren
}) {
  return (
    <section class={`panel tile ${props.name} ${props.class ?? ''}`} aria-label={props.title}>
      <h2>
        {props.title}
        {props.known !== undefined && <em class="known">{props.known}</em>}
      </h2>
      {props.children}
    </section>
  )
}

function Big({ digits, unit, mark }: { digits: string; unit: string; mark?: string }) {
  return (
    <p class="big" style={{ '--chars': digits.length + unit.length * 0.5 + (mark ? 2 : 0.5) }}>
      {mark && <span class="mark">{mark}</span>}
      <span class="digits">{digits}</span>
      <span class="unit">{unit}</span>
    </p>
  )
}

/** The line below a figure. The style sheet sizes it by its length. */
function Sub({ text, strong }: { text: string; strong?: string }) {
  return (
    <p class="sub" style={{ '--chars': text.length + (strong?.length ?? 0) }}>
      {text}
      {strong && <b>{strong}</b>}
    </p>
  )
}

/** The figures to read in three seconds: money, power, alerts, data age; then hashrate and GPUs. */
export function Tiles({
  site,
  workloads,
  alerts,
  age,
}: {
  site: SiteView
  workloads: readonly WorkloadView[]
  alerts: readonly AlertView[]
  age: DataAge
}) {
  const knownAt = useKnownAt()
  const known = knownAt(site.stale)
  const unknown = isUnknown(site.stale)
  const rate = hashrate(unknown ? undefined : site.hashrateHs)
  const money = useMoney()
  const losing = site.netUsdPerH < 0
  const idle = site.gpus - site.gpusHeld
  return (
    <div class="tiles">
      <Tile
        name="net"
        title={known ? 'Net margin' : 'Net margin now'}
        known={known}
        class={losing ? 'warning' : ''}
      >
        <Big
          digits={unknown ? UNKNOWN : netOf(site, money).total}
          unit="/h"
          {...markOf(losing && '▼', workloads.some((w) => earnsEstimated(w)) || drawsEstimated(site))}
        />
        <Sub text={unknown ? 'nothing is heard yet' : netText(site, money)} />
      </Tile>
      <Power site={site} known={known} />
      <AlertCounts alerts={alerts} />
      <Tile name="age" title={ageTitle(age)}>
        <Big {...ageOf(age.ageS)} />
        <Sub text={ledgerText(site)} />
      </Tile>
      <Tile name="hashrate" title="Hashrate" known={known}>
        <Big digits={rate.digits} unit={rate.unit} />
        <Sub text={hashrateText(site)} />
      </Tile>
      <Tile name="gpus" title="GPUs held" known={known}>
        <Big digits={site.gpus > 0 ? count(site.gpusHeld) : UNKNOWN} unit={`of ${count(site.gpus)}`} />
        <Sub
          text={
            site.gpus > 0
              ? `${count(Math.max(0, idle))} idle · ${percent(site.gpuUtilizationRatio)} busy`
              : 'no GPU reports'
          }
        />
      </Tile>
    </div>
  )
}

/** The shape of a warning and the mark of an estimate, before a figure. */
function markOf(shape: string | false, isEstimated: boolean): { mark?: string } {
  const mark = [shape, isEstimated && ESTIMATED].filter(Boolean).join(' ')
  return mark ? { mark } : {}
}

/** The terms of the net. With a demand charge the line is too long for the word `revenue`. */
function netText(site: SiteView, money: Money): string {
  const [revenue = '', energy = '', demand = ''] = netOf(site, money).terms
  const less = (text: string, costUsd: number) => `${costUsd < 0 ? '+' : MINUS} ${text.replace(MINUS, '')}`
  const energyText = `${less(energy, site.energyCostUsdPerH)} energy`
  return site.demandUsdPerH === 0
    ? `${revenue} revenue ${energyText}`
    : `${revenue} ${energyText} ${less(demand, site.demandUsdPerH)} demand`
}

const MINUS = '\u2212'

/** The net and its terms, which add up as they are shown. */
const netOf = ({ revenueUsdPerH, energyCostUsdPerH, demandUsdPerH }: SiteView, money: Money) =>
  money.sum([revenueUsdPerH, -energyCostUsdPerH, -demandUsdPerH])

/** How much of the expected hashrate the miners reach, and their efficiency. */
function hashrateText({ hashrateHs, expectedHashrateHs, efficiencyJPerTh }: SiteView): string {
  const expected = expectedHashrateHs
    ? `${percent(hashrateHs / expectedHashrateHs)} of expected`
    : 'expected: unknown'
  return `${expected} · ${efficiencyJPerTh === undefined ? UNKNOWN : efficiencyJPerTh.toFixed(1)} J/TH`
}

/** Up to which minute the ledger is settled; after an outage, how many records are still to come or how many minutes were restated. */
function ledgerText(site: SiteView): string {
  const { ledgerThroughMs, ledgerBehind, ledgerRestatedMinutes = 0 } = site
  if (ledgerBehind) {
    const behind = span((site.atMs - ledgerBehind.sinceMs) / 1000)
    return `ledger ${behind} behind: ${count(ledgerBehind.records)} ${ledgerBehind.records === 1 ? 'record' : 'records'} to come`
  }
  if (ledgerThroughMs === undefined) return 'no settled minute yet'
  const restated = ledgerRestatedMinutes > 0 ? ` · ${count(ledgerRestatedMinutes)} min restated` : ''
  return `ledger to ${clock(ledgerThroughMs, site.timeZone)}${restated}`
}

/** Agents send what was just read, and a miner is read every 10 s: the figures are of both ages. */
function ageTitle({ ageS = 0, oldestS = 0 }: DataAge): string {
  return oldestS >= Math.max(2, ageS + 1) ? `Data age, oldest ${span(oldestS)}` : 'Data age'
}

/** `0.4 s` or `12 s` as digits and unit. */
function ageOf(ageS: number | undefined) {
  if (ageS !== undefined && ageS < 9.95) return { digits: ageS.toFixed(1), unit: 's' }
  const [digits = UNKNOWN, ...unit] = span(ageS).split(' ')
  return { digits, unit: unit.join(' ') }
}

function Power({ site, known }: { site: SiteView; known: string | undefined }) {
  const now = power(isUnknown(site.stale) ? undefined : site.powerW)
  const limitW = site.powerLimitW
  const title = site.meterPowerW === undefined ? 'Site power, no meter' : 'Site power'
  if (limitW === undefined)
    return (
      <Tile name="power" title={title} known={known}>
        <Big digits={now.digits} unit={now.unit} {...markOf(false, drawsEstimated(site))} />
        <Sub text="no contract limit is configured" />
      </Tile>
    )
  const over = site.powerW > limitW
  const full = Math.max(limitW * 1.08, site.powerW)
  const limit = power(limitW)
  const room = power(Math.abs(limitW - site.powerW))
  return (
    <Tile name="power" title={title} known={known} class={over ? 'critical' : ''}>
      <Big
        digits={now.digits}
        unit={now.unit}
        {...markOf(over && SEVERITY_SHAPES.critical, drawsEstimated(site))}
      />
      <div class="bar" aria-hidden="true">
        <i class="fill" style={{ width: `${(100 * site.powerW) / full}%` }} />
        <i class="limit" style={{ left: `${(100 * limitW) / full}%` }} />
      </div>
      <Sub
        text={`limit ${limit.digits} ${limit.unit} · `}
        strong={
          isUnknown(site.stale)
            ? UNKNOWN
            : `${room.digits} ${room.unit} ${over ? 'over' : 'left'}${known ? ' then' : ''}`
        }
      />
    </Tile>
  )
}

function AlertCounts({ alerts }: { alerts: readonly AlertView[] }) {
  const money = useMoney()
  const loss = alerts.reduce((sum, a) => sum + a.lossUsdPerHour, 0)
  const counts = (['critical', 'warning', 'info'] as const).map((severity) => ({
    severity,
    n: alerts.filter((a) => a.severity === severity).length,
  }))
  return (
    <Tile name="alert-counts" title="Alerts firing">
      <p class="big" style={{ '--chars': 4.5 + counts.reduce((sum, { n }) => sum + count(n).length, 0) }}>
        {counts.map(({ severity, n }) => (
          <span key={severity} class={`severity ${severity} ${n > 0 ? '' : 'none'}`}>
            <span class="mark" role="img" aria-label={severity}>
              {SEVERITY_SHAPES[severity]}
            </span>
            <span class="digits">{count(n)}</span>
          </span>
        ))}
      </p>
      <Sub
        text={alerts.length === 0 ? 'nothing to do' : loss > 0 ? `losing ${money.text(loss)}/h` : 'no loss'}
      />
    </Tile>
  )
}
