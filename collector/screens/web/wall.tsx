import type { Frame, Trend } from '../../views/frame.ts'
import { Alerts } from './alerts.tsx'
import type { Connection } from './feed.ts'
import { freshnessOf } from './freshness.ts'
import { Header } from './header.tsx'
import { MoneyProvider, moneyOf } from './money.ts'
import { RackMap } from './rack-map.tsx'
import { Strips } from './strips.tsx'
import { Tiles } from './tiles.tsx'
import { TrendPanel } from './trend.tsx'
import { Workloads } from './workloads.tsx'
import { Worst } from './worst.tsx'

/** Screen A: the site at a glance. `gapS` is the age of the frame, s. */
export function Wall(props: {
  frame: Frame | undefined
  trend: Trend | undefined
  connection: Connection
  gapS: number
}) {
  const { frame, trend, connection, gapS } = props
  if (!frame)
    return (
      <div class="wall waiting">
        <Strips lost={connection === 'lost'} />
        <p class="empty">Waiting for the first figures from the collector.</p>
      </div>
    )
  const { site, workloads, racks, alerts, worst } = frame
  const freshness = freshnessOf(frame, gapS)
  const lost = connection === 'lost'
  const simulatedAgents = new Set(site.agents.filter((a) => a.simulated).map((a) => a.agentId))
  return (
    <MoneyProvider value={moneyOf(site.displayCurrency)}>
      <div class={`wall ${lost || freshness.stale ? 'dimmed' : ''}`}>
        <Strips
          lost={lost}
          site={site}
          silent={freshness.silent}
          {...(freshness.stale ? { staleS: freshness.ageS ?? gapS } : {})}
        />
        <Header site={site} here="/wall" />
        {site.agents.length === 0 ? (
          <p class="empty first">
            No agent has reported yet. Install <code>perwatt-agent</code> beside the machines and give it this
            collector’s broker address: its machines appear here within one poll.
          </p>
        ) : (
          <>
            <Tiles site={site} alerts={alerts} ageS={freshness.ageS} />
            <main>
              <div class="column">
                <RackMap racks={racks} />
                <TrendPanel trend={trend} site={site} workloads={workloads} />
              </div>
              <div class="column">
                <Workloads workloads={workloads} site={site} />
                <Alerts alerts={alerts} site={site} simulatedAgents={simulatedAgents} />
                <Worst devices={worst} />
              </div>
            </main>
          </>
        )}
      </div>
    </MoneyProvider>
  )
}
