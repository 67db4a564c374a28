import type { Frame } from '../../../views/frame.ts'
import type { SiteView } from '../../../views/site.ts'
import type { Connection } from '../feed.ts'
import { freshnessOf } from '../freshness.ts'
import { Header } from '../header.tsx'
import { MoneyProvider, moneyOf, useMoney } from '../money.ts'
import { Strips } from '../strips.tsx'
import { Versus } from '../versus.tsx'
import { BetterUse } from './better-use.tsx'
import { Earnings } from './earnings.tsx'
import { Losers, Models } from './machines.tsx'
import { WithPanel } from './panel.tsx'
import { Pools } from './pools.tsx'
import { Prices } from './prices-section.tsx'
import { UnmatchedOwners } from './unmatched.tsx'
import { WhatIf } from './whatif.tsx'

const PARTS = [
  ['earnings', 'Earnings'],
  ['better-use', 'Better use'],
  ['what-if', 'What if'],
  ['models', 'Models'],
  ['losers', 'Losers'],
  ['pools', 'Pools'],
  ['prices', 'Prices'],
  ['rules', 'Rules'],
] as const

/** Screen C: what the site earns and could earn, for the energy and finance desks. `gapS` is the age of the frame, s. */
export function Desk(props: { frame: Frame | undefined; connection: Connection; gapS: number }) {
  const { frame, connection, gapS } = props
  const lost = connection === 'lost'
  if (!frame)
    return (
      <div class="desk waiting">
        <Strips lost={lost} />
        <p class="empty">Waiting for the first figures from the collector.</p>
      </div>
    )
  const { site, workloads } = frame
  const { timeZone } = site
  const { silent, stale, ageS } = freshnessOf(frame, gapS)
  return (
    <MoneyProvider value={moneyOf(site.displayCurrency)}>
      <WithPanel>
        <div class="desk">
          <Strips lost={lost} site={site} silent={silent} {...(stale ? { staleS: ageS ?? gapS } : {})} />
          <Header site={site} here="/economics" />
          <nav class="parts" aria-label="Parts of this page">
            {PARTS.map(([id, name]) => (
              <a key={id} href={`#${id}`}>
                {name}
              </a>
            ))}
          </nav>
          <main>
            <section
              class={`panel ${lost || stale ? 'old' : ''}`}
              aria-label="What a MWh costs and earns now"
            >
              <Versus site={site} workloads={workloads} />
              <Totals site={site} />
            </section>
            <Earnings frame={frame} />
            <BetterUse timeZone={timeZone} />
            <WhatIf site={site} />
            <Models site={site} />
            <Losers timeZone={timeZone} />
            <Pools timeZone={timeZone} />
            <Prices timeZone={timeZone} nowMs={site.atMs} />
            <UnmatchedOwners timeZone={timeZone} />
          </main>
        </div>
      </WithPanel>
    </MoneyProvider>
  )
}

/** The site's money now. */
function Totals({ site }: { site: SiteView }) {
  const money = useMoney()
  const { netUsdPerH, revenueUsdPerH, energyCostUsdPerH, demandUsdPerH, feesUsdPerH } = site
  const losing = netUsdPerH < 0
  return (
    <dl class="sums">
      <div class={losing ? 'losing' : ''}>
        <dt>Net</dt>
        <dd class="digits">
          <b class="net">
            {losing && '▼ '}
            {money.text(netUsdPerH)}/h
          </b>
        </dd>
      </div>
      {(
        [
          ['Revenue', revenueUsdPerH],
          ['Energy cost', -energyCostUsdPerH],
          ['Demand charge', -demandUsdPerH],
          ['Kept by pools, on top', feesUsdPerH],
        ] as const
      ).map(([name, usd]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="digits">{money.text(usd)}/h</dd>
        </div>
      ))}
    </dl>
  )
}
