import type { SiteView } from '../../../views/site.ts'
import { Banners } from '../parts/banners.tsx'
import { dataAgeOf } from '../parts/data-age.ts'
import { monthOf } from '../parts/format.ts'
import { PageTimeProvider, useKnownAt } from '../parts/last-known.tsx'
import type { LivePage } from '../parts/live-page.ts'
import { MoneyProvider, moneyOf, useMoney } from '../parts/money.ts'
import { MwhCompared } from '../parts/mwh-compared.tsx'
import { PageHeader } from '../parts/page-header.tsx'
import { BetterUse } from './better-use.tsx'
import { Earnings } from './earnings/earnings.tsx'
import { Losers, Models } from './machines.tsx'
import { OwnersWithoutRule } from './owners-without-rule.tsx'
import { WithPanel } from './parts/side-panel.tsx'
import { Pools } from './pools.tsx'
import { Prices } from './prices.tsx'
import { PutAside } from './put-aside.tsx'
import { WhatIf } from './what-if/what-if.tsx'

const SECTIONS = [
  ['earnings', 'Earnings'],
  ['better-use', 'Better use'],
  ['what-if', 'What if'],
  ['models', 'Models'],
  ['losers', 'Losers'],
  ['pools', 'Pools'],
  ['prices', 'Prices'],
  ['rules', 'Rules'],
  ['put-aside', 'Put aside'],
] as const

/** What the site earns and could earn, for the energy and finance desks. */
export function EconomicsPage({ frame, connection, gapS }: Omit<LivePage, 'trend'>) {
  const lost = connection === 'lost'
  if (!frame)
    return (
      <div class="economics waiting">
        <Banners lost={lost} />
        <p class="empty">Waiting for the first figures from the collector.</p>
      </div>
    )
  const { site, workloads } = frame
  const { timeZone } = site
  const { silent, stale, ageS } = dataAgeOf(frame, gapS)
  const frozen = lost || (stale && !site.stale?.whole)
  return (
    <MoneyProvider value={moneyOf(site.displayCurrency)}>
      <PageTimeProvider
        value={{ atMs: site.atMs + gapS * 1000, timeZone, ...(frozen ? { frozenMs: site.atMs } : {}) }}
      >
        <WithPanel>
          <div class="economics">
            <Banners lost={lost} site={site} silent={silent} {...(stale ? { staleS: ageS ?? gapS } : {})} />
            <PageHeader site={site} here="/economics" />
            <nav class="parts" aria-label="Sections of this page">
              {SECTIONS.map(([id, name]) => (
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
                <MwhCompared site={site} workloads={workloads} />
                <Totals site={site} />
              </section>
              <Earnings frame={frame} />
              <nav class="parts" aria-label="Statements">
                <a href={`/statements?month=${monthOf(site.atMs, timeZone)}`}>Statements of the month</a>
              </nav>
              <BetterUse timeZone={timeZone} />
              <WhatIf site={site} />
              <Models site={site} />
              <Losers timeZone={timeZone} />
              <Pools timeZone={timeZone} />
              <Prices timeZone={timeZone} nowMs={site.atMs} />
              <OwnersWithoutRule timeZone={timeZone} />
              <PutAside timeZone={timeZone} />
            </main>
          </div>
        </WithPanel>
      </PageTimeProvider>
    </MoneyProvider>
  )
}

/** The site's money now. */
function Totals({ site }: { site: SiteView }) {
  const money = useMoney()
  const { netUsdPerH, revenueUsdPerH, energyCostUsdPerH, demandUsdPerH, feesUsdPerH } = site
  const losing = netUsdPerH < 0
  const known = useKnownAt()(site.stale)
  const net = money.sum([revenueUsdPerH, -energyCostUsdPerH, -demandUsdPerH])
  const [revenue, energyCost, demand] = net.terms
  return (
    <dl class="sums">
      <div class={losing ? 'losing' : ''}>
        <dt>Net{known && <em class="known"> {known}</em>}</dt>
        <dd class="digits">
          <b class="net">
            {losing && '▼ '}
            {net.total}/h
          </b>
        </dd>
      </div>
      {(
        [
          ['Revenue', revenue],
          ['Energy cost', energyCost],
          ['Demand charge', demand],
          ['Kept by pools, not included', money.text(feesUsdPerH)],
        ] as const
      ).map(([name, amount]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="digits">{amount}/h</dd>
        </div>
      ))}
    </dl>
  )
}
