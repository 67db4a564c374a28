import { counter, gauge } from '../../protocol/kit/metrics/family.ts'
import type { Page } from '../../protocol/kit/metrics/page.ts'
import type { ReceiverDeliveries } from '../alerts/dispatcher.ts'
import { type AlertView, SEVERITIES } from '../views/alert.ts'
import type { QuotesAnswer } from '../views/quotes.ts'
import type { SiteView } from '../views/site.ts'
import type { StandingView } from '../views/standing.ts'

const MINUTE_S = 60
const seconds = (labels: readonly string[] = []) => ({ unit: 'seconds', labels })

export const LEDGER_FAMILIES = {
  settled: gauge(
    'perwatt_ledger_settled_timestamp_seconds',
    'End of the newest settled minute, Unix time',
    seconds(),
  ),
  overdue: gauge(
    'perwatt_ledger_overdue_seconds',
    'Past time that must be settled, or settled again',
    seconds(),
  ),
  restated: gauge(
    'perwatt_ledger_restated_seconds',
    'Time that was restated within the last hour',
    seconds(),
  ),
  unpriced: gauge(
    'perwatt_ledger_unpriced_seconds',
    'Settled time that lacks this price',
    seconds(['price']),
  ),
  heldRecords: gauge(
    'perwatt_ledger_held_records',
    'Doubtful records, which wait for a person: /api/v1/doubts',
  ),
  heldDevices: gauge('perwatt_ledger_held_devices', 'Devices of the doubtful records'),
  heldUsd: gauge('perwatt_ledger_held_revenue_usd', 'What the doubtful records would earn', { unit: 'usd' }),
  feedHeard: gauge(
    'perwatt_feed_last_value_timestamp_seconds',
    'Last value of the feed, Unix time',
    seconds(['feed']),
  ),
  feedFailing: gauge('perwatt_feed_failing', '1: a price of the feed is missing', { labels: ['feed'] }),
  heldBack: gauge('perwatt_prices_held_back', 'Values of prices that can hardly be true, and are not used'),
  firing: gauge('perwatt_alerts_firing', 'Alerts that fire', { labels: ['severity'] }),
  firingByRule: gauge('perwatt_alerts_firing_by_rule', 'Alerts that fire, of the rules that have any', {
    labels: ['rule', 'severity'],
  }),
  standsStill: gauge(
    'perwatt_part_stands_still',
    '1: this part of the pipeline stands still: /api/v1/standing',
    {
      labels: ['part'],
    },
  ),
  partWaiting: gauge('perwatt_part_waiting', 'What waits in this part to be moved', { labels: ['part'] }),
  queued: gauge('perwatt_receiver_queued', 'Messages that wait for the receiver of alerts', {
    labels: ['receiver'],
  }),
  dead: gauge('perwatt_receiver_dead_letters', 'Messages that were given up, of those that are kept', {
    labels: ['receiver'],
  }),
  delivered: counter('perwatt_receiver_delivered', 'Messages that the receiver took', {
    labels: ['receiver'],
  }),
  failed: counter('perwatt_receiver_failed_attempts', 'Attempts that failed', { labels: ['receiver'] }),
  enabled: gauge('perwatt_receiver_enabled', '0: the receiver has said that it takes no more', {
    labels: ['receiver'],
  }),
}

/** The ledger, prices, alerts and their receivers at one moment. */
export interface Books {
  site: Pick<SiteView, 'ledgerThroughMs' | 'ledgerRestatedMinutes' | 'ledgerUnpriced' | 'ledgerHeld'>
  /** past minutes that must be settled; undefined: the ledger has not begun */
  overdueMinutes: number | undefined
  quotes: Pick<QuotesAnswer, 'feeds' | 'heldBack'>
  alerts: readonly Pick<AlertView, 'rule' | 'severity'>[]
  standing: StandingView
  receivers: readonly ReceiverDeliveries[]
}

export function addBooks(
  page: Page,
  { site, overdueMinutes, quotes, alerts, standing, receivers }: Books,
): void {
  const f = LEDGER_FAMILIES
  const { ledgerThroughMs, ledgerRestatedMinutes = 0, ledgerUnpriced = [], ledgerHeld } = site
  if (ledgerThroughMs !== undefined) page.add(f.settled, ledgerThroughMs / 1000)
  page.add(f.overdue, overdueMinutes === undefined ? undefined : overdueMinutes * MINUTE_S)
  if (overdueMinutes !== undefined) {
    page.add(f.restated, ledgerRestatedMinutes * MINUTE_S)
    page.add(f.heldRecords, ledgerHeld?.records ?? 0)
    page.add(f.heldDevices, ledgerHeld?.devices ?? 0)
    page.add(f.heldUsd, ledgerHeld?.revenueUsd ?? 0)
  }
  for (const { name, minutes } of ledgerUnpriced) page.add(f.unpriced, minutes * MINUTE_S, name)
  for (const { name, heardMs, failing } of quotes.feeds) {
    if (heardMs !== undefined) page.add(f.feedHeard, heardMs / 1000, name)
    page.flag(f.feedFailing, failing !== undefined, name)
  }
  page.add(f.heldBack, quotes.heldBack.length)
  for (const severity of SEVERITIES)
    page.add(f.firing, alerts.filter((alert) => alert.severity === severity).length, severity)
  for (const [key, count] of countsOf(alerts)) page.add(f.firingByRule, count, ...key.split('\n'))
  for (const { part, standsStill, waiting } of standing.parts) {
    page.flag(f.standsStill, standsStill, part)
    page.add(f.partWaiting, waiting, part)
  }
  for (const { receiver, queued, deadLetters, delivered, failed, disabled } of receivers) {
    page.add(f.queued, queued, receiver)
    page.add(f.dead, deadLetters.length, receiver)
    page.add(f.delivered, delivered, receiver)
    page.add(f.failed, failed, receiver)
    page.flag(f.enabled, disabled === undefined, receiver)
  }
}

/** Alerts by rule and severity; neither name holds a line break. */
function countsOf(alerts: Books['alerts']): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { rule, severity } of alerts) {
    const key = `${rule}\n${severity}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}
