import { Banners } from '../parts/banners.tsx'
import { dataAgeOf } from '../parts/data-age.ts'
import { PageTimeProvider } from '../parts/last-known.tsx'
import type { LivePage } from '../parts/live-page.ts'
import { MoneyProvider, moneyOf } from '../parts/money.ts'
import { PageHeader } from '../parts/page-header.tsx'
import { Alerts } from './alerts.tsx'
import { RackMap } from './charts/rack-map.tsx'
import { TrendPanel } from './charts/trend.tsx'
import { Tiles } from './tiles.tsx'
import { Workloads } from './workloads.tsx'
import { WorstEarners } from './worst-earners.tsx'

/** The site at a glance. */
export function Wall({ frame, trend, connection, gapS }: LivePage) {
  if (!frame)
    return (
      <div class="wall waiting">
        <Banners lost={connection === 'lost'} />
        <p class="empty">Waiting for the first figures from the collector.</p>
      </div>
    )
  const { site, workloads, racks, alerts, worst } = frame
  const dataAge = dataAgeOf(frame, gapS)
  const lost = connection === 'lost'
  const frozen = lost || (dataAge.stale && !site.stale?.whole)
  const simulatedAgents = new Set(site.agents.filter((a) => a.simulated).map((a) => a.agentId))
  return (
    <MoneyProvider value={moneyOf(site.displayCurrency)}>
      <PageTimeProvider
        value={{
          atMs: site.atMs + gapS * 1000,
          timeZone: site.timeZone,
          ...(frozen ? { frozenMs: site.atMs } : {}),
        }}
      >
        <div class={`wall ${lost || dataAge.stale ? 'dimmed' : ''}`}>
          <Banners
            lost={lost}
            site={site}
            silent={dataAge.silent}
            {...(dataAge.stale ? { staleS: dataAge.ageS ?? gapS } : {})}
          />
          <PageHeader site={site} here="/wall" />
          {site.agents.length === 0 ? (
            <p class="empty first">
              No agent has reported yet. Install <code>perwatt-agent</code> beside the machines and give it
              the address of this collector’s broker. Its machines appear here within one poll.
            </p>
          ) : (
            <>
              <Tiles site={site} workloads={workloads} alerts={alerts} age={dataAge} />
              <main>
                <div class="column">
                  <RackMap racks={racks} />
                  <TrendPanel trend={trend} site={site} workloads={workloads} />
                </div>
                <div class="column">
                  <Workloads workloads={workloads} site={site} />
                  <Alerts alerts={alerts} site={site} simulatedAgents={simulatedAgents} />
                  <WorstEarners devices={worst} site={site} />
                </div>
              </main>
            </>
          )}
        </div>
      </PageTimeProvider>
    </MoneyProvider>
  )
}
